"""What a cell's formula calls, and with which arguments: for ``XLC_WHY``.

This file is copied into the extension, see ``_addin.py``. Calc gives formulas in its own
spelling whatever the language: ``=XLCREDIT.XLC_RENT($Inputs.B3;rent_decline;{0|12};)``. An
argument is read if it is a cell, a range, a name of one, a constant or another call; one that
is a formula of its own, such as ``B3*2``, only Calc could work out.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import Any

CALL = re.compile(r"XLCREDIT\.(XLC_[A-Z_]+)\(")
#: Texts and quoted sheet names as wholes, for what they hold is no syntax.
PIECES = re.compile(r""""(?:[^"]|"")*"|'(?:[^']|'')*'|[(){};|]|[^"'(){};|]+""")
TEXT = re.compile(r'"((?:[^"]|"")*)"')
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?")
#: A cell or a range, perhaps on another sheet.
REFERENCE = re.compile(
    r"(?:\$?(?:'((?:[^']|'')+)'|(\w+))\.)?(\$?[A-Z]+\$?\d+(?::\$?[A-Z]+\$?\d+)?)"
)
ERROR = 4  # com.sun.star.sheet.FormulaResult.ERROR

Answer = Callable[[str, tuple[Any, ...]], Any]


class UnreadableError(Exception):
    """An argument is a formula of its own."""


def nan(number: int) -> float:
    """Return an error as Calc carries it: a quiet NaN with the error's number."""
    return float(struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_0000 | number))[0])


def traced(document: Any, cells: Any, answer: Answer) -> tuple[Any, ...]:
    """Give what ``XLC_WHY`` needs to know of a cell, or of the first error in a range.

    Returns
    -------
    tuple
        The value, an error as NaN; and the calls in its formula, inner ones first, as tuples:
        function, arguments (``None`` if they cannot be read), and row and column of the cell
        within the block that the formula fills.
    """
    area = cells.RangeAddress
    bad = [
        (found.StartRow - area.StartRow, found.StartColumn - area.StartColumn)
        for found in cells.queryFormulaCells(ERROR).RangeAddresses
    ]
    if not bad:
        return (_values(cells), ())
    cell = cells.getCellByPosition(*reversed(min(bad)))
    sheet = cells.Spreadsheet
    block = sheet.createCursorByRange(cell)
    block.collapseToCurrentArray()
    row = cell.RangeAddress.StartRow - block.RangeAddress.StartRow
    column = cell.RangeAddress.StartColumn - block.RangeAddress.StartColumn
    calls = Formula(document, sheet, answer).calls(cell.getFormula())
    return (nan(cell.getError()), tuple((*call, row, column) for call in calls))


class Formula:
    """Reads the calls in formulas of one sheet."""

    def __init__(self, document: Any, sheet: Any, answer: Answer) -> None:
        self.document = document
        self.sheet = sheet
        self.answer = answer

    def calls(self, text: str) -> Iterator[tuple[str, tuple[Any, ...] | None]]:
        """Give every call in a formula with its arguments, inner calls before outer ones."""
        for found in reversed(list(CALL.finditer(text))):
            parts, _ = split(text, found.end())
            try:
                yield found[1], tuple(map(self.argument, parts))
            except UnreadableError:
                yield found[1], None

    def argument(self, text: str) -> Any:
        """Give an argument as Calc would hand it over."""
        text = text.strip()
        if not text:
            return None
        if text[0] == "{":
            rows = split(text, 1, "|")[0]
            return tuple(tuple(map(self.constant, split(row, 0)[0])) for row in rows)
        call = CALL.match(text)
        if call:
            parts, end = split(text, call.end())
            if end == len(text):
                return self.answer(call[1], tuple(map(self.argument, parts)))
        reference = REFERENCE.fullmatch(text)
        if reference:
            quoted, plain, area = reference.groups()
            name = quoted.replace("''", "'") if quoted else plain
            sheet = self.document.Sheets.getByName(name) if name else self.sheet
            return _values(sheet.getCellRangeByName(area))
        for names in (self.sheet.NamedRanges, self.document.NamedRanges):
            if names.hasByName(text):
                cells = names.getByName(text).getReferredCells()
                if cells is not None:
                    return _values(cells)
        return self.constant(text)

    @staticmethod
    def constant(text: str) -> Any:
        """Give a number or a text."""
        text = text.strip()
        string = TEXT.fullmatch(text)
        if string:
            return string[1].replace('""', '"')
        if NUMBER.fullmatch(text):
            return float(text)
        if NUMBER.fullmatch(text[:-1]) and text[-1] == "%":
            return float(text[:-1]) / 100
        if text in ("TRUE()", "FALSE()"):
            return float(text == "TRUE()")
        raise UnreadableError(text)


def split(text: str, start: int, separator: str = ";") -> tuple[list[str], int]:
    """Split what is inside a bracket that opened before ``start``; tell where it ends."""
    parts, depth = [""], 0
    position = start
    for piece in PIECES.finditer(text, start):
        position = piece.end()
        depth += (piece[0] in "({") - (piece[0] in ")}")
        if depth < 0:
            break
        if piece[0] == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece[0]
    return ([] if parts == [""] else parts), position


def _values(cells: Any) -> Any:
    """Read cells as Calc hands them over, but for errors, which it would not: these are NaN."""
    area = cells.RangeAddress
    rows = [list(row) for row in cells.getDataArray()]
    for bad in cells.queryFormulaCells(ERROR).RangeAddresses:
        for row in range(bad.StartRow, bad.EndRow + 1):
            for column in range(bad.StartColumn, bad.EndColumn + 1):
                at = (column - area.StartColumn, row - area.StartRow)
                rows[at[1]][at[0]] = nan(cells.getCellByPosition(*at).getError())
    if len(rows) == len(rows[0]) == 1:
        return rows[0][0] if rows[0][0] != "" else _blank(cells)
    return tuple(map(tuple, rows))


def _blank(cells: Any) -> Any:
    """Tell a cell that is empty from one that holds empty text: Calc hands it over as 0."""
    empty = cells.getCellByPosition(0, 0).Type.value == "EMPTY"
    return 0.0 if empty else ""
