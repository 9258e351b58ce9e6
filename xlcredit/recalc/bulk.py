"""Many cells of the strict engine at once.

To call WebAssembly from Python takes far longer than to read a cell. So the loop over the cells
runs in WebAssembly too: the places are written into the engine's memory, a few instructions of
our own call the engine's public function for each, and all results are read together.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from xlcredit.errors import CellError
from xlcredit.ooxml.values import Value
from xlcredit.recalc.engine import BLOCKED

if TYPE_CHECKING:
    import wasmtime

__all__ = ["CODES", "Bulk"]

#: Row and column of a cell, from 1.
At = tuple[int, int]

#: The errors of the format's first edition, by the engine's numbers.
CODES = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
_SPILL = 8
_NO_VALUE = CellError("#VALUE!", "the result is an empty array, or no value of a cell")
#: Errors that a file of the format's first edition cannot hold.
_NEWER = {_SPILL: CellError("#VALUE!", BLOCKED), 9: _NO_VALUE}
_BLANK, _NUMBER, _BOOL, _TEXT, _ERROR = range(5)
#: What the engine gives for a cell: its kind, and a number, a truth, an error or a text's place.
_CELL = np.dtype([("kind", "<i4"), ("length", "<u4"), ("number", "<f8")])
_SPILLED = np.dtype([("row", "<u4"), ("column", "<u4"), ("size", "<u4", 2), ("engaged", "<i4")])
#: Room for texts in one go: more than the longest that a cell can hold takes in UTF-8.
_TEXTS = 1 << 18
#: Cells in one go.
_MOST = 1 << 17

#: `values` copies each text, which the engine lends only until the next call, and stops before
#: there is no room for another one; both reading loops return how many cells are left.
_LOOPS = """
(module
  (import "engine" "memory" (memory 1))
  (import "engine" "value" (func $value (param i32 i32 i32 i32 i32) (result i32)))
  (import "engine" "spill" (func $spill (param i32 i32 i32 i32 i32) (result i32)))
  (import "engine" "number" (func $number (param i32 i32 i32 i32 f64) (result i32)))
  (func (export "values") (param $book i32) (param $sheet i32) (param $at i32) (param $left i32)
                          (param $out i32) (param $text i32) (param $end i32) (result i32)
    (local $from i32) (local $length i32)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $left)))
      (br_if $done (call $value (local.get $book) (local.get $sheet)
        (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)) (local.get $out)))
      (if (i32.eq (i32.load (local.get $out)) (i32.const 3)) (then
        (local.set $from (i32.load offset=8 (local.get $out)))
        (local.set $length (i32.const 0))
        (block $found (loop $byte
          (br_if $found
            (i32.eqz (i32.load8_u (i32.add (local.get $from) (local.get $length)))))
          (local.set $length (i32.add (local.get $length) (i32.const 1)))
          (br $byte)))
        (br_if $done (i32.gt_u
          (i32.add (local.get $text) (local.get $length)) (local.get $end)))
        (memory.copy (local.get $text) (local.get $from) (local.get $length))
        (i32.store offset=4 (local.get $out) (local.get $length))
        (local.set $text (i32.add (local.get $text) (local.get $length)))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next)))
    (local.get $left))
  (func (export "spills") (param $book i32) (param $sheet i32) (param $at i32) (param $left i32)
                          (param $out i32) (result i32)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $left)))
      (br_if $done (call $spill (local.get $book) (local.get $sheet)
        (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)) (local.get $out)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (local.set $out (i32.add (local.get $out) (i32.const 20)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next)))
    (local.get $left))
  (func (export "numbers") (param $book i32) (param $sheet i32) (param $at i32) (param $left i32)
                           (param $from i32) (result i32)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $left)))
      (br_if $done (call $number (local.get $book) (local.get $sheet)
        (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))
        (f64.load (local.get $from))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next)))
    (local.get $left)))
