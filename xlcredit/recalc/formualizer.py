"""The embedded engine: formualizer, in this process, behind our own adapter.

What the adapter makes up for: NaN comes out of a formula as NaN, errors travel as dictionaries,
anything but plain Python values turns into ``#VALUE!``, dates come out as dates, and cached
members of a spill block it. The model holds no such members, so none reach the engine.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from math import isfinite
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import formualizer

from xlcredit.errors import CellError, RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import zipped
from xlcredit.ooxml.place import Place, a1, address
from xlcredit.ooxml.place import extent as read_extent
from xlcredit.ooxml.values import Value, element, number, spell
from xlcredit.recalc.calls import Repeated, fitted
from xlcredit.recalc.corrections import CORRECTIONS
from xlcredit.recalc.dialect import COMPARE, FIT, JOIN, OVER, POWER, SOUND, SUM
from xlcredit.recalc.digits import (
    COMPARISONS,
    OVER_RANGES,
    added,
    compared,
    is_apart,
    joined,
    powered,
    sound,
)
from xlcredit.recalc.engine import (
    BLOCKED,
    CIRCULAR,
    LONGEST_SECONDS,
    NO_ROOM,
    SETTLED,
    TOO_LATE,
    UNREADABLE,
    Function,
    Model,
    Refusal,
    Text,
)
from xlcredit.recalc.preflight import EmbeddedReader

__all__ = ["Embedded"]

_CODES = {
    "Null": "#NULL!",
    "Div": "#DIV/0!",
    "Value": "#VALUE!",
    "Ref": "#REF!",
    "Name": "#NAME?",
    "Num": "#NUM!",
    "Na": "#N/A",
}
_KINDS = {code: kind for kind, code in _CODES.items()}
#: Errors that a file of the format's first edition cannot hold.
_NEWER = {
    "Spill": BLOCKED,
    "Calc": "the result is an empty array",
}
_REFUSALS = {
    "Circ": CIRCULAR,
    "Error": UNREADABLE,
    "NImpl": Refusal("uses something that the embedded engine cannot do"),
}


#: Answers that are kept for each worksheet function.
_MOST_ANSWERS = 1_000
#: Cells that are looked for among those that read another one.
_MOST_READERS = 1_000_000


class Embedded:
    """formualizer as an :class:`~xlcredit.recalc.engine.Engine`."""

    name = "embedded"
    package = "formualizer"
    corrections = CORRECTIONS

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {
            COMPARE: compared,
            FIT: fitted,
            JOIN: joined,
            POWER: powered,
            SOUND: sound,
            SUM: added,
            **OVER_RANGES,
        }
        self._workbook: Any = None

    def reader(self, book: Book, functions: Collection[str]) -> EmbeddedReader:
        """Make the reader of a workbook's formulas, who knows the worksheet functions."""
        own = [f for f in functions if f not in CORRECTIONS]
        return EmbeddedReader(book, functions, own, self.missing)

    def missing(self, functions: Collection[str]) -> set[str]:
        """Tell which of these built-in functions the engine does not have."""
        return {name for name in functions if not _has(name)}

    def register(self, name: str, function: Function) -> None:
        """Make a worksheet function known, or replace a built-in one."""
        self._functions[name] = function
        if self._workbook is not None:
            self._register(name)

    def load(self, model: Model) -> None:
        """Take a workbook in."""
        settings = formualizer.EvaluationConfig()
        settings.enable_parallel = False
        settings.max_eval_time_ms = 1000 * LONGEST_SECONDS
        if model.iteration:
            settings.cycle_policy = "iterate"
            rounds, change = model.iteration
            settings.iterate_max_iterations = rounds
            settings.iterate_max_change = change * SETTLED
        config = formualizer.WorkbookConfig(
            mode=formualizer.WorkbookMode.Interactive, eval_config=settings
        )
        try:
            self._workbook = formualizer.Workbook.from_bytes(_file(model), config=config)
        except MemoryError as error:
            raise RecalcError(f"the engine cannot load the workbook: {NO_ROOM}") from error
        except Exception as error:  # the engine raises a type of its own for each cause
            raise RecalcError(f"the engine cannot load the workbook: {error}") from error
        self._workbook.set_temporal_egress("serial")
        for name in self._functions:
            self._register(name)

    def _register(self, name: str) -> None:
        callback = _QUICK.get(name) or _behind(self._functions[name])
        self._workbook.register_function(
            name, callback, min_args=0, max_args=None, allow_override_builtin=True
        )

    def set(self, sheet: str, row: int, column: int, value: Value) -> None:
        """Change a constant."""
        self._workbook.set_value(sheet, row, column, _told(value))

    def set_column(self, sheet: str, row: int, column: int, values: Sequence[Value]) -> None:
        """Change constants that stand below one another, the first of them in this cell."""
        self._workbook.set_values_batch(sheet, row, column, [[_told(value)] for value in values])

    def enter(self, sheet: str, row: int, column: int, formula: Text) -> None:
        """Put a formula into a cell, on a sheet that is made if there is none."""
        self._workbook.add_sheet(sheet)
        self._workbook.set_formula(sheet, row, column, f"={formula}")

    def readers(self, sheet: str, row: int, column: int) -> list[Place]:
        """Give the formulas that read a cell directly, and not by a name."""
        report = self._workbook.dependents(
            address(sheet, row, column), max_results=_MOST_READERS, max_work=_MOST_READERS
        )
        return [_place(str(found.cell)) for found in report.dependents]

    def calculate(self) -> None:
        """Bring every formula up to date."""
        try:
            self._workbook.evaluate_all()
        except Exception as error:
            late = "exhausted: deadline" in str(error)
            raise RecalcError(TOO_LATE if late else f"the engine gave up: {error}") from error

    def value(self, sheet: str, row: int, column: int) -> Value | Refusal:
        """Give the value of a cell."""
        value = self._workbook.get_value(sheet, row, column)
        if isinstance(value, dict) and value.get("kind") in _REFUSALS:
            return _REFUSALS[value["kind"]]
        return _inward(value)  # type: ignore[no-any-return]

    def extent(self, sheet: str, row: int, column: int) -> tuple[int, int]:
        """Give the rows and columns that a cell's formula fills."""
        report = self._workbook.inspect_cell(address(sheet, row, column), include_values=False)
        spill = report.cell.spill
        if spill is None or spill.extent is None:
            return 1, 1
        top, left, bottom, right = read_extent(spill.extent.rpartition("!")[2])
        return bottom - top + 1, right - left + 1


