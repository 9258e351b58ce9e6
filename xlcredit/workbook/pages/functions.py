"""The sheet Functions: the worksheet functions and how to call them."""

from __future__ import annotations

from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit._version import __version__
from xlcredit.functions import REGISTRY
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft, page_setup, widths

__all__ = ["FunctionsPage"]


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
