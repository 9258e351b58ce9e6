"""Write values into a worksheet part: the cells concerned change, and not one other byte.

A regex finds the tags of a cell whose place is known; nothing is parsed again and nothing is
serialised, so prefixes, comments, white space and unknown elements survive as they are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xlcredit.ooxml.place import a1, extent
from xlcredit.ooxml.sheet import USUAL_CELL, Cell, Row, Sheet, Span
from xlcredit.ooxml.tags import ATTRIBUTE, PREFIX, masked
from xlcredit.ooxml.values import Value, element, spell

__all__ = ["Changes", "patch_calculation", "patch_sheet"]

Key = tuple[int, int]
#: Replace the bytes from the first to the second position.
Edit = tuple[int, int, bytes]

_START_TAG = re.compile(rb"<[^\s/>]+(?:" + ATTRIBUTE + rb")*\s*/?>")
_TYPE = re.compile(rb"\s+(?:t|vm)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_REF = re.compile(rb"(\sref\s*=\s*)(?:\"[^\"]*\"|'[^']*')")
_CALCULATION = re.compile(
    rb"\s+(?:fullCalcOnLoad|calcId|calcCompleted|forceFullCalc)\s*=\s*(?:\"[^\"]*\"|'[^']*')"
)
_CALC_PR = re.compile(rb"<" + PREFIX + rb"calcPr(?=[\s/>])(?:" + ATTRIBUTE + rb")*")
_GROUPS = rb"(?:definedNames|externalReferences|functionGroups|sheets)"
_BEFORE_CALC_PR = re.compile(
    rb"</(" + PREFIX + rb")" + _GROUPS + rb"\s*>|"
    rb"<(" + PREFIX + rb")" + _GROUPS + rb"(?:" + ATTRIBUTE + rb")*\s*/>"
)
#: The engine of Excel 2019 and later: Excel recomputes what an older one has saved.
_CALC_ID = b' calcId="191029"'


@dataclass
class Changes:
    """What to write into one sheet."""

    results: dict[Key, Value] = field(default_factory=dict)
    """Values of formula cells and of the cells that array formulas fill."""
    inputs: dict[Key, Value] = field(default_factory=dict)
    """New constants; None empties the cell."""
    spills: dict[Key, tuple[int, int]] = field(default_factory=dict)
    """Rows and columns that each spilling formula now fills."""

    def __bool__(self) -> bool:
        return bool(self.results or self.inputs)


def patch_sheet(sheet: Sheet, changes: Changes) -> bytes:
    """Return the bytes of a worksheet part with new values in it.

    Parameters
    ----------
    sheet : Sheet
        The part as scanned.
    changes : Changes
        Results and inputs. Cells that the file lacks are added in order; members that fell out
        of a smaller spill are emptied.

    Returns
    -------
    bytes
        The part; the very same bytes if every value was there already.
    """
    edits: list[Edit] = []
    usual = not sheet.spans and not sheet.prefix
    missing: dict[int, dict[int, bytes]] = defaultdict(dict)
    for place, value, fill in _wanted(sheet, changes):
        cell = sheet.cells.get(place)
        if cell is None:
            if value is not None:
                missing[place[0]][place[1]] = _new_cell(sheet.prefix, place, value, fill)
        elif not _is_there(cell, value):
            edit = _number(sheet, cell, value) if usual and fill is _fill_result else None
            edits += [edit] if edit else fill(sheet, cell, value)
    for place, (rows, columns) in changes.spills.items():
        edits += _resize(sheet, sheet.cells[place], rows, columns)
    edits += _insert(sheet, missing)
    return _splice(sheet.xml, edits)


def _is_there(cell: Cell, value: Value) -> bool:
    """Whether a number stands in a cell already, in the very spelling."""
    return type(value) is float and cell.kind == "n" and cell.text == spell(value)[1]


def _number(sheet: Sheet, cell: Cell, value: Value) -> Edit | None:
    """Make the edit that puts a number where a number stands, or nothing; None for any other."""
    match = USUAL_CELL.match(sheet.xml, cell.start) if type(value) is float else None
    if match is None or b" t=" in match["attributes"] or b" vm=" in match["attributes"]:
        return None
    kind, text = spell(value)
    start, end = match.span("v")
    if kind or match.start("f") < 0 or match.start("is") >= 0:
        return None
    if start < 0:
        start = end = match.end("f")
    return start, end, b"<v>%b</v>" % text.encode()


def patch_calculation(xml: bytes) -> bytes:
    """Tell Excel to keep the cached values: without the add-in it could not compute them again.

    Parameters
    ----------
    xml : bytes
        The workbook part. Only its ``calcPr`` changes.
    """
    found = _CALC_PR.search(masked(xml))
    if not found:
        return _add_calculation(xml)
    old = found.group()
    bare = _CALCULATION.sub(b"", old)
    name, _, rest = bare.partition(b"calcPr")
    return xml[: found.start()] + name + b"calcPr" + _CALC_ID + rest + xml[found.end() :]


def _add_calculation(xml: bytes) -> bytes:
    """Add the element behind the ones that the schema puts before it."""
    *_, last = _BEFORE_CALC_PR.finditer(masked(xml))
    tag = b"<%bcalcPr%b/>" % (last[1] or last[2] or b"", _CALC_ID)
    return xml[: last.end()] + tag + xml[last.end() :]


def _wanted(sheet: Sheet, changes: Changes) -> Iterable[tuple[Key, Value, _Result]]:
    """List the values to write and how: results as formula results, inputs as constants."""
    results = dict(changes.results)
    for place, (rows, columns) in changes.spills.items():
        for member in _old_members(sheet, place):
            inside = member[0] < place[0] + rows and member[1] < place[1] + columns
            if not inside and member not in results:
                yield member, None, _fill_input
    for place, value in results.items():
        yield place, value, _fill_result
    for place, value in changes.inputs.items():
        yield place, value, _fill_input


def _old_members(sheet: Sheet, anchor: Key) -> Iterable[Key]:
    options = sheet.cells[anchor].options
    if options.get("t") != "array" or "ref" not in options:
        return
    top, left, bottom, right = extent(options["ref"])
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            cell = sheet.cells.get((row, column))
            if cell is not None and cell.formula is None:
                yield row, column


class _Result:
    """How a cached value is put into a formula's cell, or one that an array formula fills."""

    def attributes(self, value: Value) -> bytes:
        kind, _ = spell(value)
        return b' t="%b"' % kind.encode() if kind else b""

    def content(self, prefix: bytes, value: Value) -> bytes:
        return element(prefix + b"v", spell(value)[1])

    def __call__(self, sheet: Sheet, cell: Cell, value: Value) -> list[Edit]:
        """Make the edits that put ``value`` into an existing cell."""
        start = cell.start
        tag = _start_tag(sheet.xml, start)
        attributes = self.attributes(value)
        content = self.content(sheet.prefix, value)
        bare = _TYPE.sub(b"", tag).rstrip(b">").rstrip(b"/").rstrip()
        if sheet.is_closed(cell):
            close = b"</%bc>" % sheet.prefix
            new = bare + attributes + (b">" + content + close if content else b"/>")
            return [(start, cell.end, new)]
        edits = []
        if bare + attributes + b">" != tag:
            edits.append((start, start + len(tag), bare + attributes + b">"))
        return edits + _replace_content(sheet.content(cell), content, start + len(tag))