def _told(constant: Value) -> Any:
    return None if constant is None else _outward(constant)


def _place(cell: str) -> Place:
    """Read an address as the engine writes it."""
    sheet, _, reference = cell.rpartition("!")
    name = sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet
    return Place(name, *read_extent(reference)[:2])


def _behind(function: Function) -> Callable[..., Any]:
    """Let the engine call a function on raw values."""

    def callback(*raw: Any) -> Any:
        given = raw if all(map(_is_plain, raw)) else map(_inward, raw)
        result = function(*given)
        return result if type(result) is float else _outward(result)

    return _kept(callback, function) if isinstance(function, Repeated) else callback


def _kept(callback: Callable[..., Any], function: Repeated) -> Callable[..., Any]:
    """Answer equal calls as before, and do not even read what the engine hands out."""
    answers: dict[bytes, Any] = {}

    def kept(site: float, *raw: Any) -> Any:
        try:
            key = marshal.dumps(raw, 2)
        except ValueError:
            return callback(site, *raw)
        found = answers.get(key)
        if found is not None:
            function.again(site)
            return found
        found = callback(site, *raw)
        if not _holds_error(found):  # whose reason is told cell by cell
            if len(answers) >= _MOST_ANSWERS:
                answers.clear()
            answers[key] = found
        return found

    return kept


def _holds_error(result: Any) -> bool:
    if isinstance(result, list):
        return any(type(value) is dict for row in result for value in row)
    return type(result) is dict


# What a model calls thousands of times is answered at once where it is given two numbers.

_compared, _added, _powered = _behind(compared), _behind(added), _behind(powered)


def _compare(left: Any, operator: str, right: Any) -> Any:
    if type(left) is float and type(right) is float and is_apart(left, right):
        return COMPARISONS[operator](left, right)
    return _compared(left, operator, right)


def _add(left: Any, sign: str, right: Any) -> Any:
    if type(left) is float and type(right) is float and isfinite(left + right):
        return added(left, sign, right)
    return _added(left, sign, right)


def _power(base: Any, exponent: Any) -> Any:
    if type(base) is float and 0.1 < base < 10:
        if type(exponent) is float and abs(exponent) < 300:
            return base**exponent
        if type(exponent) is list and all(
            type(e) is float and abs(e) < 300 for row in exponent for e in row
        ):
            return [[base**e for e in row] for row in exponent]
    return _powered(base, exponent)


