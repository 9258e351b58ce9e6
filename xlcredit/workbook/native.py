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
from xlcredit.workbook.tables.grid import in_column

__all__ = ["GRIDS", "SHEET", "native"]

SHEET, GRIDS = "Scenario waterfalls", "Grid months"
_PURPOSE = "The rows that a scenario moves, for each, in native formulas; not printed"
_GRID_PURPOSE = "The months behind the cells of the grids on Stress; not printed"
#: Joined to the last sentence: a line more would move every cell below it.
_FROZEN = "; grey figures in italics were calculated when the workbook was built and are frozen."
#: What is said below a figure that a frozen one moves.
_STILL = "simulation frozen when built"
_WORD = re.compile(r"[A-Za-z_]\w*")
_NAME = re.compile(r"\{(\w+)((?:\.\w+)*)\}")
_CASE = re.compile(r"\{(\w+)\.case(?:\.\w+)?\}")
_CELL = re.compile(r"\{(\w+)\.cell")


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
        scenarios=replace(table, metric=metrics, note=table.note.removesuffix(".") + _FROZEN),
        sheet=[*template.sheet, copies],
    )
    return replace(_with_grids(_told(_with_twins(template))), twin=[])


class _Copies:
    """The rows that move with some, each as a scenario or a cell of a grid has it."""

    def __init__(self, template: Template, given: dict[str, str], *, shocked: bool) -> None:
        sheets = [sheet for sheet in template.sheet if not sheet.nodes]
        self.rows = {row.name: row for s in sheets for block in s.block for row in block.row}
        self.given = given
        self.moved = self._moved(shocked)

    def _moved(self, shocked: bool) -> set[str]:
        """Rows that read a given row, a shocked input or another such row."""
        stop = set(self.given)
        moved = stop | {n for n, r in self.rows.items() if shocked and _shocked(r)}
        while more := {n for n, r in self.rows.items() if _read(r) & moved} - moved:
            moved |= more
        return moved - stop

    def wanted(self, names: set[str]) -> list[str]:
        """Rows to copy for these, in the order of the sheets."""
        found = names & self.rows.keys()
        while more := {n for w in found for n in _read(self.rows[w]) & self.moved} - found:
            found |= more
        return [name for name in self.rows if name in found]

    def copy(self, name: str, names: list[str], suffix: str, words: dict[str, str]) -> Row:
        """One row: what it reads of the others is its own; ``words`` stand for some braces."""
        row = self.rows[name]

        def own(match: re.Match[str]) -> str:
            found, part = match[1], match[2]
            if found in words:
                return words[found].format(part)
            if found in self.given:
                return self._given(found, part, suffix, words)
            return f"{{{found}_{suffix}{part}}}" if found in names else match[0]

        return replace(
            row,
            name=f"{name}_{suffix}",
            formula=_NAME.sub(own, row.formula),
            opening=_NAME.sub(own, row.at_closing),
            constant=_NAME.sub(own, row.constant),
            bold=False,
            own=False,
        )

    def _given(self, name: str, part: str, suffix: str, words: dict[str, str]) -> str:
        """A row that the scenario has already, or a formula of such rows."""
        given = self.given[name]
        if "{" not in given:
            return f"{{{given}_{suffix}{part}}}"
        if part not in ("", ".opening"):
            raise DealError(f"native_rows: {name} is a formula; {{{name}{part}}} needs a row")

        def own(match: re.Match[str]) -> str:
            if match[1] in words:
                return words[match[1]].format(match[2])
            banded = f"{match[1]}_{suffix}" in self.rows
            return f"{{{match[1]}_{suffix}{match[2]}}}" if banded else match[0]

        return f"({_NAME.sub(own, given)})"


def _shocked(row: Row) -> bool:
    return "{live." in row.formula + row.at_closing + row.constant


def _read(row: Row) -> set[str]:
    """Rows that a row reads; what stood at closing moves with nothing."""
    text = row.formula + row.at_closing + row.constant
    return {name for name, part in _NAME.findall(text) if part != ".opening"}


