"""What a recalculation tells: values, errors with their reasons, and differences from before."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from xlcredit.errors import CellError, RecalcError
from xlcredit.ooxml.book import Book, Formula
from xlcredit.ooxml.place import Place, a1, extent
from xlcredit.ooxml.values import Value
from xlcredit.recalc.accuracy import Accuracy
from xlcredit.recalc.calls import Calls

__all__ = [
    "DEPENDS",
    "DISPUTED",
    "NOT_CALCULATED",
    "ONE_ENGINE",
    "CellFault",
    "Difference",
    "Doubt",
    "Recalculation",
    "differences",
    "faults",
]

_PLAIN_REASONS = {
    "#DIV/0!": "a number is divided by zero or by an empty cell",
    "#VALUE!": "a value is of the wrong kind, such as text where a number is needed",
    "#REF!": "a reference points outside the sheet, or to something that was deleted",
    "#NAME?": "a name is not defined in this workbook",
    "#NUM!": "there is no such number, or no solution was found",
    "#N/A": "a value was looked for and not found",
    "#NULL!": "two ranges have no cell in common",
}


_TOO_SMALL = "the result is smaller than the range of the array formula"


#: What a program with decimal commas shows between arguments, and no file holds.
_SEMICOLON = "a semicolon stands between the arguments of a function; a file has commas"
_TEXT_OR_ARRAY = re.compile(r"\"[^\"]*\"|'[^']*'|\{[^}]*\}|\[[^\]]*\]")


def _has_semicolon(text: str) -> bool:
    return ";" in text and ";" in _TEXT_OR_ARRAY.sub("", text)


#: The outcomes of a cell, other than agreed.
DISPUTED = "disputed"
ONE_ENGINE = "one engine"
NOT_CALCULATED = "not calculated"
DEPENDS = "depends on a cell that is not calculated or disputed"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A formula's cell whose value is not agreed."""

    sheet: str
    cell: str
    outcome: str
    """``"disputed"``, ``"one engine"``, ``"not calculated"``, or that it depends on such a cell."""
    reason: str
    formula: str
    value: Value
    """What is written."""
    other: Value = None
    """What the second engine gives, if the two dispute."""

    def __str__(self) -> str:
        return f"{self.sheet}!{self.cell} {self.outcome}: {self.reason}"


@dataclass(frozen=True, slots=True)
class CellFault:
    """A formula's cell that shows an error value."""

    sheet: str
    cell: str
    code: str
    reason: str
    formula: str


_OUTERMOST = re.compile(r"(?:_xlfn\.)?([A-Za-z_][\w.]*)\(")


@dataclass(frozen=True, slots=True)
class Difference:
    """A formula's cell that shows another value than the one saved in the file."""

    place: Place
    saved: Value
    now: Value
    source: Formula | None
    """What fills the cell; written out when it is asked for, as a file may hold no value at all."""

    @property
    def sheet(self) -> str:
        """The name of its sheet."""
        return self.place.sheet

    @property
    def cell(self) -> str:
        """Its address in the sheet."""
        return a1(self.place.row, self.place.column)

    @property
    def formula(self) -> str:
        """The formula that fills it."""
        return str(self.source)

    @property
    def kind(self) -> str:
        """Either ``"changed"`` or ``"no saved value"``."""
        return "changed" if self.saved is not None else "no saved value"

    @property
    def cause(self) -> str:
        """What differs, and in which function: what cells that differ are summed up by."""
        if self.saved is None:
            what = "no value was saved"
        elif isinstance(self.now, CellError):
            what = f"shows {self.now.code} now"
        elif isinstance(self.saved, CellError):
            what = f"showed {self.saved.code}"
        else:
            what = "another value"
        function = _OUTERMOST.search(self.formula)
        return f"{what}, {function[1].upper() if function else 'no function'}"

    @property
    def size(self) -> float:
        """How far apart two numbers are, relative to the larger one; 1 for other values."""
        if not (isinstance(self.saved, float) and isinstance(self.now, float)):
            return 1.0
        return abs(self.now - self.saved) / max(abs(self.now), abs(self.saved))


@dataclass(frozen=True)
class Recalculation:
    """The result of :func:`~xlcredit.recalc.session`."""

    values: dict[str, dict[tuple[int, int], Value]]
    """By sheet, then (row, column): every formula's value, and the cells that arrays fill."""
    constants: dict[str, dict[tuple[int, int], Value]]
    """By sheet, then (row, column): what is typed into cells, with the inputs that were set."""
    names: dict[str, Value]
    """The value of each defined name that stands for one cell, inputs included."""
    errors: list[CellFault]
    """Every formula's cell with an error value."""
    changes: list[Difference]
    """Every formula's cell whose value differs from the saved one."""
    warnings: list[str]
    """What makes the result hard to reproduce, such as ``TODAY()``."""
    functions_called: dict[str, int]
    """How often each worksheet function was called."""
    cells: int
    """Number of formulas."""
    seconds: float
    """From opening the file to the last byte written."""
    engine: str = "embedded"
    """Which engine's values these are."""
    slower: str = ""
    """The cell and the reason for which the strict engine calculated, where none was asked for."""
    doubts: list[Doubt] = field(default_factory=list)
    """Every formula's cell that is not agreed by two engines or inside the proven dialect."""

    @property
    def disputed(self) -> list[Doubt]:
        """The cells for which the two engines give different values."""
        return [d for d in self.doubts if d.outcome == DISPUTED]

    @property
    def not_calculated(self) -> list[Doubt]:
        """The cells that no engine has calculated."""
        return [d for d in self.doubts if d.outcome == NOT_CALCULATED]

    @property
    def dependent(self) -> list[Doubt]:
        """The cells that depend on one that is disputed or not calculated."""
        return [d for d in self.doubts if d.outcome == DEPENDS]

    @property
    def one_engine(self) -> list[Doubt]:
        """The cells that only one engine has calculated."""
        return [d for d in self.doubts if d.outcome == ONE_ENGINE]

    @property
    def unsure(self) -> list[Doubt]:
        """The cells to look at before their values are used: all doubts but of one engine."""
        return [d for d in self.doubts if d.outcome != ONE_ENGINE]

    def value(self, sheet_or_name: str, cell: str | None = None) -> Value:
        """Give one value, calculated or constant.

        Parameters
        ----------
        sheet_or_name : str
            A defined name, an address such as ``Debt!B4``, or a sheet's name.
        cell : str, optional
            Address on that sheet.

        Returns
        -------
        float, str, bool, CellError or None
            None for an empty cell.

        Raises
        ------
        RecalcError
            If there is no such cell.
        """
        if cell is None and "!" not in sheet_or_name:
            found = [n for n in self.names if n.lower() == sheet_or_name.lower()]
            if found:
                return self.names[found[0]]
            raise RecalcError(f"{sheet_or_name} is not the name of a cell")
        shown = sheet_or_name if cell is None else f"{sheet_or_name}!{cell}"
        sheet, _, reference = shown.rpartition("!")
        sheet = sheet.strip("'").replace("''", "'")
        if sheet not in self.values or not _ONE_CELL.fullmatch(reference):
            raise RecalcError(f"{shown} is not a cell")
        row, column, *_ = extent(reference.upper())
        here = self.values[sheet] if (row, column) in self.values[sheet] else self.constants[sheet]
        return here.get((row, column))


