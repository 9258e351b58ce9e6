"""The sheets that are read: Term Sheet, Figures, Sources, Functions."""

from __future__ import annotations

import datetime
from collections import Counter

from openpyxl.styles import Alignment, Border, Side
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit._version import __version__
from xlcredit.deals import Input
from xlcredit.deals.template import Term
from xlcredit.functions import REGISTRY
from xlcredit.reference import UNDATED, is_older
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft, page_setup, widths
from xlcredit.workbook.pages.inputs import CHANGED, write_constant
from xlcredit.workbook.places import Place, quoted

__all__ = ["FunctionsPage", "SourcesPage", "TermSheetPage"]

#: How a source names the public filing of a contract.
FILING = "EDGAR"
#: A term that nobody has answered is shown, never silently defaulted.
OPEN = "open"
#: An input whose date lies further back, seen from the deal's, is flagged on the sheet Sources.
FRESH_MONTHS = 12
#: The price of a coin is not what it was a month ago.
_FRESH_COIN = 1
_SOURCES_FIRST = 5
#: Words beside a figure that is set right.
_ASIDE = Alignment(horizontal="left", vertical="center", indent=1)


class TermSheetPage:
    """The document: the lines of a term sheet in market order, figures linked to the model."""

    name = "Term Sheet"

    def place(self, book: Draft) -> None:
        """Figures that belong to no side-by-side stand below the terms."""
        row = self._figures_row(book)
        for offset, figure in enumerate(book.template.figure):
            book.name(figure.name, self.name, row + 1 + offset, 4)
        last = row + len(book.template.figure)
        book.places.blocks["terms.area"] = (Place(self.name, 6, 3), Place(self.name, last, 4))

    def _figures_row(self, book: Draft) -> int:
        return 6 + len(book.template.term) + 2

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        style.title(sheet, f"{book.deal.name}: indicative term sheet", book.template.summary)
        style.note(sheet["A3"], f"{book.deal.note}. As of {book.deal.as_of:%d %B %Y}.")
        sheet.merge_cells("A3:D3")  # a document page, not a calculation sheet
        sheet.row_dimensions[3].height = 26
        style.table_header(sheet, 5, ["#", "Term", "As proposed", ""], align="left")
        for index in range(len(book.template.term)):
            self._write_term(book, sheet, 6 + index, index + 1)
        style.paint_open(sheet, f"C6:C{5 + len(book.template.term)}", OPEN)
        self._figures(book, sheet)
        self._contents(book, sheet)
        widths(sheet, A=5, B=30, C=62, D=20, E=4, F=16, G=60)
        sheet.print_area = f"A1:D{self._figures_row(book) + len(book.template.figure) + 2}"
        page_setup(sheet, landscape=False, tall=1)

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
        row = self._figures_row(book)
        style.heading(sheet, row, "Figures", 4)
        for offset, figure in enumerate(book.template.figure):
            at = row + 1 + offset
            label = style.base(sheet.cell(at, 2))
            label.value = f"{figure.label} [{figure.unit}]"
            label.alignment = Alignment(vertical="center")
            sheet.merge_cells(start_row=at, end_row=at, start_column=2, end_column=3)
            book.formula(sheet, at, 4, figure.formula, figure.unit)
        last = row + len(book.template.figure) + 2
        stamp = f"xlcredit {__version__}, template {book.template.name}"
        style.note(sheet.cell(last, 2), f"* names an assumption: see Sources. {stamp}")
        sheet.merge_cells(start_row=last, end_row=last, start_column=2, end_column=4)


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
        "Summary": "Side-by-sides, the covenants, the charts",
        "Inputs": "Every input once, with unit, source and date; change the blue cells",
        **{sheet.name: sheet.purpose for sheet in book.template.sheet},
        "Stress": "Scenarios side by side, ladders, grids, tornados",
        "Audit": "Each worksheet function beside its native-formula twin",
        "Checks": "The tests behind the master check",
        "Sources": "Where every input comes from; what is an assumption",
        "Functions": "The worksheet functions and how to call them",
    }


