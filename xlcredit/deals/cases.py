"""Blocks that repeat for each scenario: one block of a template becomes one per case."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from xlcredit.deals.template import Block, Row, Template

__all__ = ["expand", "in_case"]

_BRACES = re.compile(r"\{(\w+)((?:\.\w+)*)\}")


def expand(template: Template) -> Template:
    """Return the template with each ``each_case`` block written out, scenario by scenario.

    The rows of case 2 of a block end in ``_2``.
    """
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