class _Input(_Result):
    """How a constant is put into a cell.

    Text stands in the cell itself, so that no table shared by all sheets must change.
    """

    def attributes(self, value: Value) -> bytes:
        if isinstance(value, str):
            return b' t="inlineStr"'
        return super().attributes(value) if value is not None else b""

    def content(self, prefix: bytes, value: Value) -> bytes:
        if value is None:
            return b""
        if isinstance(value, str):
            return b"<%bis>%b</%bis>" % (prefix, element(prefix + b"t", value), prefix)
        return super().content(prefix, value)


_fill_result = _Result()
_fill_input = _Input()


def _start_tag(xml: bytes, start: int) -> bytes:
    match = _START_TAG.match(xml, start)
    assert match, "the parser saw a start tag here"
    return match.group()


def _replace_content(spans: Mapping[str, Span], content: bytes, inside: int) -> list[Edit]:
    """Put ``content`` where the old value stood, else behind the formula, else first."""
    old = sorted((s.start, s.end) for n, s in spans.items() if n != "f")
    if old:
        return [(*old[0], content), *((a, b, b"") for a, b in old[1:])]
    at = spans["f"].end if "f" in spans else inside
    return [(at, at, content)]


def _resize(sheet: Sheet, cell: Cell, rows: int, columns: int) -> list[Edit]:
    """Bring the extent of a spilling formula up to date.

    Excel would take filled cells outside the extent for constants that block the spill.
    """
    start = sheet.content(cell)["f"].start
    tag = _start_tag(sheet.xml, start)
    last = a1(cell.row + rows - 1, cell.column + columns - 1)
    first = a1(cell.row, cell.column)
    reference = first if first == last else f"{first}:{last}"
    new = _REF.sub(lambda m: m[1] + b'"%b"' % reference.encode(), tag)
    return [(start, start + len(tag), new)] if new != tag else []


