"""How a term-sheet workbook looks: one palette, one font, one number format per unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from functools import cache
from typing import Any

from openpyxl.cell import Cell
from openpyxl.formatting.rule import CellIsRule, FormulaRule, Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.styles.protection import Protection
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.units import unit as find_unit

__all__ = [
    "ACCENT",
    "KEY",
    "DOLLARS",
    "MILLIONS",
    "TIMES",
    "base",
    "calls_a_function",
    "constant_format",
    "figure",
    "formula_colour",
    "heading",
    "input_cell",
    "note",
    "number",
    "number_format",
    "outcome",
    "paint_breach",
    "paint_empty",
    "paint_failed",
    "paint_open",
    "paint_status",
    "paint_whole_months",
    "table_header",
    "title",
    "whole_format",
]

FONT = "Calibri"
INK = "1F2937"
MUTED = "6B7280"
ACCENT = "1F3A5F"
BAND = "E8EDF3"
RULE = "C9D1DB"
INPUT_FILL = "FFFBEA"

#: Banking colours; the key is printed on the sheet Inputs.
BLUE, BLACK, GREEN, PURPLE = "0000C8", "111111", "0B7A3B", "7B2D9B"
KEY = (
    (BLUE, "Input", "typed by hand; change these"),
    (BLACK, "Formula", "calculated on the same sheet"),
    (GREEN, "Other sheet", "calculated from another sheet"),
    (PURPLE, "Worksheet function", "needs the xlcredit add-in to recalculate; values are stored"),
)

#: Money on the Summary.
MILLIONS = '"$"#,##0.0,,"m";[Red]"-$"#,##0.0,,"m";"–"'
#: Money among covenants, which is tested to the dollar.
DOLLARS = '"$"#,##0;[Red]-"$"#,##0'
#: A ratio that is a figure of its own: 0.00x is one, while a month's dash says that there is none.
TIMES = '0.00"x";[Red]-0.00"x";0.00"x"'
#: Below this a figure is a tolerance.
_SMALL = 1e-4
#: Whole months read better without a decimal where the unit is an input.
WHOLE_MONTHS = "0"

_THIN = Side(style="thin", color=RULE)
_XLC = re.compile(r"\bXLC_", re.IGNORECASE)

#: One object for each look: openpyxl compares a new one, part by part, with all that there are.
_font, _alignment, _fill, _border = map(cache, (Font, Alignment, PatternFill, Border))
_UNLOCKED = Protection(locked=False)
#: Of a rule; its number is of no format of the workbook.
_WHOLE = DifferentialStyle(numFmt=NumberFormat(numFmtId=999, formatCode="0;[Red]-0;0"))


def base(cell: Cell, **font: Any) -> Cell:
    """Give a cell the book's font; LibreOffice falls to a serif when no name is given."""
    options = {"name": FONT, "size": 10, "color": INK} | font
    cell.font = _font(**options)
    if cell.alignment.vertical is None:  # a label stands level with its figure
        cell.alignment = _alignment(vertical="center")
    return cell


def look_like(cell: Cell, other: Cell) -> None:
    """Give a cell the look of another; openpyxl would compare each font with all that there are."""
    cell._style = copy(other._style)


def title(sheet: Worksheet, text: str, subtitle: str) -> None:
    """Write the two lines at the head of a sheet."""
    _write(base(sheet["A1"], size=15, bold=True, color=ACCENT), text)
    _write(base(sheet["A2"], color=MUTED), subtitle)
    sheet.sheet_view.showGridLines = False


def heading(sheet: Worksheet, row: int, text: str, columns: int) -> None:
    """Write a band that opens a block."""
    first = sheet.cell(row, 1)
    first.fill = _fill("solid", start_color=BAND)
    first.border = _border(bottom=_THIN)
    for column in range(2, columns + 1):
        look_like(sheet.cell(row, column), first)
    base(first, bold=True, color=ACCENT).value = text


def table_header(
    sheet: Worksheet, row: int, labels: list[str], first: int = 1, align: str = "center"
) -> None:
    """Write the header of a table; numbers' headers are set right by the caller's columns."""
    for offset, label in enumerate(labels):
        cell = sheet.cell(row, first + offset)
        cell.value = label
        if offset > 1:
            look_like(cell, sheet.cell(row, first + 1))
            continue
        base(cell, bold=True, color="FFFFFF")
        cell.fill = _fill("solid", start_color=ACCENT)
        cell.alignment = _alignment(
            horizontal="left" if offset == 0 else align, vertical="center", wrap_text=True
        )


def calls_a_function(formula: str) -> bool:
    """Whether a formula needs the add-in."""
    return bool(_XLC.search(formula))


def formula_colour(formula: str, other_sheet: bool) -> str:
    """Colour of a formula by what it draws on."""
    if calls_a_function(formula):
        return PURPLE
    return GREEN if other_sheet else BLACK


def number_format(unit: str) -> str:
    """The number format of a unit; without one, a cell's own."""
    return find_unit(unit).cell if unit else "General"


def number(cell: Cell, unit: str, colour: str = BLACK, **font: Any) -> Cell:
    """Format a cell that holds a figure of that unit."""
    base(cell, color=colour, **font)
    cell.number_format = number_format(unit)
    cell.alignment = _alignment(horizontal="left" if unit == "text" else "right", vertical="center")
    return cell


def figure(cell: Cell, unit: str) -> Cell:
    """Show a ratio of 0 as what it is, in a figure, a test or a table of scenarios."""
    if unit == "ratio":
        cell.number_format = TIMES
    return cell


