"""The sheet Term Sheet: the document that is negotiated, and what is read back from it."""

from __future__ import annotations

import datetime

from openpyxl.styles import Alignment, Border, Side
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit._version import __version__
from xlcredit.deals.template import Figure, Term
from xlcredit.errors import FileError
from xlcredit.ooxml import reading
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place, quoted
from xlcredit.ooxml.values import Value
from xlcredit.serials import month_in_words
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft, page_setup, widths
from xlcredit.workbook.pages.inputs import write_constant

__all__ = ["OPEN", "TermSheetPage", "read_note", "read_terms"]

#: Defined names of what is read back.
AREA_HEAD, AREA_TERMS = "terms_head", "terms_table"
_HEADER = ["#", "Term", "As proposed", ""]
#: A term that nobody has answered is shown, never silently defaulted.
OPEN = "open"


class TermSheetPage:
    """The document: the lines of a term sheet in market order, figures linked to the model."""

    name = "Term Sheet"

    def place(self, book: Draft) -> None:
        """Figures that belong to no side-by-side stand below the terms."""
        rows = self._rows(book)
        for figure, row in rows.items():
            book.name(figure.name, self.name, row, 4, figure.unit)
        last = max(rows.values(), default=self._figures_row(book))
        book.places.blocks["terms.area"] = (Place(self.name, 6, 3), Place(self.name, last, 4))

    def _figures_row(self, book: Draft) -> int:
        return 6 + len(book.template.term) + 2

    def _rows(self, book: Draft) -> dict[Figure, int]:
        """Where each figure stands: those that no page prints below the line that ends it."""
        printed = [figure for figure in book.template.figure if figure.printed]
        others = [figure for figure in book.template.figure if not figure.printed]
        rows = {figure: self._figures_row(book) + 1 + n for n, figure in enumerate(printed)}
        return rows | {figure: self._last_row(book) + 3 + n for n, figure in enumerate(others)}

    def _last_row(self, book: Draft) -> int:
        """The last row of the printed page."""
        return self._figures_row(book) + sum(f.printed for f in book.template.figure) + 2

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        style.title(sheet, f"{book.deal.name}: indicative term sheet", book.template.summary)
        style.note(sheet["A3"], _dated(book.deal.note, book.deal.as_of))
        sheet.merge_cells("A3:D3")  # a document page, not a calculation sheet
        sheet.row_dimensions[3].height = 26
        style.table_header(sheet, 5, _HEADER, align="left")
        for index in range(len(book.template.term)):
            self._write_term(book, sheet, 6 + index, index + 1)
        style.paint_open(sheet, f"C6:C{5 + len(book.template.term)}", OPEN)
        book.areas[AREA_HEAD] = f"{quoted(self.name)}!$A$1:$A$3"
        book.areas[AREA_TERMS] = f"{quoted(self.name)}!$A$5:$D${5 + len(book.template.term)}"
        self._figures(book, sheet)
        self._contents(book, sheet)
        widths(sheet, A=5, B=30, C=62, D=20, E=4, F=16, G=60)
        sheet.print_area = f"A1:D{self._last_row(book)}"
        page_setup(sheet, landscape=False, repeat="5:5")

    def _contents(self, book: Draft, sheet: Worksheet) -> None:
        """Links to the other sheets, beside the printed page."""
        style.table_header(sheet, 5, ["Contents", ""], first=6)
        for row, (name, purpose) in enumerate(_purposes(book).items(), start=6):
            cell = style.base(sheet.cell(row, 6), color=style.ACCENT, underline="single")
            cell.value = name
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"{quoted(name)}!A1")
            cell.alignment = Alignment(vertical="center")
            style.note(sheet.cell(row, 7), purpose).alignment = Alignment(
                vertical="center", wrap_text=True
            )

    def _write_term(self, book: Draft, sheet: Worksheet, row: int, number: int) -> None:
        term = book.template.term[number - 1]
        shown = f"{number} *" if _assumed(book, term) else number
        style.base(sheet.cell(row, 1), color=style.MUTED).value = shown
        style.base(sheet.cell(row, 2), bold=True).value = term.label
        cell = sheet.cell(row, 3)
        if term.formula:
            # a document: prose is black, whatever sheet its figures come from
            style.base(book.formula(sheet, row, 3, _shown(term), "text"))
        elif term.text:
            write_constant(style.base(cell), term.text)
        else:
            style.base(cell).value = OPEN
        line = Side(style="hair", color=style.RULE)
        for column in range(1, 5):
            part = sheet.cell(row, column)
            part.border = Border(bottom=line)
            part.alignment = Alignment(vertical="center", wrap_text=True, horizontal="left")
        sheet.merge_cells(start_row=row, end_row=row, start_column=3, end_column=4)
        sheet.row_dimensions[row].height = 29

    def _figures(self, book: Draft, sheet: Worksheet) -> None:
        style.heading(sheet, self._figures_row(book), "Figures", 4)
        last = self._last_row(book)
        for figure, row in self._rows(book).items():
            label = style.base(sheet.cell(row, 2))
            label.value = f"{figure.label} [{figure.unit}]"
            label.alignment = Alignment(vertical="center")
            cell = style.outcome(book.formula(sheet, row, 4, figure.formula, figure.unit))
            style.figure(cell, figure.unit)
            if figure.unit == "text":  # a sentence runs over to the left, within the printed page
                cell.alignment = Alignment(horizontal="right", vertical="center")
            else:
                sheet.merge_cells(start_row=row, end_row=row, start_column=2, end_column=3)
        stamp = f"xlcredit {__version__}, template {book.template.name}"
        style.note(sheet.cell(last, 2), f"* names an assumption: see Sources. {stamp}")
        sheet.merge_cells(start_row=last, end_row=last, start_column=2, end_column=4)
        if not all(figure.printed for figure in book.template.figure):
            style.heading(sheet, last + 2, "What sentences are put together from: not printed", 4)


