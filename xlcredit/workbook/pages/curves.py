"""The sheet Curves: the months that are the user's own, and what has happened.

Each row that a template marks as ``own`` has three here: the budget (the user's own months where
there are any, else the template's curve), the user's months, and the months that have happened.
A month without a value holds a dash, so that no formula reads an empty cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals import template as templates
from xlcredit.deals.series import AS_AT, Series
from xlcredit.deals.template import Block, Row, Template
from xlcredit.errors import CellError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft
from xlcredit.workbook.pages.monthly import MonthlyPage
from xlcredit.workbook.places import FIRST, OPENING, TOTAL

__all__ = [
    "ACTUAL",
    "BUDGET",
    "NAME",
    "USE",
    "CurvesPage",
    "curve_checks",
    "drop_of",
    "read_curves",
    "with_curves",
]

NAME = "Curves"
NONE = "\N{EN DASH}"
#: What stands in front of a row's name for its three rows here, and for its switch.
BUDGET, _OWN, ACTUAL, USE = "budget_", "own_", "actual_", "use_"
_LOW, _HIGH = "lowest_", "highest_"
#: How the budget lowers the user's own months, as :func:`_spec` writes it.
_LOWERED = re.compile(r"ISNUMBER\((\w+)\)\),\1\*\(1-(\w+)[*)]")
#: A switch of 1 and one of 0, and where months come from, as the sheet shows them.
#: Of what has happened: how many months there are up to that of the report.
_GIVEN = '0 "given";;0 "given"'
_SWITCH, _SOURCE = '"used";;"not used"', '"source: "@'
_PURPOSE = (
    "Your own months (paste them into the blue cells; a month without a value follows the "
    "template's curve; a 0 beside them leaves them out) and what has happened, up to the month "
    "that the sheet Inputs names"
)


def with_curves(template: Template) -> Template:
    """Return the template with each row of the user's own read from the sheet Curves."""
    actuals = AS_AT in template.inputs

    def moved(row: Row) -> Row:
        if not row.own:
            return row
        budget, actual = f"{{{BUDGET}{row.name}}}", f"{{{ACTUAL}{row.name}}}"
        formula = budget
        if actuals:
            formula = f"IF(AND({{month}}<={AS_AT},ISNUMBER({actual})),{actual},{budget})"
        opening = budget if row.at_closing else ""
        return replace(row, formula=formula, opening=opening)

    return _mapped(template, moved)


def _mapped(template: Template, change: Callable[[Row], Row]) -> Template:
    sheets = [
        replace(sheet, block=[replace(b, row=[change(r) for r in b.row]) for b in sheet.block])
        for sheet in template.sheet
    ]
    return replace(template, sheet=sheets)


def _spec(template: Template) -> templates.Sheet:
    """Three rows for each: as any monthly sheet has them."""
    blocks = []
    # a month reported has been what it was, whether this row is reported or not
    ahead = f"*IF({{month}}>{AS_AT},1,0)" if AS_AT in template.inputs else ""
    for row in template.own_rows:
        own = f"{{{_OWN}{row.name}}}"
        given = f"{own}*(1-{row.own_drop}{ahead})" if row.own_drop else own
        chosen = f"IF(AND({USE}{row.name}=1,ISNUMBER({own})),{given},{row.formula})"
        rows = [
            Row(
                name=BUDGET + row.name,
                label=f"{row.label}: budget",
                unit=row.unit,
                formula=chosen,
                opening=row.at_closing,
                bold=True,
            ),
            Row(name=_OWN + row.name, label=f"{row.label}: your own", unit=row.unit),
        ]
        if AS_AT in template.inputs:
            label = f"{row.label}: what has happened"
            rows.append(Row(name=ACTUAL + row.name, label=label, unit=row.unit))
        if row.plausible is not None:
            wording = "than which a month of your own is not plausible"
            rows += [
                Row(name=_LOW + row.name, label=f"Lower {wording}", unit=row.unit),
                Row(name=_HIGH + row.name, label=f"Higher {wording}", unit=row.unit),
            ]
        blocks.append(Block(title=row.label, row=rows))
    return templates.Sheet(name=NAME, purpose=_PURPOSE, block=blocks)


