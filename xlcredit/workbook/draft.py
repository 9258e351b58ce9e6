"""What the pages of a term-sheet workbook share: writing a formula, columns, print set-up."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Protocol

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.deal import Deal
from xlcredit.deals.template import Template
from xlcredit.ooxml.place import Place
from xlcredit.workbook import style
from xlcredit.workbook.places import Places

__all__ = ["Draft", "Page", "page_break", "page_scale", "page_setup", "protect", "widths"]


#: What a landscape page holds between its margins at full size: Letter is the narrower, A4 the
#: lower of the two.
_LETTER_CHARACTERS, _A4_ROWS = 130, 33


@dataclass
class Draft:
    """A workbook in the making."""

    template: Template
    deal: Deal
    workbook: Workbook
    places: Places
    #: In a copy without worksheet functions: what their cells showed.
    frozen: Mapping[tuple[str, int, int], Any] | None = None
    #: The unit of each named cell.
    units: dict[str, str] = field(default_factory=dict)
    #: Tables that are read back, by defined name.
    areas: dict[str, str] = field(default_factory=dict)
    #: The cells that hold such a frozen value.
    kept: set[Place] = field(default_factory=set)
    _looks: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def formula(
        self,
        sheet: Worksheet,
        row: int,
        column: int,
        formula: str,
        unit: str,
        extra: Mapping[str, str] | None = None,
        **font: Any,
    ) -> Cell:
        """Write one formula in its unit's format and its source's colour."""
        text = self.places.resolve(formula, sheet.title, column, extra)
        cell = sheet.cell(row, column)
        if self.frozen is not None and style.calls_a_function(text):
            style.number(cell, unit, style.MUTED, italic=True)
            cell.value = self.frozen.get((sheet.title, row, column))
            self.kept.add(Place(sheet.title, row, column))
            return cell
        colour = style.formula_colour(text, self.places.draws_on_other_sheets(text, sheet.title))
        look = (unit, colour, *sorted(font.items()))
        if look in self._looks:  # a workbook has some forty looks and ten thousand cells
            cell._style = copy(self._looks[look])
        else:
            style.number(cell, unit, colour, **font)
            self._looks[look] = copy(cell._style)
        cell.value = "=" + text
        return cell

    def name(self, name: str, sheet: str, row: int, column: int, unit: str) -> None:
        """Record where a named cell stands, and the unit of what it holds."""
        self.places.cells[name] = Place(sheet, row, column)
        self.units[name] = unit


class Page(Protocol):
    """One sheet: first it says where its names stand, then it writes itself."""

    name: str

    def place(self, book: Draft) -> None:
        """Record the place of every name on this sheet."""

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""


def widths(sheet: Worksheet, **columns: float) -> None:
    """Set column widths in characters."""
    for column, width in columns.items():
        sheet.column_dimensions[column].width = width


def page_setup(
    sheet: Worksheet, *, landscape: bool = True, wide: int = 1, tall: int = 0, repeat: str = ""
) -> None:
    """Fit to A4 with margins that hold on Letter too; number the pages."""
    setup = sheet.page_setup
    setup.paperSize = sheet.PAPERSIZE_A4
    setup.orientation = "landscape" if landscape else "portrait"
    setup.fitToWidth, setup.fitToHeight = wide, tall
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top, margins.bottom, margins.header, margins.footer = 0.6, 0.7, 0.3, 0.3
    if repeat:
        sheet.print_title_rows = repeat
    sheet.oddFooter.left.text = "&A"
    sheet.oddFooter.right.text = "Page &P of &N"
    sheet.oddFooter.left.size = sheet.oddFooter.right.size = 8


def page_scale(sheet: Worksheet, columns: int = 0) -> int:
    """Landscape, as large as the used columns, or the first of them, allow on A4 and on Letter.

    Excel ignores a page break on a sheet that is fitted to pages; a scale keeps them.

    Returns
    -------
    int
        Rows of the usual height that a page then holds.
    """
    page_setup(sheet)
    sheet.sheet_properties.pageSetUpPr.fitToPage = False
    characters = sum(
        sheet.column_dimensions[letter(column)].width
        for column in range(1, (columns or sheet.max_column) + 1)
    )
    scale = min(100, int(100 * _LETTER_CHARACTERS / characters))
    sheet.page_setup.scale = scale
    return int(100 * _A4_ROWS / scale)


def page_break(sheet: Worksheet, row: int) -> None:
    """Begin a new page with ``row``."""
    sheet.row_breaks.append(Break(id=row - 1))


def protect(sheet: Worksheet) -> None:
    """Guard the formulas against a slip; there is no password, and layout stays free."""
    protection = sheet.protection
    protection.sheet = True
    protection.formatCells = protection.formatColumns = protection.formatRows = False