def _assumed(book: Draft, term: Term) -> bool:
    """Whether a term states an input that nobody has a source for."""
    named = book.places.names_in(term.formula) if term.formula else []
    inputs = (book.deal.inputs.get(name) for name in named)
    return any(i.source.startswith("assumption") for i in inputs if i)


def _shown(term: Term) -> str:
    """The formula of a term; while it is open it says what the market does."""
    if not term.market:
        return term.formula
    market = term.market.replace('"', '""')
    return f'IF({term.formula}="{OPEN}","{OPEN}. Market: {market}",{term.formula})'


def _purposes(book: Draft) -> dict[str, str]:
    """What each sheet is for, in the order of the book."""
    return {
        "Summary": "The ask, whether it is repaid, the tests, the charts",
        **({"Annual": "The years, tied to the months"} if book.template.annual else {}),
        "Inputs": "Every input once, with unit, source and date; change the blue cells",
        **({"Curves": "Your own months, and what has happened"} if book.template.own_rows else {}),
        **{sheet.name: sheet.purpose for sheet in book.template.sheet},
        "Stress": "Scenarios side by side, ladders, grids, tornados",
        "Audit": "Each worksheet function beside its native-formula twin",
        "Checks": "The tests behind the master check",
        "Sources": "Where every input comes from; what is an assumption",
        "Functions": "The worksheet functions and how to call them",
    }


def _dated(note: str, day: datetime.date) -> str:
    """The deal's note, if it has one, and the day behind it."""
    return f"{note}. {_as_of(day)}" if note.strip() else _as_of(day)


def _as_of(day: datetime.date) -> str:
    return f"As of {day.day:02} {month_in_words(day, True)}."


def read_note(book: Book, day: datetime.date) -> str:
    """Read the deal's note back, without the date that was put behind it.

    Raises
    ------
    FileError
        The workbook has no term sheet of ours.
    """
    head = book.area(AREA_HEAD)
    if head is None:
        raise FileError(f"{book.package.path}: has no sheet {TermSheetPage.name}")
    said = reading.text(book.saved(Place(head.sheet, head.bottom, head.left)))
    return said.removesuffix(_as_of(day)).removesuffix(". ")


def read_terms(book: Book) -> dict[str, Value]:
    """Read the lines back: each term with what was agreed; none in another workbook."""
    return {
        reading.text(book.saved(row[_HEADER[1]])): book.saved(row[_HEADER[2]])
        for row in reading.table(book, AREA_TERMS)
    }