class CurvesPage(MonthlyPage):
    """The three rows of each row of the user's own."""

    headings = ("Use, limits", "Closing; source")

    def __init__(self, template: Template) -> None:
        super().__init__(_spec(template))

    def place(self, book: Draft) -> None:
        """The rows, and the switch beside each row of the user's own."""
        super().place(book)
        for name, place in list(book.places.rows.items()):
            if place.sheet == NAME and name.startswith(_OWN):
                switch = USE + name.removeprefix(_OWN)
                book.name(switch, NAME, place.row, TOTAL, "flag")
            if place.sheet == NAME and name.startswith((_LOW, _HIGH)):
                bare = name.removeprefix(_LOW).removeprefix(_HIGH)
                unit = next(r.unit for r in book.template.own_rows if r.name == bare)
                book.name(name, NAME, place.row, TOTAL, unit)
                del book.places.rows[name]  # one cell, and no months

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the rows; a switch of 1 uses the months that are given."""
        super().write(book, sheet)
        for row in book.template.own_rows:
            own = book.places.rows[_OWN + row.name]
            switch = style.input_cell(sheet.cell(own.row, TOTAL), "flag", whole=True)
            switch.value, switch.number_format = 1, _SWITCH
            _write_series(book, sheet, own, row, book.deal.series.get(row.name))
            for name, value in zip((_LOW, _HIGH), row.plausible or (), strict=False):
                place = book.places.cells[name + row.name]
                style.input_cell(sheet.cell(place.row, TOTAL), row.unit).value = value
            if AS_AT in book.template.inputs:
                actual = book.places.rows[ACTUAL + row.name]
                _write_series(book, sheet, actual, row, book.deal.actuals.get(row.name))
                given = f"SUMPRODUCT(ISNUMBER({{{ACTUAL}{row.name}.all}})*({{month.all}}<={AS_AT}))"
                book.formula(sheet, actual.row, TOTAL, given, "flag").number_format = _GIVEN


def _write_series(
    book: Draft, sheet: Worksheet, place: Place, row: Row, series: Series | None
) -> None:
    """A blue cell a month; where it comes from stands in the column of the closing."""
    source = style.base(sheet.cell(place.row, OPENING), size=8, color=style.MUTED)
    source.value, source.data_type = (series.source if series else NONE), "s"
    source.number_format = _SOURCE if series else "@"
    source.alignment = Alignment(horizontal="left", vertical="center")
    values = series.values if series else [None] * book.places.months
    first = style.input_cell(sheet.cell(place.row, FIRST), row.unit)
    for column, value in enumerate(values, start=FIRST):
        cell = sheet.cell(place.row, column)
        style.look_like(cell, first)
        cell.value = NONE if value is None else value


def curve_checks(template: Template) -> list[tuple[str, str]]:
    """What is given lies where such a figure is looked for: both are named."""
    tests = []
    for row in template.own_rows:
        if row.plausible is None:
            continue
        low, high = _LOW + row.name, _HIGH + row.name
        kinds = [_OWN, *([ACTUAL] if AS_AT in template.inputs else [])]
        given = ",".join(f"{{{kind}{row.name}.all}}" for kind in kinds)
        between = "{:g} and {:g}".format(*row.plausible)
        wording = f"{row.label}: months of your own lie between {between} {row.unit}"
        tests.append((wording, f"AND(MIN({low},{given})>={low},MAX({high},{given})<={high})"))
    return tests


def drop_of(book: Book, budget: Place) -> str:
    """Name the input that lowers the user's own months; empty where a row has none."""
    formula = book.formulas.get(budget)
    lowered = _LOWERED.search(formula.text) if formula else None
    return lowered[2] if lowered else ""


def read_curves(book: Book, template: Template) -> tuple[dict[str, Series], dict[str, Series]]:
    """Read the user's own months and what has happened back."""
    return _read(book, template, _OWN), _read(book, template, ACTUAL)


def _read(book: Book, template: Template, kind: str) -> dict[str, Series]:
    found = {}
    for row in template.own_rows:
        switch = book.cell_names.get(USE + row.name)
        if switch is None:
            continue
        at = switch.row + (1 if kind == ACTUAL else 0)
        cells = (book.saved(Place(NAME, at, c)) for c in range(FIRST, FIRST + template.months))
        values = [v if isinstance(v, float) else None for v in cells]
        if any(v is not None for v in values):
            source = book.saved(Place(NAME, at, OPENING))
            said = "" if isinstance(source, CellError) or source is None else str(source)
            found[row.name] = Series(values=values, source=said.replace(NONE, "") or "assumption")
    return found
