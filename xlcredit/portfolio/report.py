"""The tape as a workbook: the book on one page, a heat map, the rows, errors and warnings."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit._version import __version__
from xlcredit.errors import FileError
from xlcredit.files import replace_file
from xlcredit.portfolio.evaluate import ERROR, CovenantResult, Result
from xlcredit.portfolio.ranking import deepest, depth, worst_first
from xlcredit.portfolio.spool import Ordered
from xlcredit.portfolio.tape import (
    STATES,
    Facts,
    counted_loans,
    covenant_unit,
    facts,
    first_breach,
    tape,
)
from xlcredit.serials import month_in_words
from xlcredit.workbook import style
from xlcredit.workbook.draft import page_setup, widths
from xlcredit.workbook.export import Column, Table, write_sheet
from xlcredit.workbook.saving import saved

__all__ = ["write_report"]

#: How loans are ranked, in words.
_WORST_FIRST = (
    "the worst loan first: more covenants in breach before fewer, then the deeper breach in "
    "relation to its threshold, then CHECK, then PASS"
)
#: Names beyond the largest ones are one line.
_LARGEST = 15
#: Balances of the wall once more in USD m: not every program scales the labels of a chart.
_MILLIONS = 5
_UNDATED = dt.date(2000, 1, 1)

#: What stands beside each loan's covenants: heading, figure and unit.
_FIGURES = (("Lowest DSCR", "min_dscr", "ratio"), ("Loss [USD]", "loss", "USD"))
#: Of the deepest breach of a loan: which covenant, and how deep it is as a share of its threshold.
_BREACH = ("Deepest breach", "Value", "Threshold", "Depth", "First breach of any")
#: The first column of a covenant.
_BEFORE = 4 + len(_FIGURES) + len(_BREACH)
#: Rows of a long sheet that are printed: the worst loans, on some pages.
_PRINTED = 250

Cut = tuple[str, Callable[[Facts], Any]]
_CUTS: tuple[Cut, ...] = (
    ("Borrower", lambda f: f.borrower),
    ("Customer", lambda f: f.customer),
    ("Card", lambda f: f.card),
    ("Vintage (year of closing)", lambda f: f.vintage),
    ("Contract ends in", lambda f: f.contract_end.year if f.contract_end else None),
)


def write_report(results: Sequence[Result], path: Path) -> None:
    """Write the workbook, whole or not at all; equal results are equal bytes.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    as_of = max((r.as_of for r in results if r.as_of), default=_UNDATED)
    _write_book(workbook.create_sheet("Book"), results, as_of)
    _write_covenants(workbook.create_sheet("Covenants"), results)
    sheet = workbook.create_sheet("Tape")
    write_sheet(sheet, tape(worst_first(results)), "Tape", f"One row a loan, {_WORST_FIRST}")
    page_setup(sheet)
    sheet.print_area = f"A{sheet.max_row + 2}"  # an empty cell: the rows are for the screen
    errors = [(r, r.error or _cells_in_error(r)) for r in results if r.error or r.cell_errors]
    note = (
        "Loans that were not calculated, and loans with figures that are errors"
        if errors
        else "Every loan was calculated, and no figure is an error"
    )
    _write_told(workbook.create_sheet("Errors"), "error", errors, note)
    doubts = [(r, told) for r in results for told in r.warnings]
    note = "Figures that may have been meant in another unit" if doubts else "No figure is doubtful"
    _write_told(workbook.create_sheet("Warnings"), "warning", doubts, note)
    workbook.properties.creator = f"xlcredit {__version__}"
    workbook.properties.created = dt.datetime.combine(as_of, dt.time())
    try:  # a workbook is put together in the folder for temporary files, which may be full, too
        replace_file(path, saved(workbook, as_of))
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from None


# --- the book on one page -------------------------------------------------------------------


def _write_book(sheet: Worksheet, results: Sequence[Result], as_of: dt.date) -> None:
    cuts = [(facts(result), result.status) for result in results if result.status != ERROR]
    total = sum(f.balance or 0.0 for f, _ in cuts)
    style.title(
        sheet,
        "Book of loans",
        f"{counted_loans(len(results))}. As of {as_of.day:02} {month_in_words(as_of, True)}.",
    )
    row = _write_states(sheet, 4, results, cuts, total)
    wall_row = row
    row = _write_wall(sheet, row, cuts)
    for title, key in _CUTS:
        row = _write_cut(sheet, row, title, key, cuts, total)
    widths(sheet, A=44, B=10, C=18, D=12, E=12)
    _chart_wall(sheet, wall_row)
    page_setup(sheet)