def _blocks(template: Template, metrics: list[Metric]) -> Iterator[Block]:
    copies = _Copies(template, template.scenarios.native_rows, shocked=True)
    asked = {name for metric in metrics for name in _CASE.findall(metric.formula)}
    names = copies.wanted(asked)
    for number, case in enumerate(template.scenarios.case, start=1):
        shocks = f"{{{{scenarios{{}}.{number}}}}}"
        words = {"live": shocks, "case": shocks}
        rows = [copies.copy(name, names, str(number), words) for name in names]
        yield Block(title=case.label, row=rows)


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


def _told(template: Template) -> Template:
    """A figure of the Summary that stands on frozen ones says so below it."""
    formulas = {figure.name: figure.formula for figure in template.figure}
    formulas |= {f.name: f.formula for spec in template.comparison for f in spec.figure}
    for sheet in template.sheet:
        for row in (row for block in sheet.block for row in block.row):
            formulas[row.name] = row.constant or f"{row.formula} {row.at_closing}"
    frozen = {name for name, formula in formulas.items() if "XLC_" in formula}
    words = {name: set(_WORD.findall(formula)) for name, formula in formulas.items()}
    while more := {name for name, read in words.items() if read & frozen} - frozen:
        frozen |= more

    def noted(spec: Comparison) -> Comparison:
        return replace(
            spec,
            figure=[
                replace(f, note=f"{f.note}; {_STILL}" if f.note else _STILL.capitalize())
                if f.name in frozen
                else f
                for f in spec.figure
            ],
        )

    return replace(template, comparison=[noted(spec) for spec in template.comparison])


def _with_grids(template: Template) -> Template:
    grids, blocks = [], []
    for number, grid in enumerate(template.grid, start=1):
        formula = grid.native or grid.formula
        if grid.native_row:
            formula = formula.replace("{months.cell", f"{{grid_{number}.cell")
            blocks.append(Block(title=grid.title, row=list(_months(grid, number))))
        if grid.native_rows:
            blocks += _copied(template, grid, number)
            formula = _CELL.sub(rf"{{\1_g{number}.cell", formula)
        grids.append(replace(grid, formula=formula))
    if not blocks:
        return replace(template, grid=grids)
    months = Sheet(name=GRIDS, purpose=_GRID_PURPOSE, block=blocks, printed=False)
    return replace(template, grid=grids, sheet=[*template.sheet, months])


def _cells(grid: Grid, number: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Each cell's name, and what stands for its edges."""
    for down in range(1, len(grid.down) + 1):
        for across in range(1, len(grid.across) + 1):
            edges = {"across": across, "down": down}
            words = {e: f"{{{{grid.{number}.{e}.{at}}}}}" for e, at in edges.items()}
            yield f"{down}_{across}", words


def _months(grid: Grid, number: int) -> Iterator[Row]:
    """A row for each cell of a grid."""
    for cell, words in _cells(grid, number):
        formula = grid.native_row
        for edge, place in words.items():
            formula = formula.replace(f"{{{edge}}}", place.format(""))
        label = "Row {}, column {}".format(*cell.split("_"))
        yield Row(name=f"grid_{number}_{cell}", label=label, unit=grid.unit, formula=formula)


def _copied(template: Template, grid: Grid, number: int) -> Iterator[Block]:
    """The rows behind each cell of a grid that needs several."""
    copies = _Copies(template, grid.native_rows, shocked=False)
    names = copies.wanted(set(_CELL.findall(grid.native)))
    for cell, words in _cells(grid, number):
        column = int(cell.partition("_")[2])
        whole = [copies.copy(name, names, f"g{number}_{cell}", words) for name in names]
        rows = [_in_column(row, column) for row in whole]
        yield Block(title="{}: row {}, column {}".format(grid.title, *cell.split("_")), row=rows)


def _in_column(row: Row, column: int) -> Row:
    """A row in which ``{rent.across}`` is the row of that column of the grid."""
    return replace(
        row,
        formula=in_column(row.formula, column),
        opening=in_column(row.opening, column),
        constant=in_column(row.constant, column),
    )