def _over(name: str) -> Callable[..., Any]:
    """Ask for the kind of each cell of a range, as the engine hands them out."""
    asks = OVER_RANGES[name]
    if name != OVER + "ISERROR":
        return _behind(asks)

    def ask(value: Any) -> Any:
        if not isinstance(value, list):
            return isinstance(_inward(value), CellError)
        return [[type(v) is dict or (type(v) is float and v - v != 0.0) for v in r] for r in value]

    return ask


_QUICK: dict[str, Callable[..., Any]] = {
    COMPARE: _compare,
    SUM: _add,
    POWER: _power,
    **{name: _over(name) for name in OVER_RANGES},
}


def _is_plain(value: Any) -> bool:
    """Whether the engine hands a value out as we have it."""
    kind = type(value)
    return isfinite(value) if kind is float else kind is str or kind is bool


def _inward(value: Any) -> Any:
    """Turn what the engine hands out into raw values."""
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        # most are finite numbers: what is left of one when it is taken from itself tells
        return [
            [v if type(v) is float and v - v == 0.0 else _inward(v) for v in row] for row in value
        ]
    if isinstance(value, dict):
        kind = value.get("kind", "Value")
        return CellError(_CODES.get(kind, "#VALUE!"), _NEWER.get(kind, ""))
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _outward(value: Any) -> Any:
    """Turn raw values into what the engine takes."""
    if isinstance(value, CellError):
        return {"type": "Error", "kind": _KINDS.get(value.code, "Value")}
    if isinstance(value, list):
        return [[v if type(v) is float else _outward(v) for v in row] for row in value]
    return 0.0 if value is None else value


@cache
def _has(function: str) -> bool:
    """Try a built-in function out: only an unknown one answers ``#NAME?`` to an empty call."""
    engine = Embedded()
    engine.load(Model(sheets={"S": {(1, 1): Text(f"{function}()")}}))
    engine.calculate()
    return engine.value("S", 1, 1) != CellError("#NAME?")


# --- the smallest file that holds a model ---------------------------------------------------

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


#: Cells from which on the file is packed: that takes longer, and a tenth of the memory.
_MANY = 200_000


def _file(model: Model) -> bytes:
    """Write the model as a workbook without styles, caches or anything else to trip over.

    The model's cells are let go as they are written.
    """
    count = sum(map(len, model.sheets.values()))
    return zipped(_parts(model), packed=count > _MANY)


def _parts(model: Model) -> Iterator[tuple[str, bytes]]:
    numbers = range(1, len(model.sheets) + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for i in numbers
    )
    relations = "".join(
        f'<Relationship Id="r{i}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in numbers
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f"{overrides}</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f"{relations}</Relationships>",
        "xl/workbook.xml": _workbook_part(model),
    }
    for name, text in parts.items():
        yield name, text.encode()
    for i, sheet in zip(numbers, list(model.sheets), strict=True):
        yield f"xl/worksheets/sheet{i}.xml", b"".join(_sheet_part(model.sheets.pop(sheet)))


def _workbook_part(model: Model) -> str:
    order = list(model.sheets)
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{i}" r:id="r{i}"/>'
        for i, name in enumerate(order, 1)
    )
    names = ""
    for name in model.names:
        scope = f' localSheetId="{order.index(name.sheet)}"' if name.sheet in order else ""
        names += (
            f"<definedName name={quoteattr(name.name)}{scope}>{escape(name.text)}</definedName>"
        )
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets>'
        f"<definedNames>{names}</definedNames></workbook>"
    )


def _sheet_part(cells: dict[tuple[int, int], Value | Text]) -> Iterator[bytes]:
    yield f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode()
    current = 0
    for row, column in sorted(cells):
        if row != current:
            yield b"</row>" * bool(current) + b'<row r="%d">' % row
            current = row
        yield _cell(a1(row, column).encode(), cells[row, column])
    yield b"</row>" * bool(current) + b"</sheetData></worksheet>"


def _cell(reference: bytes, value: Value | Text) -> bytes:
    if isinstance(value, Text):
        return b'<c r="%b"><f>%b</f></c>' % (reference, escape(value).encode())
    if isinstance(value, str):
        text = element(b"t", value)
        return b'<c r="%b" t="inlineStr"><is>%b</is></c>' % (reference, text)
    kind, spelled = spell(value)
    return b'<c r="%b" t="%b"><v>%b</v></c>' % (reference, (kind or "n").encode(), spelled.encode())