class SourcesPage:
    """Where each input comes from; assumptions and old figures are named as such."""

    name = "Sources"

    def place(self, book: Draft) -> None:
        """The column of the statuses, which the Summary counts."""
        last = _SOURCES_FIRST + len(book.deal.inputs) - 1
        block = (Place(self.name, _SOURCES_FIRST, 5), Place(self.name, last, 5))
        book.places.blocks["sources.status"] = block

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        status = {i.name: _status(i, book.deal.as_of) for i in book.deal.inputs.values()}
        count = Counter(status.values())
        doubts = ("assumption", "stale", "undated", OPEN)
        style.title(
            sheet,
            "Sources",
            f"{len(status)} inputs, of which {count['assumption']} are assumptions, "
            f"{count['stale']} are stale (older than {FRESH_MONTHS} months; the price of a coin, "
            f"{_FRESH_COIN}) and {count[OPEN]} are open. "
            "Replace any of them on the sheet Inputs.",
        )
        style.table_header(
            sheet, 4, ["Input", "Value", "Unit", "As of", "Status", "Source"], align="left"
        )
        for row, item in enumerate(book.deal.inputs.values(), start=_SOURCES_FIRST):
            style.base(sheet.cell(row, 1)).value = item.label
            value = book.formula(sheet, row, 2, item.name, item.unit)
            value.number_format = style.constant_format(item.unit, item.value)
            if item.unit == "text":
                value.alignment = Alignment(wrap_text=True, vertical="center")
            style.base(sheet.cell(row, 3), size=9, color=style.MUTED).value = item.unit
            sheet.cell(row, 3).alignment = _ASIDE
            doubtful = status[item.name] in doubts
            color = "B45309" if doubtful else style.INK
            source = f"Inputs!$D${book.places.cells[item.name].row}"
            told = status[item.name]
            # a value changed since has another source; flag and date must not outlive it
            flag = f'IF({source}="{CHANGED}","assumption","{told}")'
            if item.as_of:
                date = f'IF({source}="{CHANGED}","",{source.replace("$D$", "$E$")})'
                style.base(book.formula(sheet, row, 4, date, "date"), color=style.MUTED)
            style.base(book.formula(sheet, row, 5, flag, "text"), color=color).alignment = _ASIDE
            cell = book.formula(sheet, row, 6, source, "text")
            style.base(cell, italic=doubtful, color=color)
            cell.alignment = Alignment(wrap_text=True, vertical="center")
        widths(sheet, A=48, B=20, C=14, D=13, E=12, F=84)
        sheet.freeze_panes = "A5"
        page_setup(sheet, repeat="4:4")


def _status(item: Input, on: datetime.date) -> str:
    """Return how far an input can be relied on: by its source's first word, then by its age."""
    for word in UNDATED:
        if item.source.startswith(word):
            return word
    if item.as_of is None:
        return "undated"
    if FILING in item.source:
        return "filed"  # a contract's terms hold until amended; only market figures go stale
    months = _FRESH_COIN if item.unit == "USD/coin" else FRESH_MONTHS
    return "stale" if is_older(item.as_of, on, months) else "dated"


class FunctionsPage:
    """The worksheet functions, from their docstrings."""

    name = "Functions"

    def place(self, book: Draft) -> None:
        """Nothing here has a name."""

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        style.title(
            sheet, "Functions", f"xlcredit {__version__}. Units stand in brackets; [x] is optional."
        )
        header = ["Function", "Call", "What it answers", "Category"]
        style.table_header(sheet, 4, header, align="left")
        functions = sorted(REGISTRY.values(), key=lambda f: (f.category, f.name))
        for row, function in enumerate(functions, start=5):
            style.base(sheet.cell(row, 1), bold=True, color=style.PURPLE).value = function.name
            for column, text in enumerate((function.signature, function.summary), start=2):
                cell = style.base(sheet.cell(row, column), size=9)
                cell.value = text
                cell.alignment = Alignment(wrap_text=True, vertical="center")
            style.base(sheet.cell(row, 4), size=9, color=style.MUTED).value = function.category
        widths(sheet, A=29, B=76, C=72, D=30)
        sheet.freeze_panes = "A5"
        page_setup(sheet, repeat="4:4")