"""
_loops: WeakKeyDictionary[wasmtime.Instance, dict[str, Any]] = WeakKeyDictionary()


class Bulk:
    """The cells of one workbook in the strict engine.

    Parameters
    ----------
    workbook : formulon.Workbook
        A workbook, loaded.
    """

    def __init__(self, workbook: Any) -> None:
        from formulon import _c  # noqa: PLC0415  (36 MB that only this engine needs)

        self._library = _c.LIB
        self._workbook = workbook
        self._calls = _linked(_c.LIB)

    def values(self, sheet: int, cells: Sequence[At]) -> list[Value]:
        """Give the values of cells; None is a blank one."""
        found: list[Value] = []
        while len(found) < len(cells):
            some = cells[len(found) : len(found) + _MOST]
            size = _CELL.itemsize * len(some)
            with self._places(some, size + _TEXTS) as (at, out):
                text, end = out + size, out + size + _TEXTS
                left = self._call("values", sheet, at, len(some), out, text, end)
                done = len(some) - left
                raw = self._library.read_bytes(out, _CELL.itemsize * done)
                self._progress(done)
                cell = np.frombuffer(raw, _CELL)
                length = int(cell["length"][cell["kind"] == _TEXT].sum())
                found += _values(cell, self._library.read_bytes(text, length))
        return found

    def extents(self, sheet: int, cells: Sequence[At]) -> list[tuple[int, int]]:
        """Give the rows and columns that the formulas of cells fill: (1, 1) without a spill."""
        found: list[tuple[int, int]] = []
        for start in range(0, len(cells), _MOST):
            some = cells[start : start + _MOST]
            size = _SPILLED.itemsize * len(some)
            with self._places(some, size) as (at, out):
                self._progress(not self._call("spills", sheet, at, len(some), out))
                spilled = np.frombuffer(self._library.read_bytes(out, size), _SPILLED)
            first = np.array(some, np.int64) - 1
            own = (spilled["row"] == first[:, 0]) & (spilled["column"] == first[:, 1])
            sizes = np.where((own & (spilled["engaged"] != 0))[:, None], spilled["size"], 1)
            found += [(rows, columns) for rows, columns in sizes.tolist()]
        return found

    def enter(self, sheet: int, numbers: Sequence[tuple[At, float]]) -> None:
        """Enter numbers into cells."""
        for start in range(0, len(numbers), _MOST):
            some = numbers[start : start + _MOST]
            content = array("d", (number for _, number in some)).tobytes()
            with self._places([at for at, _ in some], len(content)) as (at, out):
                self._library.write_bytes(out, content)
                self._progress(not self._call("numbers", sheet, at, len(some), out))

    def _call(self, name: str, sheet: int, *arguments: int) -> int:
        library = self._library
        with library.call_lock:
            left: int = library._call_or_poison(
                self._calls[name], name, self._workbook._require(), sheet, *arguments
            )
        return left

    @contextmanager
    def _places(self, cells: Sequence[At], size: int) -> Iterator[tuple[int, int]]:
        """Write places into the engine's memory, with room for what belongs to them."""
        numbers = array("I", (number - 1 for at in cells for number in at)).tobytes()
        at = self._library.alloc(len(numbers) + size)
        try:
            self._library.write_bytes(at, numbers)
            yield at, at + len(numbers)
        finally:
            self._library.free(at)

    def _progress(self, done: int) -> None:
        """Refuse to go on where the engine has refused a place: all that we ask are in a sheet."""
        if not done:
            raise RuntimeError("the strict engine refuses a cell of its own workbook")


def _linked(library: Any) -> dict[str, Any]:
    """Make the loops for the engine that runs in this process, once."""
    import wasmtime  # noqa: PLC0415 - loaded by now, with the machine

    if library._instance not in _loops:
        exports = library._exports
        needed = ("memory", "fm_workbook_get_value", "fm_workbook_spill_info")
        parts = [exports[name] for name in (*needed, "fm_workbook_set_number")]
        module = wasmtime.Module(library._engine, _LOOPS)
        made = wasmtime.Instance(library._store, module, parts)
        _loops[library._instance] = dict(made.exports(library._store).items())
    return _loops[library._instance]


def _values(cells: Any, texts: bytes) -> list[Value]:
    """Turn what the engine hands out into values."""
    values: list[Value] = cells["number"].tolist()
    start = 0
    for i in np.flatnonzero(cells["kind"] != _NUMBER).tolist():
        kind, length, _ = cells[i].tolist()
        if kind == _TEXT:
            values[i] = texts[start : start + length].decode("utf-8", errors="replace")
            start += length
        elif kind == _BLANK:
            values[i] = None
        else:
            number = int.from_bytes(cells[i].tobytes()[8:12], "little", signed=True)
            values[i] = bool(number) if kind == _BOOL else _error(kind, number)
    return values


def _error(kind: int, code: int) -> CellError:
    if kind != _ERROR:
        return _NO_VALUE
    return _NEWER.get(code) or CellError(CODES[code] if code < len(CODES) else "#VALUE!")