def _write_states(
    sheet: Worksheet,
    row: int,
    results: Sequence[Result],
    cuts: list[tuple[Facts, str]],
    total: float,
) -> int:
    states = Counter(result.status for result in results)
    style.table_header(sheet, row, ["Status", "Loans", "Balance [USD]", "Share"])
    for state in STATES:
        row += 1
        balance = sum(f.balance or 0.0 for f, status in cuts if status == state)
        count = states[state]
        _write_line(sheet, row, state, count, balance, total)
    style.paint_status(sheet, f"A{row - len(STATES) + 1}:A{row}")
    return row + 2


def _write_line(
    sheet: Worksheet, row: int, label: Any, count: int, balance: float, total: float
) -> None:
    cell = style.base(sheet.cell(row, 1))
    cell.value = label
    if isinstance(label, str):
        cell.data_type = "s"
    cell.alignment = Alignment(horizontal="left")
    style.number(sheet.cell(row, 2), "units").value = count
    style.number(sheet.cell(row, 3), "USD").value = balance
    style.number(sheet.cell(row, 4), "share").value = balance / total if total else None


def _write_wall(sheet: Worksheet, row: int, cuts: list[tuple[Facts, str]]) -> int:
    """What falls due in which year."""
    style.table_header(
        sheet,
        row,
        ["Maturity wall: year", "Loans", "Balance at closing [USD]", "Share", "Balance [USD m]"],
    )
    years = sorted({f.maturity.year for f, _ in cuts if f.maturity})
    total = sum(f.balance or 0.0 for f, _ in cuts)
    for year in years:
        row += 1
        due = [f for f, _ in cuts if f.maturity and f.maturity.year == year]
        balance = sum(f.balance or 0.0 for f in due)
        _write_line(sheet, row, year, len(due), balance, total)
        cell = style.number(sheet.cell(row, _MILLIONS), "USD")
        cell.value, cell.number_format = balance / 1e6, "#,##0.0"
    return row + 2


def _chart_wall(sheet: Worksheet, top: int) -> None:
    bottom = top
    while sheet.cell(bottom + 1, 1).value is not None:
        bottom += 1
    if bottom == top:
        return
    chart = BarChart()
    chart.title, chart.style, chart.legend = "Maturity wall", 10, None
    chart.add_data(
        Reference(sheet, min_col=_MILLIONS, min_row=top, max_row=bottom), titles_from_data=True
    )
    chart.set_categories(Reference(sheet, min_col=1, min_row=top + 1, max_row=bottom))
    chart.y_axis.title, chart.y_axis.number_format = "USD m", "#,##0"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.dataLabels = DataLabelList(
        showVal=True, showSerName=False, showCatName=False, showLegendKey=False, numFmt="#,##0"
    )
    chart.width, chart.height = 18, 9
    sheet.add_chart(chart, "G4")


def _write_cut(
    sheet: Worksheet,
    row: int,
    title: str,
    key: Callable[[Facts], Any],
    cuts: list[tuple[Facts, str]],
    total: float,
) -> int:
    groups: defaultdict[Any, list[Facts]] = defaultdict(list)
    for fact, _ in cuts:
        groups[key(fact)].append(fact)
    sums = {name: sum(f.balance or 0.0 for f in found) for name, found in groups.items()}
    years = all(isinstance(name, int) for name in sums if name is not None)
    by_size = sorted(sums, key=lambda name: (-sums[name], str(name)))
    order = sorted(sums, key=lambda name: (name is None, name)) if years else by_size
    shown = len(order) if years else _LARGEST
    style.table_header(sheet, row, [title, "Loans", "Balance [USD]", "Share"])
    for name in order[:shown]:
        row += 1
        label = "not said" if name is None else name
        _write_line(sheet, row, label, len(groups[name]), sums[name], total)
    if rest := order[shown:]:
        row += 1
        count = sum(len(groups[name]) for name in rest)
        _write_line(sheet, row, f"{len(rest)} more", count, sum(sums[n] for n in rest), total)
    return row + 2


# --- covenants and errors -------------------------------------------------------------------