def _new_cell(prefix: bytes, place: Key, value: Value, fill: _Result) -> bytes:
    reference, attributes = a1(*place).encode(), fill.attributes(value)
    content = fill.content(prefix, value)
    return b'<%bc r="%b"%b>%b</%bc>' % (prefix, reference, attributes, content, prefix)


def _insert(sheet: Sheet, missing: Mapping[int, Mapping[int, bytes]]) -> list[Edit]:
    """Make the edits that add cells the file lacks, in rows it may lack as well."""
    edits: list[Edit] = []
    absent: dict[int, bytes] = {}
    for number in sorted(missing):
        cells, row = missing[number], sheet.rows.get(number)
        if row is None:
            inside = b"".join(cells[c] for c in sorted(cells))
            absent[number] = b'<%brow r="%d">%b</%brow>' % (
                sheet.prefix,
                number,
                inside,
                sheet.prefix,
            )
        else:
            edits += _insert_cells(sheet, row, cells)
    return edits + _insert_rows(sheet, absent)


def _insert_cells(sheet: Sheet, row: Row, cells: Mapping[int, bytes]) -> list[Edit]:
    before: dict[int, list[bytes]] = defaultdict(list)
    columns = sorted(row.columns)
    for column in sorted(cells):
        at = bisect_left(columns, column)
        follows = (row.number, columns[at]) if at < len(columns) else None
        position = sheet.cells[follows].start if follows else row.span.close
        before[position].append(cells[column])
    return _open_up(sheet, row.span, "row", before)


def _insert_rows(sheet: Sheet, absent: Mapping[int, bytes]) -> list[Edit]:
    if not absent or sheet.data is None:
        return []
    before: dict[int, list[bytes]] = defaultdict(list)
    numbers = sorted(sheet.rows)
    for number, row in absent.items():
        at = bisect_left(numbers, number)
        exists = at < len(numbers)
        position = sheet.rows[numbers[at]].span.start if exists else sheet.data.close
        before[position].append(row)
    return _open_up(sheet, sheet.data, "sheetData", before)


def _open_up(sheet: Sheet, span: Span, name: str, before: Mapping[int, list[bytes]]) -> list[Edit]:
    """Insert new elements; a parent that closes itself gets an end tag first."""
    if span.close >= 0:
        return [(at, at, b"".join(new)) for at, new in before.items()]
    (new,) = before.values()
    tag = _start_tag(sheet.xml, span.start)[:-2].rstrip() + b">"
    close = b"</%b%b>" % (sheet.prefix, name.encode())
    return [(span.start, span.end, tag + b"".join(new) + close)]


def _splice(xml: bytes, edits: list[Edit]) -> bytes:
    edits.sort(key=lambda e: (e[0], e[1]))
    patched, position = bytearray(), 0  # no list of pieces: a sheet may hold millions
    for start, end, new in edits:
        patched += xml[position:start]
        patched += new
        position = end
    patched += xml[position:]
    return bytes(patched)
