"""The smallest workbook file that holds given values: no styles, no formulas, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from xlcredit.ooxml.package import zipped
from xlcredit.ooxml.place import a1
from xlcredit.ooxml.relations import TYPES
from xlcredit.ooxml.values import Value, element, spell

__all__ = ["plain_workbook"]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def plain_workbook(
    sheets: Mapping[str, Sequence[Sequence[Value]]], names: Mapping[str, str]
) -> bytes:
    """Write values into a new workbook.

    Parameters
    ----------
    sheets : mapping
        The rows of each sheet, from A1 on; None is an empty cell.
    names : mapping
        Each defined name with what it stands for, such as ``Rents!$A$1:$A$9``.

    Returns
    -------
    bytes
        An ``.xlsx`` file; equal contents are equal bytes.

    Examples
    --------
    >>> from xlcredit.ooxml.book import Book
    >>> from xlcredit.ooxml.package import Package
    >>> book = Book(Package(plain_workbook({"S": [[1.5, "two"]]}, {"x": "S!$A$1"})))
    >>> book.constants["S"], book.cell_names["x"].absolute
    ({(1, 1): 1.5, (1, 2): 'two'}, '$A$1')
    """
    numbers = range(1, len(sheets) + 1)
    parts = [f"worksheets/sheet{n}.xml" for n in numbers]
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>'
        for n, name in zip(numbers, sheets, strict=True)
    )
    defined = "".join(
        f"<definedName name={quoteattr(name)}>{escape(text)}</definedName>"
        for name, text in names.items()
    )
    related = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/worksheet" Target="{part}"/>'
        for n, part in zip(numbers, parts, strict=True)
    )
    kinds = "".join(
        f'<Override PartName="/xl/{part}" ContentType="{_KIND}.worksheet+xml"/>' for part in parts
    )
    texts = {
        TYPES: f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f"{kinds}</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<sheets>{listed}</sheets>"
        + (f"<definedNames>{defined}</definedNames>" if defined else "")
        + "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f"{related}</Relationships>",
    }
    contents = {name: (_HEAD + text).encode() for name, text in texts.items()}
    for part, rows in zip(parts, sheets.values(), strict=True):
        contents[f"xl/{part}"] = _HEAD.encode() + _sheet(rows)
    return zipped(contents)


def _sheet(rows: Sequence[Sequence[Value]]) -> bytes:
    inside = b"".join(
        b'<row r="%d">%b</row>'
        % (r, b"".join(_cell(a1(r, c), value) for c, value in enumerate(row, start=1)))
        for r, row in enumerate(rows, start=1)
    )
    return b'<worksheet xmlns="%b"><sheetData>%b</sheetData></worksheet>' % (
        _MAIN.encode(),
        inside,
    )


def _cell(reference: str, value: Value) -> bytes:
    if value is None:
        return b""
    head = b'<c r="%b"' % reference.encode()
    if isinstance(value, str):
        return b'%b t="inlineStr"><is>%b</is></c>' % (head, element(b"t", value))
    kind, text = spell(value)
    tag = b' t="%b"' % kind.encode() if kind else b""
    return b"%b%b>%b</c>" % (head, tag, element(b"v", text))