def _write_covenants(sheet: Worksheet, results: Sequence[Result]) -> None:
    """A heat map: loans down, covenants across; the words stay readable in black and white."""
    everything = worst_first(results)
    errors = sum(result.status == ERROR for result in results)  # which stand first
    ranked = Ordered(len(everything) - errors, lambda at: everything[at + errors])
    labels: dict[str, None] = {}
    for result in ranked:
        labels |= {covenant.label: None for covenant in result.covenants}
    style.title(
        sheet,
        "Covenants",
        f"Heat map, {_WORST_FIRST}. "
        "Lowest DSCR and loss are the columns min_dscr and loss of the sheet Tape: "
        "the case in force, the loss what the lender is short after enforcement and recovery. "
        "Depth is how far the value is on the wrong side of the threshold, as a share of it; the "
        "first breach is the earliest of all covenants, as on the sheet Tape; the "
        f"first {_PRINTED} rows are printed",
    )
    figures = [label for label, *_ in _FIGURES]
    head = ["Loan", "Borrower", "Status", *figures, *_BREACH, *labels]
    style.table_header(sheet, 4, head)
    sheet.row_dimensions[4].height = 60
    for row, result in enumerate(ranked, start=5):
        for column, text in enumerate(_heading(result), start=1):
            cell = style.base(sheet.cell(row, column), bold=column == 3)
            cell.value, cell.data_type = text, "s"
        for column, (_, name, unit) in enumerate(_FIGURES, start=4):
            style.number(sheet.cell(row, column), unit).value = result.numbers.get(name)
        if (breach := deepest(result)) is not None:
            _write_breach(sheet, row, result, breach)
        status = {c.label: c.status for c in result.covenants}
        for column, label in enumerate(labels, start=_BEFORE):
            cell = style.base(sheet.cell(row, column))
            cell.value = status.get(label)
            cell.alignment = Alignment(horizontal="center", vertical="center")
    if ranked:
        last = letter(len(head))
        style.paint_status(sheet, f"C5:{last}{4 + len(ranked)}")
    widths(sheet, A=24, B=28, C=12, **{letter(c): 16 for c in range(4, len(head) + 1)})
    widths(sheet, **{letter(4 + len(_FIGURES)): 34})  # the words of a covenant
    sheet.merge_cells(start_row=2, end_row=2, start_column=1, end_column=len(head))
    sheet["A2"].alignment = Alignment(wrap_text=True, vertical="top")
    sheet.row_dimensions[2].height = 32
    sheet.freeze_panes = f"{letter(_BEFORE)}5"
    page_setup(sheet, repeat="4:4")
    _print_rows(sheet, 4 + len(ranked), len(head))


def _write_breach(sheet: Worksheet, row: int, result: Result, breach: CovenantResult) -> None:
    """Which covenant is broken the most, and by how much; and when the first of all is."""
    unit = covenant_unit(result.template, breach.name) or "ratio"
    first = 4 + len(_FIGURES)
    label = style.base(sheet.cell(row, first))
    label.value, label.data_type = breach.label, "s"
    style.number(sheet.cell(row, first + 1), unit).value = breach.value
    style.number(sheet.cell(row, first + 2), unit).value = breach.threshold
    style.number(sheet.cell(row, first + 3), "share").value = depth(breach) or None
    when = style.base(sheet.cell(row, first + 4))
    when.value, when.number_format = first_breach(result), "mmm yyyy"


def _print_rows(sheet: Worksheet, last: int, columns: int) -> None:
    """Print the worst loans of a long sheet: the rest is for the screen."""
    if last > _PRINTED:
        sheet.print_area = f"A1:{letter(columns)}{_PRINTED}"


def _heading(result: Result) -> tuple[str, str, str]:
    """Which loan it is: its name says no more than its number where rows were copied."""
    return result.id, facts(result).borrower or result.name, result.status


def _cells_in_error(result: Result) -> str:
    """Which figures of a loan that was calculated are errors."""
    shown = [f"{name} {code}" for name, code in result.cell_errors.items()]
    more = f", and {len(shown) - _LARGEST:,} more" if len(shown) > _LARGEST else ""
    many = "1 figure is an error" if len(shown) == 1 else f"{len(shown):,} figures are errors"
    return f"calculated, but {many}: {', '.join(shown[:_LARGEST])}{more}"


def _write_told(sheet: Worksheet, word: str, told: list[tuple[Result, str]], note: str) -> None:
    rows = [[r.id, r.source, r.row, message] for r, message in told]
    columns = [
        Column("id", "text"),
        Column("source", "text"),
        Column("row", "count"),
        Column(word, "text"),
    ]
    write_sheet(sheet, Table(columns, rows), sheet.title, note)
    widths(sheet, A=32, B=32, C=8, D=100)
    page_setup(sheet, repeat="4:4")
    _print_rows(sheet, sheet.max_row, len(columns))
