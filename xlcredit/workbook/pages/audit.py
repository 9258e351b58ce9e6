"""The sheets Audit and Checks: each worksheet function beside its twin, one master check."""

from __future__ import annotations

import re

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.ooxml.place import Place, quoted
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft, page_setup, widths
from xlcredit.workbook.pages.curves import curve_checks

__all__ = ["AREA_CHECKS", "CHECK_COLUMNS", "AuditPage", "ChecksPage"]

#: The table of tests that the terminal reads back.
AREA_CHECKS = "checks"
CHECK_COLUMNS = ["Test", "Holds", "Status"]
_FIRST_ROW = 5
#: Two routes to one number may differ by rounding only.
TOLERANCE = "1E-9"


class AuditPage:
    """A row per twin; the last column is the difference."""

    name = "Audit"

    def place(self, book: Draft) -> None:
        """The column of differences is a block that the checks read."""
        last = _FIRST_ROW + len(book.template.twin) - 1
        block = (Place(self.name, _FIRST_ROW, 6), Place(self.name, last, 6))
        book.places.blocks["audit.differences"] = block

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        style.title(
            sheet,
            "Audit",
            "Each worksheet function beside a native formula that computes the same figure. "
            "The difference is relative, absolute below 1.",
        )
        header = [
            "Figure",
            "Unit",
            "Function",
            "Worksheet function",
            "Native formula",
            "Difference",
        ]
        style.table_header(sheet, _FIRST_ROW - 1, header)
        for offset, twin in enumerate(book.template.twin):
            row = _FIRST_ROW + offset
            style.base(sheet.cell(row, 1)).value = twin.label
            style.base(sheet.cell(row, 2), size=9, color=style.MUTED).value = twin.unit
            found = re.search(r"XLC_\w+", twin.of or twin.function)
            style.base(sheet.cell(row, 3), size=9, color=style.PURPLE).value = found and found[0]
            book.formula(sheet, row, 4, twin.function, twin.unit)
            book.formula(sheet, row, 5, twin.native, twin.unit)
            difference = (
                f"IF(AND(ISNUMBER(D{row}),ISNUMBER(E{row})),"
                f"ABS(D{row}-E{row})/MAX(1,ABS(E{row})),NA())"
            )
            cell = book.formula(sheet, row, 6, difference, "text")
            cell.number_format = '0.0E+00;-0.0E+00;"0"'
            cell.alignment = Alignment(horizontal="right", vertical="center")
        widths(sheet, A=60, B=16, C=26, D=22, E=22, F=14)
        sheet.freeze_panes = f"A{_FIRST_ROW}"
        page_setup(sheet)


class ChecksPage:
    """Tests of the model, and the one that stands for all of them."""

    name = "Checks"

    def place(self, book: Draft) -> None:
        """The master check stands at the head of every sheet."""
        book.name("master_check", self.name, 3, 3, "text")
        book.name("inputs_complete", self.name, _FIRST_ROW, 2, "flag")

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        style.title(sheet, "Checks", "An error in a test reads CHECK; it can never read OK.")
        style.base(sheet["A3"], bold=True).value = "Master check"
        style.table_header(sheet, _FIRST_ROW - 1, CHECK_COLUMNS)
        tests = self._tests(book)
        for row, (label, formula) in enumerate(tests, start=_FIRST_ROW):
            _write_check(book, sheet, row, label, formula)
        last = _FIRST_ROW + len(tests) - 1
        area = f"$C${_FIRST_ROW}:$C${last}"
        master = f'IF(COUNTIF({area},"OK")=ROWS({area}),"OK","CHECK")'
        cell = book.formula(sheet, 3, 3, master, "text", bold=True)
        cell.alignment = Alignment(horizontal="center")
        style.paint_status(sheet, f"C3:C{last}")
        widths(sheet, A=72, B=12, C=12)
        sheet.freeze_panes = f"A{_FIRST_ROW}"
        page_setup(sheet, tall=1)
        book.areas[AREA_CHECKS] = f"{self.name}!$A${_FIRST_ROW - 1}:$C${last}"

    def _tests(self, book: Draft) -> list[tuple[str, str]]:
        # a house template need not have the input
        tolerance = "tolerance" if "tolerance" in book.deal.inputs else TOLERANCE
        # a formula takes an empty cell for 0, which is a figure, and often a good one
        empty = '({inputs.values}="")'
        wrong = '({inputs.units}<>"text")*(1-ISNUMBER({inputs.values}))'
        given = f'SUMPRODUCT(({{inputs.names}}<>"")*({empty}+{wrong}))=0'
        tests = [("Every input has a value, a number where it must be one", given)]
        tests += [(check.label, check.formula) for check in book.template.check]
        tests += curve_checks(book.template)
        if book.template.twin:
            test = "Every worksheet function equals its native twin"
            tests.append((test, f"MAX({{audit.differences}})<{tolerance}"))
        tests.append(("Every covenant has a verdict", 'COUNTIF({summary.statuses},"CHECK")=0'))
        if book.template.annual:
            # the only difference is the order of adding up
            apart = "ABS(SUM({annual.years})-SUM({annual.months}))"
            message = f"{apart}<={tolerance}*SUM({{annual.months}})"
            tests.append(("The years add up to the months", message))
        areas = {"Summary": "{summary.area}"}
        areas |= {page.name: _used_area(book, page.name) for page in book.template.sheet}
        areas |= {"Term Sheet": "{terms.area}", "Stress": "{stress.area}"}
        tests += [
            (f"No cell of {name} shows an error", f"SUMPRODUCT(--ISERROR({area}))=0")
            for name, area in areas.items()
        ]
        return tests


def _write_check(
    book: Draft,
    sheet: Worksheet,
    row: int,
    label: str,
    formula: str,
) -> None:
    style.base(sheet.cell(row, 1)).value = label
    holds = book.formula(sheet, row, 2, formula, "")
    status = f'IF(ISERROR(B{row}),"CHECK",IF(B{row}=TRUE,"OK","CHECK"))'
    verdict = book.formula(sheet, row, 3, status, "text", bold=True)
    for cell in (holds, verdict):
        cell.alignment = Alignment(horizontal="center")


def _used_area(book: Draft, sheet: str) -> str:
    """The area of a monthly sheet that holds formulas."""
    places = [*book.places.rows.values(), *book.places.cells.values()]
    last = max(p.row for p in places if p.sheet == sheet)
    return f"{quoted(sheet)}!$C$7:${letter(book.places.last)}${last}"
