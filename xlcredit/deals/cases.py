"""Blocks that repeat for each scenario: one block of a template becomes one per case."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from xlcredit.deals.template import AS_INPUT, Block, Row, ScenarioCase, Section, Template

__all__ = ["expand", "in_case"]

#: Inputs whose choices are the labels of the scenarios.
_CHOOSING = ("scenario", "downside")
_BRACES = re.compile(r"\{(\w+)((?:\.\w+)*)\}")


def expand(template: Template) -> Template:
    """Return the template with *As input* as the first case and its blocks of cases written out.

    The rows of case 2 of a block end in ``_2``. The choices of the inputs ``scenario`` and
    ``downside`` are the labels of the cases.
    """
    template = _with_as_input(template)
    sheets = [
        msgspec.structs.replace(
            sheet, block=[part for block in sheet.block for part in _blocks(template, block)]
        )
        for sheet in template.sheet
    ]
    return msgspec.structs.replace(template, sheet=sheets)


def in_case(formula: str, number: int) -> str:
    """Return a metric's formula with ``{row.case.all}`` as the row of one scenario."""
    return re.sub(r"\{(\w+)\.case((?:\.\w+)?)\}", rf"{{\1_{number}\2}}", formula)


def _with_as_input(template: Template) -> Template:
    """The first scenario moves nothing; it has the weight that the others leave."""
    table = template.scenarios
    rest = max(0.0, 1.0 - sum(case.weight for case in table.case)) if table.weighted else 0.0
    as_input = ScenarioCase(
        label=AS_INPUT, values=[shock.neutral for shock in table.shock], weight=round(rest, 12)
    )
    table = msgspec.structs.replace(table, case=[as_input, *table.case])
    labels = [case.label for case in table.case]
    sections = [_choosing(section, labels) for section in template.section]
    return msgspec.structs.replace(template, scenarios=table, section=sections)


def _choosing(section: Section, labels: list[str]) -> Section:
    inputs = [
        msgspec.structs.replace(item, choices=labels) if item.name in _CHOOSING else item
        for item in section.input
    ]
    return msgspec.structs.replace(section, input=inputs)


def _blocks(template: Template, block: Block) -> Iterator[Block]:
    if not block.each_case:
        yield block
        return
    own = {row.name for row in block.row}
    for number, case in enumerate(template.scenarios.case, start=1):
        rows = [_row(row, own, number) for row in block.row]
        yield Block(title=f"{block.title}: {case.label}", row=rows)


def _row(row: Row, own: set[str], number: int) -> Row:
    def named(match: re.Match[str]) -> str:
        name, part = match[1], match[2]
        if name == "case":
            return f"{{scenarios{part}.{number}}}"
        return f"{{{name}_{number}{part}}}" if name in own else match[0]

    return msgspec.structs.replace(
        row,
        name=f"{row.name}_{number}",
        formula=_BRACES.sub(named, row.formula),
        opening=_BRACES.sub(named, row.opening),
        constant=_BRACES.sub(named, row.constant),
    )