def outcome(cell: Cell) -> Cell:
    """Take the green of a link from a figure that is judged: it would read as good."""
    if cell.font.color is not None and str(cell.font.color.rgb).endswith(GREEN):
        font = copy(cell.font)
        font.color = BLACK
        cell.font = font
    return cell


def whole_format(unit: str) -> str:
    """The number format of a figure of that unit which is always whole."""
    return WHOLE_MONTHS if unit == "months" else "#,##0"


def constant_format(unit: str, value: Any) -> str:
    """The unit's number format, or one that does not show a small figure as nothing."""
    usual = number_format(unit)
    if not isinstance(value, (int, float)) or value == 0:
        return usual
    if unit in ("USD", "USD/unit") and abs(value) < 100 and value != int(value):
        return "0.00"
    return "0E+00" if abs(value) < _SMALL else usual


def input_cell(cell: Cell, unit: str, whole: bool = False) -> Cell:
    """Format an input: blue on cream, unlocked."""
    number(cell, unit, BLUE)
    if whole:
        cell.number_format = whole_format(unit)
    cell.fill = _fill("solid", start_color=INPUT_FILL)
    cell.border = _border(_THIN, _THIN, _THIN, _THIN)
    cell.protection = _UNLOCKED
    return cell


def note(cell: Cell, text: str, **font: Any) -> Cell:
    """Write a remark."""
    _write(base(cell, size=9, color=MUTED, **font), text)
    cell.alignment = _alignment(vertical="top", wrap_text=True)
    return cell


def _write(cell: Cell, text: str) -> None:
    """Write text that may come from a deal file: what begins like a formula stays text."""
    cell.value = text
    if isinstance(text, str):
        cell.data_type = "s"


def paint_status(sheet: Worksheet, area: str) -> None:
    """Colour verdicts; the word stays readable in black and white."""
    for word, ink, fill in (
        ("PASS", "14532D", "DCFCE7"),
        ("OK", "14532D", "DCFCE7"),
        ("BREACH", "FFFFFF", "B91C1C"),
        *((word, "14532D", "F0FDF4") for word in ("MET", "INSIDE", "HOLDS")),
        *((word, "7C2D12", "FFEDD5") for word in ("NOT MET", "OUTSIDE", "FAILS")),
        ("CHECK", "78350F", "FDE68A"),
        ("NONE", MUTED, "F3F4F6"),
    ):
        sheet.conditional_formatting.add(
            area,
            CellIsRule(
                operator="equal",
                formula=[f'"{word}"'],
                font=Font(bold=True, color=ink),
                fill=PatternFill("solid", start_color=fill, end_color=fill),
            ),
        )


def paint_failed(sheet: Worksheet, area: str, status: str) -> None:
    """Redden the figures of a test that has failed; ``status`` is the cell of the first verdict."""
    words = ("BREACH", "NOT MET", "OUTSIDE", "FAILS")
    failed = ",".join(f'{status}="{word}"' for word in words)
    rule = FormulaRule(formula=[f"OR({failed})"], font=Font(bold=True, color="991B1B"))
    sheet.conditional_formatting.add(area, rule)


def paint_empty(sheet: Worksheet, area: str, unit: str) -> None:
    """Redden the cells of inputs that hold nothing; ``unit`` is the first cell that says a unit."""
    first = area.partition(":")[0]
    rule = FormulaRule(
        formula=[f"AND(LEN({unit})>0,LEN({first})=0)"],
        fill=PatternFill("solid", start_color="FEE2E2", end_color="FEE2E2"),
    )
    sheet.conditional_formatting.add(area, rule)


def paint_open(sheet: Worksheet, area: str, word: str) -> None:
    """Mark terms that nobody has answered; the word itself says it in black and white."""
    first = area.partition(":")[0]
    rule = FormulaRule(
        formula=[f'LEFT({first},{len(word)})="{word}"'],
        font=Font(italic=True, color="B45309"),
    )
    sheet.conditional_formatting.add(area, rule)


def paint_breach(sheet: Worksheet, area: str, first: str, threshold: str, direction: str) -> None:
    """Shade the cells of a grid that fail a threshold."""
    sign = "<" if direction == "min" else ">"
    sheet.conditional_formatting.add(
        area,
        FormulaRule(
            formula=[f"AND(ISNUMBER({first}),{first}{sign}{threshold})"],
            font=Font(bold=True, color="991B1B"),
            fill=PatternFill("solid", start_color="FEE2E2", end_color="FEE2E2"),
        ),
    )


def paint_whole_months(sheet: Worksheet) -> None:
    """Show 19 months as 19 where a figure may also be part of a month and has a decimal.

    A number format alone cannot say so: ``0.#`` shows 19 as ``19.``.
    """
    usual = number_format("months")
    for cells in sheet.iter_rows():
        at = [cell for cell in cells if cell.has_style and cell.number_format == usual]
        for first, last in _runs(at):
            place = first.coordinate
            sheet.conditional_formatting.add(
                f"{place}:{last.coordinate}",
                Rule(
                    "expression",
                    dxf=_WHOLE,
                    formula=[f"AND(ISNUMBER({place}),INT({place})={place})"],
                ),
            )


def _runs(cells: list[Cell]) -> Iterator[tuple[Cell, Cell]]:
    """The first and last of cells of a row that stand side by side."""
    start = 0
    for at, cell in enumerate(cells, start=1):
        if at == len(cells) or cells[at].column > cell.column + 1:
            yield cells[start], cell
            start = at
