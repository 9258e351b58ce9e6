"""The sheet Inputs: every input once, with unit, source and date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openpyxl.styles import Alignment
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.template import Input, Section
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.place import column_letters as letter
from xlcredit.recalc.citations import AREA_INPUTS, AS_OF, SOURCE, VALUE, cited
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft, page_setup, widths

__all__ = ["InputCells", "InputsPage", "read_inputs"]

_HEADER = ["Input", VALUE, "Unit", SOURCE, AS_OF, "Allowed", "Name", "Remark"]
_VALUE, _UNIT, _NAME = 2, 3, 7
_FIRST_ROW = 9


class InputsPage:
    """Inputs, and the key to the colours."""

    name = "Inputs"

    def place(self, book: Draft) -> None:
        """One row per input, a band per section; labels and values stand side by side."""
        sections = _sections(book)
        first, last = sections[0][1], sections[-1][1] + len(sections[-1][0].input)
        for name, column in (("values", _VALUE), ("units", _UNIT), ("names", _NAME)):
            ends = Place(self.name, first, column), Place(self.name, last, column)
            book.places.blocks[f"inputs.{name}"] = ends
        for section, top in sections:
            for offset, item in enumerate(section.input):
                book.name(item.name, self.name, top + 1 + offset, _VALUE, item.unit)
            if section.name:
                bottom = top + len(section.input)
                block = (Place(self.name, top + 1, 1), Place(self.name, bottom, _VALUE))
                book.places.blocks[f"{section.name}.block"] = block

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the inputs with their validation."""
        style.title(sheet, "Inputs", f"{book.deal.name}. Every input stands here once.")
        self._key(sheet)
        style.table_header(sheet, _FIRST_ROW - 2, _HEADER, align="left")
        for section, top in _sections(book):
            style.heading(sheet, top, section.title, len(_HEADER))
            for offset, spec in enumerate(section.input):
                _write_input(sheet, top + 1 + offset, book.deal[spec.name])
        section, top = _sections(book)[-1]
        bottom = top + len(section.input)
        style.paint_empty(sheet, f"B{_FIRST_ROW}:B{bottom}", f"$C{_FIRST_ROW}")
        last = f"${letter(len(_HEADER))}${bottom}"
        book.areas[AREA_INPUTS] = f"{self.name}!$A${_FIRST_ROW - 2}:{last}"
        widths(sheet, A=44, B=24, C=14, D=46, E=12, F=17, G=20, H=30)
        sheet.freeze_panes = f"C{_FIRST_ROW - 1}"
        page_setup(sheet, repeat=f"{_FIRST_ROW - 2}:{_FIRST_ROW - 2}")

    def _key(self, sheet: Worksheet) -> None:
        for offset, (colour, word, meaning) in enumerate(style.KEY):
            style.base(sheet.cell(3 + offset, 1), color=colour, bold=True).value = word
            style.base(sheet.cell(3 + offset, 2), size=9, color=style.MUTED).value = meaning


def _sections(book: Draft) -> list[tuple[Section, int]]:
    """Each section with the row of its band."""
    placed, row = [], _FIRST_ROW
    for section in book.template.section:
        placed.append((section, row))
        row += len(section.input) + 2
    return placed


def _write_input(sheet: Worksheet, row: int, item: Input) -> None:
    label = style.base(sheet.cell(row, 1))
    label.value = item.label
    # its end would be cut off by the value
    label.alignment = Alignment(wrap_text=True, vertical="center")
    cell = style.input_cell(sheet.cell(row, _VALUE), item.unit, item.whole)
    write_constant(cell, item.value)
    if not item.whole:
        cell.number_format = style.constant_format(item.unit, item.value)
    if item.unit == "text":
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    style.base(sheet.cell(row, _UNIT), color=style.MUTED).value = item.unit
    sheet.cell(row, _UNIT).alignment = Alignment(horizontal="left", vertical="center", indent=1)
    assumed = item.source.startswith("assumption")
    source = style.base(sheet.cell(row, 4), size=9, italic=assumed, color=style.MUTED)
    write_constant(source, item.source)
    source.alignment = Alignment(wrap_text=True, vertical="center")
    if item.as_of:
        dated = style.number(sheet.cell(row, 5), "date", style.MUTED)
        dated.value = item.as_of
    style.base(sheet.cell(row, 6), size=9, color=style.MUTED).value = _allowed(item)
    sheet.cell(row, 6).alignment = Alignment(horizontal="left", vertical="center", indent=1)
    style.base(sheet.cell(row, _NAME), size=9, color=style.MUTED).value = item.name
    style.note(sheet.cell(row, 8), item.note).alignment = Alignment(
        wrap_text=True, vertical="center"
    )
    _validate(sheet, cell, item)


def write_constant(cell: Any, value: Any) -> None:
    """Write a constant; text that begins like a formula stays text."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"


def _allowed(item: Input) -> str:
    if item.choices:
        return "list"
    if item.low is None and item.high is None:
        return ""
    low = "" if item.low is None else f"{item.low:,.10g}"
    high = "" if item.high is None else f"{item.high:,.10g}"
    if low and high:
        return low if low == high else f"{low} to {high}"
    return f"at least {low}" if low else f"at most {high}"


def _validate(sheet: Worksheet, cell: Any, item: Input) -> None:
    """Excel refuses what the deal file would refuse, with the same words."""
    rule: DataValidation | None = None
    if item.choices:
        rule = DataValidation(type="list", formula1=f'"{",".join(item.choices)}"')
    elif item.unit == "date":
        rule = DataValidation(type="date", operator="greaterThan", formula1="36526")
    elif item.unit != "text" and (item.low is not None or item.high is not None):
        low = item.low if item.low is not None else -1e300
        high = item.high if item.high is not None else 1e300
        kind = "whole" if item.whole else "decimal"
        rule = DataValidation(
            type=kind, operator="between", formula1=f"{low:.17g}", formula2=f"{high:.17g}"
        )
    if rule is None:
        return
    rule.showErrorMessage = rule.showInputMessage = True
    rule.errorTitle, rule.error = (
        "Not allowed",
        f"{item.label}: {_allowed(item) or item.unit}"[:255],
    )
    rule.promptTitle, rule.prompt = item.label[:32], f"{item.unit}; {_allowed(item)}"[:255]
    sheet.add_data_validation(rule)
    rule.add(cell)


# --- read back ------------------------------------------------------------------------------


@dataclass(frozen=True)
class InputCells:
    """Where one input stands, and what is said of it."""

    label: Place
    value: Place
    unit: Place
    source: Place
    as_of: Place


def read_inputs(book: Book) -> dict[str, InputCells]:
    """Find the inputs of a workbook of ours, from top to bottom; none in another."""
    named = {place: name for name, place in book.cell_names.items()}
    label, value, unit, source, as_of, *_ = _HEADER
    return {
        named[row[value]]: InputCells(row[label], row[value], row[unit], row[source], row[as_of])
        for row in cited(book)
        if set(_HEADER) <= set(row) and row[value] in named
    }
