"""A copy that lives without the add-in: every worksheet function gives way to native formulas.

The scenarios get a waterfall each, copied row by row from the sheet that the template names. What
has no native formula, such as a grid, keeps the value that it had when the workbook was built, in
grey italics; the sheet says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from xlcredit.deals.template import Block, Metric, Row, Sheet, Template
from xlcredit.errors import DealError

__all__ = ["SHEET", "native"]

SHEET = "Scenario waterfalls"
_PURPOSE = "The waterfall under each scenario, in native formulas; not printed"
_FROZEN = "Grey figures in italics were calculated when the workbook was built and are frozen."
_NAME = re.compile(r"\{(\w+)((?:\.\w+)*)\}")
_CASE = re.compile(r"\{(\w+)\.case(?:\.\w+)?\}")


def native(template: Template) -> Template:
    """Return the template with native formulas in the scenarios and without the audit.

    Raises
    ------
    DealError
        The template names no sheet that its scenarios can copy.
    """
    table = template.scenarios
    if not table.native_sheet:
        message = "names no native_sheet under [scenarios]; it cannot be built without the add-in"
        raise DealError(f"{template.name}: {message}")
    metrics = [replace(m, formula=m.native or m.formula) for m in table.metric]
    blocks = list(_blocks(template, metrics))
    copies = Sheet(name=SHEET, purpose=_PURPOSE, block=blocks, printed=False)
    return replace(
        template,
        scenarios=replace(table, metric=metrics, note=f"{table.note} {_FROZEN}"),
        sheet=[*template.sheet, copies],
        twin=[],
    )


def _blocks(template: Template, metrics: list[Metric]) -> Iterator[Block]:
    table = template.scenarios
    (source,) = [sheet for sheet in template.sheet if sheet.name == table.native_sheet]
    rows = {row.name: row for block in source.block for row in block.row}
    wanted = {n for m in metrics for n in _CASE.findall(m.formula) if n in rows}
    while more := {n for w in wanted for n in _read(rows[w]) if n in rows} - wanted:
        wanted |= more
    for number, case in enumerate(table.case, start=1):
        kept = [
            _copy(row, rows, table.native_rows, number) for n, row in rows.items() if n in wanted
        ]
        yield Block(title=case.label, row=kept)


def _read(row: Row) -> set[str]:
    return {name for name, _ in _NAME.findall(row.formula + row.at_closing)}


def _copy(row: Row, rows: dict[str, Row], given: dict[str, str], number: int) -> Row:
    """One row for one scenario: what it reads of the sheet is the scenario's, too."""

    def own(match: re.Match[str]) -> str:
        name, part = match[1], match[2]
        if name in given:
            return f"{{{given[name]}_{number}{part}}}"
        return f"{{{name}_{number}{part}}}" if name in rows else match[0]

    return replace(
        row,
        name=f"{row.name}_{number}",
        formula=_NAME.sub(own, row.formula),
        opening=_NAME.sub(own, row.at_closing),
        bold=False,
    )
