"""Rules about how sheets are laid out: rows that say one thing, nothing hidden, nothing merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from xlcredit.ooxml.place import Area, a1
from xlcredit.workbook.lint.rule import Spot, at, rule
from xlcredit.workbook.lint.subject import Subject

__all__ = ["DOCUMENT_PAGES"]

#: Pages that are read as documents: there merged cells do no harm.
DOCUMENT_PAGES = frozenset({"Term Sheet", "Summary"})

#: Fewer equal formulas side by side are a table, not a row over time.
_FEWEST = 4
_TYPED = "a typed number"
_TOTALS = ("SUM(", "AVERAGE(", "MIN(", "MAX(", "SUBTOTAL(", "SUMPRODUCT(", "COUNT(")

Row = dict[int, str]


@rule("L02", "inconsistent-row", "error", "FAST 3.02-01; ICAEW principle 12")
def inconsistent_row(subject: Subject) -> Iterator[Spot]:
    """A row over time changes its formula on the way, or a number is typed over one.

    Columns before the first month, and a total behind the last, may differ.
    """
    for sheet, rows in _rows(subject).items():
        for row, cells in sorted(rows.items()):
            for stretch in _stretches(cells):
                yield from _deviations(sheet, row, stretch)


@rule("L08", "hidden", "warning", "FAST 2.01-08")
def hidden(subject: Subject) -> Iterator[Spot]:
    """A row, a column or a sheet is hidden.

    ``--fix`` shows it.
    """
    for name in subject.hidden_sheets:
        yield Spot(name, "", "the sheet is hidden")
    for name, layout in subject.layouts.items():
        for span in layout.hidden:
            kind = "row" if span[0].isdigit() else "column"
            yield Spot(name, span, f"the {kind} is hidden")


@rule("L09", "merged-cells", "warning", "FAST 4.02-02")
def merged_cells(subject: Subject) -> Iterator[Spot]:
    """Cells of a calculation sheet are merged.

    The pages Term Sheet and Summary are documents, and exempt.
    """
    calculating = {group.area.sheet for group in subject.groups} - DOCUMENT_PAGES
    for name, layout in subject.layouts.items():
        for area in layout.merged:
            if name in calculating:
                yield Spot(name, area, "merged cells; centre across the selection instead")


def _rows(subject: Subject) -> dict[str, dict[int, Row]]:
    """What each cell of each row says: its formula as its own cell reads it, or a number."""
    rows: dict[str, dict[int, Row]] = {}
    for group in subject.groups:
        if group.formula.shape is None and not group.formula.table:
            for sheet, row, column in group.area.places:
                rows.setdefault(sheet, {}).setdefault(row, {})[column] = group.relative
    for sheet, constants in subject.book.constants.items():
        for (row, column), value in constants.items():
            if isinstance(value, float) and row in rows.get(sheet, {}):
                rows[sheet][row][column] = _TYPED
    return rows


def _stretches(cells: Row) -> Iterator[Row]:
    """Split a row where a cell is blank or holds text."""
    stretch: Row = {}
    for column in sorted(cells):
        if stretch and column - 1 not in stretch:
            yield stretch
            stretch = {}
        stretch[column] = cells[column]
    if stretch:
        yield stretch


def _deviations(sheet: str, row: int, stretch: Row) -> Iterator[Spot]:
    formulas = Counter(text for text in stretch.values() if text != _TYPED)
    main, count = formulas.most_common(1)[0] if formulas else ("", 0)
    columns = [column for column, text in stretch.items() if text == main]
    if count < _FEWEST and not _typed_between(columns, stretch):
        return
    odd = [c for c in stretch if c > columns[0] and stretch[c] != main]
    odd = [c for c in odd if c < columns[-1] or not _may_follow(stretch[c])]
    for first, last in _runs(odd, stretch):
        typed = stretch[first] == _TYPED
        what = "a number is typed over the formula" if typed else "the formula is not that"
        message = f"{what} of {a1(row, columns[0])} and the rest of the row"
        yield at(Area(sheet, row, first, row, last), message)


def _typed_between(columns: list[int], stretch: Row) -> bool:
    """Whether numbers alone stand between copies of one formula: the rest of a row typed over."""
    between = [text for c, text in stretch.items() if columns and columns[0] < c < columns[-1]]
    return len(columns) > 1 and len(stretch) > _FEWEST and _TYPED in between


def _may_follow(text: str) -> bool:
    """A total, or a note, may stand behind the last month."""
    return text == _TYPED or text.upper().startswith(_TOTALS)


def _runs(columns: list[int], stretch: Row) -> Iterator[tuple[int, int]]:
    """Join neighbours that say the same."""
    start = end = None
    for column in columns:
        if end is not None and column == end + 1 and stretch[column] == stretch[end]:
            end = column
            continue
        if start is not None and end is not None:
            yield start, end
        start = end = column
    if start is not None and end is not None:
        yield start, end
