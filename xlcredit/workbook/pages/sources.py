"""The sheet Sources: where each input comes from, and how far it can be relied on."""

from __future__ import annotations

import datetime
from collections import Counter

from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals import Input
from xlcredit.ooxml.place import Place
from xlcredit.recalc.citations import CHANGED
from xlcredit.reference import UNDATED, is_older
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft, page_setup, widths
from xlcredit.workbook.pages.term_sheet import OPEN

__all__ = ["SourcesPage"]

#: How a source names the public filing of a contract.
FILING = "EDGAR"
#: An input whose date lies further back, seen from the deal's, is flagged on the sheet Sources.
FRESH_MONTHS = 12
#: The price of a coin is not what it was a month ago.
_FRESH_COIN = 1
_SOURCES_FIRST = 5
#: Words beside a figure that is set right.
_ASIDE = Alignment(horizontal="left", vertical="center", indent=1)


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
            message = status[item.name]
            # a value changed since has another source; flag and date must not outlive it
            flag = f'IF({source}="{CHANGED}","assumption","{message}")'
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
