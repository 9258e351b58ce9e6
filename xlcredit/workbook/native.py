"""A copy that lives without the add-in: every worksheet function gives way to native formulas.

A function with a twin on the sheet Audit becomes its twin. Each scenario gets copies of the rows
that its shocks move, and a cell of a grid that needs months gets a row of its own. What has no
native formula, such as a simulation, keeps the value that it had when the workbook was built, in
grey italics; the sheet says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from xlcredit.deals.exhibits import Grid
from xlcredit.deals.template import Block, Comparison, Metric, Row, Sheet, Template
from xlcredit.errors import DealError

__all__ = ["GRIDS", "SHEET", "native"]

SHEET, GRIDS = "Scenario waterfalls", "Grid months"
_PURPOSE = "The rows that a scenario moves, for each, in native formulas; not printed"
_GRID_PURPOSE = "The months behind the cells of the grids on Stress; not printed"
_FROZEN = "Grey figures in italics were calculated when the workbook was built and are frozen."
_NAME = re.compile(r"\{(\w+)((?:\.\w+)*)\}")
_CASE = re.compile(r"\{(\w+)\.case(?:\.\w+)?\}")


def native(template: Template) -> Template:
    """Return the template with native formulas in place of functions and without the audit.

    Raises
    ------
    DealError
        The scenarios have no native formulas.
    """
    template = _with_rows(template)
    table = template.scenarios
    if not any(metric.native for metric in table.metric):
        told = "has no native formula under [scenarios]; it cannot be built without the add-in"
        raise DealError(f"{template.name}: {told}")
    metrics = [replace(m, formula=m.native or m.formula) for m in table.metric]
    copies = Sheet(
        name=SHEET, purpose=_PURPOSE, block=list(_blocks(template, metrics)), printed=False
    )
    template = replace(
        template,
        scenarios=replace(table, metric=metrics, note=f"{table.note} {_FROZEN}"),
        sheet=[*template.sheet, copies],
    )
    return replace(_with_grids(_with_twins(template)), twin=[])


class _Copies:
    """The rows that scenarios move, as each of them has them."""

    def __init__(self, template: Template) -> None:
        sheets = [sheet for sheet in template.sheet if not sheet.nodes]
        self.rows = {row.name: row for s in sheets for block in s.block for row in block.row}
        self.given = template.scenarios.native_rows
        self.moved = self._moved()

    def _moved(self) -> set[str]:
        """Rows that read a shocked input or another such row."""
        stop = set(self.given)
        moved = set(stop)
        while more := {n for n, r in self.rows.items() if _shocked(r) or _read(r) & moved} - moved:
            moved |= more
        return moved - stop

    def wanted(self, names: set[str]) -> list[str]:
        """Rows to copy for these, in the order of the sheets."""
        found = names & self.rows.keys()
        while more := {n for w in found for n in _read(self.rows[w]) & self.moved} - found:
            found |= more
        return [name for name in self.rows if name in found]

    def copy(self, name: str, names: list[str], number: int) -> Row:
        """One row for one scenario: what it reads of them is the scenario's, too."""
        row = self.rows[name]

        def own(match: re.Match[str]) -> str:
            found, part = match[1], match[2]
            if found == "live":
                return f"{{scenarios{part}.{number}}}"
            if found in self.given:
                return self._given(found, part, number)
            return f"{{{found}_{number}{part}}}" if found in names else match[0]

        return replace(
            row,
            name=f"{name}_{number}",
            formula=_NAME.sub(own, row.formula),
            opening=_NAME.sub(own, row.at_closing),
            constant=_NAME.sub(own, row.constant),
            bold=False,
            own=False,
        )

    def _given(self, name: str, part: str, number: int) -> str:
        """A row that the scenario has already, or a formula of such rows."""
        given = self.given[name]
        if "{" not in given:
            return f"{{{given}_{number}{part}}}"
        if part not in ("", ".opening"):
            raise DealError(f"native_rows: {name} is a formula; {{{name}{part}}} needs a row")

        def own(match: re.Match[str]) -> str:
            if match[1] == "case":
                return f"{{scenarios{match[2]}.{number}}}"
            banded = f"{match[1]}_{number}" in self.rows
            return f"{{{match[1]}_{number}{match[2]}}}" if banded else match[0]

        return f"({_NAME.sub(own, given)})"


def _shocked(row: Row) -> bool:
    return "{live." in row.formula + row.at_closing + row.constant


def _read(row: Row) -> set[str]:
    return {name for name, _ in _NAME.findall(row.formula + row.at_closing + row.constant)}


def _blocks(template: Template, metrics: list[Metric]) -> Iterator[Block]:
    copies = _Copies(template)
    asked = {name for metric in metrics for name in _CASE.findall(metric.formula)}
    names = copies.wanted(asked)
    for number, case in enumerate(template.scenarios.case, start=1):
        yield Block(title=case.label, row=[copies.copy(name, names, number) for name in names])


def _with_rows(template: Template) -> Template:
    """A row that has a native formula takes it."""

    def taken(row: Row) -> Row:
        if not row.native:
            return row
        if row.constant:
            return replace(row, constant=row.native)
        return replace(row, formula=row.native)

    sheets = [
        replace(sheet, block=[replace(b, row=[taken(r) for r in b.row]) for b in sheet.block])
        for sheet in template.sheet
    ]
    return replace(template, sheet=sheets)


def _with_twins(template: Template) -> Template:
    """A figure whose function has a twin takes the twin's formula."""
    twins = {twin.function: twin.native for twin in template.twin}

    def taken(name: str, formula: str) -> str:
        if "XLC_" not in formula:
            return formula
        found = twins.get(name) or twins.get(formula)
        return found if found and found != name else formula

    def compared(spec: Comparison) -> Comparison:
        figures = [replace(f, formula=taken(f.name, f.formula)) for f in spec.figure]
        return replace(spec, figure=figures)

    def computed(sheet: Sheet) -> Sheet:
        blocks = [
            replace(b, row=[replace(r, constant=taken(r.name, r.constant)) for r in b.row])
            for b in sheet.block
        ]
        return replace(sheet, block=blocks)

    return replace(
        template,
        sheet=[computed(sheet) for sheet in template.sheet],
        figure=[replace(f, formula=taken(f.name, f.formula)) for f in template.figure],
        comparison=[compared(spec) for spec in template.comparison],
    )


def _with_grids(template: Template) -> Template:
    grids, blocks = [], []
    for number, grid in enumerate(template.grid, start=1):
        formula = grid.native or grid.formula
        if grid.native_row:
            formula = formula.replace("{months.cell", f"{{grid_{number}.cell")
            blocks.append(Block(title=grid.title, row=list(_months(grid, number))))
        grids.append(replace(grid, formula=formula))
    if not blocks:
        return replace(template, grid=grids)
    months = Sheet(name=GRIDS, purpose=_GRID_PURPOSE, block=blocks, printed=False)
    return replace(template, grid=grids, sheet=[*template.sheet, months])


def _months(grid: Grid, number: int) -> Iterator[Row]:
    """A row for each cell of a grid."""
    for down in range(1, len(grid.down) + 1):
        for across in range(1, len(grid.across) + 1):
            formula = grid.native_row
            for edge, at in (("across", across), ("down", down)):
                formula = formula.replace(f"{{{edge}}}", f"{{grid.{number}.{edge}.{at}}}")
            label = f"Row {down}, column {across}"
            name = f"grid_{number}_{down}_{across}"
            yield Row(name=name, label=label, unit=grid.unit, formula=formula)