_ONE_CELL = re.compile(r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}")


def differences(book: Book, values: Mapping[Place, Value]) -> Iterator[Difference]:
    """Compare calculated values with the saved ones."""
    accuracy = Accuracy(book, values)
    for place, now in values.items():
        saved = book.saved(place)
        if saved is None or not accuracy.agree(place, saved, now):
            yield Difference(place, saved, now, _formula_of(book, place))


def faults(
    book: Book, values: Mapping[Place, Value], calls: Calls, refused: Mapping[Place, str]
) -> Iterator[CellFault]:
    """List the cells with error values and find out why each has one."""
    trace = _Trace(book, values)
    for place, error in trace.errors.items():
        anchor = book.members.get(place, place)
        formula = _formula_of(book, place)
        anchor = formula.place if formula is not None else anchor
        offset = (place.row - anchor.row, place.column - anchor.column)
        reason = (
            refused.get(anchor, "")
            or calls.reason(anchor, error.code, offset)
            or error.reason
            or (trace.source(formula, place) if formula else "")
            or (_SEMICOLON if formula and _has_semicolon(formula.text) else "")
            or (_TOO_SMALL if error.code == "#N/A" and offset != (0, 0) else "")
            or _PLAIN_REASONS[error.code]
        )
        cell = a1(place.row, place.column)
        yield CellFault(place.sheet, cell, error.code, reason, str(formula))


def _formula_of(book: Book, place: Place) -> Formula | None:
    """Give the formula that fills a cell; None only if a spill has grown over it."""
    return book.formulas.get(book.members.get(place, place))


_REFERENCE = re.compile(r"\$?[A-Z]{1,3}\$?[0-9]{1,7}(?::\$?[A-Z]{1,3}\$?[0-9]{1,7})?", re.I)
_OPERAND = re.compile(
    r"\"(?:[^\"]|\"\")*\"|(?:(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)?(?:[^\W\d]|[$\\])[\w.$]*"
    r"(?::\$?[A-Za-z]{1,3}\$?\d+)?(?!\()"
)


class _Trace:
    """Looks for the cell from which an error has come."""

    def __init__(self, book: Book, values: Mapping[Place, Value]) -> None:
        self._book = book
        self.errors = {p: v for p, v in values.items() if isinstance(v, CellError)}
        self._by_sheet: dict[str, dict[tuple[int, int], str]] = defaultdict(dict)
        for place, error in self.errors.items():
            self._by_sheet[place.sheet.lower()][place.row, place.column] = error.code
        for sheet, cells in book.constants.items():
            for key, value in cells.items():
                if isinstance(value, CellError):
                    self._by_sheet[sheet.lower()][key] = value.code

    def source(self, formula: Formula, place: Place) -> str:
        """Name a cell that the formula reads and that shows the same error."""
        code = self.errors[place].code
        for match in _OPERAND.finditer(formula.text):
            found = self._find(match.group(), place, code)
            if found and found != place:
                return f"error in {found}"
        return ""

    def _find(self, operand: str, here: Place, code: str) -> Place | None:
        sheet, _, reference = operand.rpartition("!")
        sheet = sheet.strip("'").replace("''", "'") or here.sheet
        if not _REFERENCE.fullmatch(reference):
            named = next((n for n in self._book.names if n.name.lower() == operand.lower()), None)
            if named is None or "(" in named.text:
                return None
            sheet, _, reference = named.text.rpartition("!")
            sheet = sheet.strip("'").replace("''", "'") or here.sheet
            if not _REFERENCE.fullmatch(reference):
                return None
        errors = self._by_sheet.get(sheet.lower(), {})
        top, left, bottom, right = extent(reference.upper())
        if (bottom - top + 1) * (right - left + 1) <= len(errors):
            inside = ((r, c) for r in range(top, bottom + 1) for c in range(left, right + 1))
        else:
            inside = (k for k in errors if top <= k[0] <= bottom and left <= k[1] <= right)
        hit = next((k for k in inside if errors.get(k) == code), None)
        return Place(self._proper(sheet), *hit) if hit else None

    def _proper(self, sheet: str) -> str:
        return next(s for s in self._book.sheets if s.lower() == sheet.lower())
