"""Workbooks made to hurt: each function bends one thing of a sound workbook.

:data:`HOSTILE` holds them by name. Nothing here comes from outside: every file is made anew from
a small workbook of our own.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from functools import cache, partial

from tests.hostile.archives import Parts, member, packed, patched, unpacked

__all__ = ["HOSTILE", "Parts", "sound"]

SHEET, BOOK, STRINGS = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"
RELATIONS, TYPES = "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
STYLES = "xl/styles.xml"

Maker = Callable[[Parts], bytes]
HOSTILE: dict[str, Maker] = {}


def _hostile(make: Maker) -> Maker:
    HOSTILE[make.__name__.strip("_")] = make
    return make


_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


@cache
def sound() -> bytes:
    """Make a small workbook with text, names, a formula that is copied, and stored values."""
    texts = ["rent", "decline", *(f"month {row}" for row in range(3, 9))]
    rows = [("2", ""), ("0.3", "")]
    value = 0.3
    for row in range(3, 9):
        formulas = f"B{row - 1}*(1-$B$2)", f"B{row}+1"
        value *= 0.7
        cells = zip("BC", formulas, (value, value + 1), strict=True)
        rows.append(
            ("", "".join(f'<c r="{c}{row}"><f>{f}</f><v>{v!r}</v></c>' for c, f, v in cells))
        )
    sheet = "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>{n - 1}</v></c>'
        + (f'<c r="B{n}"><v>{number}</v></c>' if number else cells)
        + "</row>"
        for n, (number, cells) in enumerate(rows, 1)
    )
    strings = "".join(f"<si><t>{text}</t></si>" for text in texts)
    parts = {
        TYPES: f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{BOOK}" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/{SHEET}" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/{STRINGS}" ContentType="{_TYPE}.sharedStrings+xml"/>'
        f'<Override PartName="/{STYLES}" ContentType="{_TYPE}.styles+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="{BOOK}"/>'
        "</Relationships>",
        BOOK: f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Flow" sheetId="1" r:id="rId1"/></sheets><definedNames>'
        '<definedName name="rent">Flow!$B$1</definedName></definedNames>'
        '<calcPr calcId="191029"/></workbook>',
        RELATIONS: f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        f'<Relationship Id="rId3" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        STYLES: f"<styleSheet {_MAIN}>"
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
        '<borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs>'
        '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellXfs>'
        "</styleSheet>",
        STRINGS: f'<sst {_MAIN} count="8" uniqueCount="8">{strings}</sst>',
        SHEET: f"<worksheet {_MAIN}><sheetData>{sheet}</sheetData></worksheet>",
    }
    head = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return packed({name: head + text.encode() for name, text in parts.items()})


def _edited(parts: Parts, part: str, old: bytes, new: bytes) -> bytes:
    """Replace what stands once or more in a part."""
    assert old in parts[part], (part, old, parts[part][:2000])
    return packed(parts | {part: parts[part].replace(old, new)})


def _with_cells(parts: Parts, cells: bytes) -> bytes:
    """Add a row of cells at the end of the sheet."""
    return _edited(parts, SHEET, b"</sheetData>", b'<row r="20">%b</row></sheetData>' % cells)


# --- the archive ------------------------------------------------------------------------------


@_hostile
def _cut_short(parts: Parts) -> bytes:
    return packed(parts)[:-200]


@_hostile
def _bad_checksum(parts: Parts) -> bytes:
    data = packed(parts)
    for header in zip(member(data, SHEET), (14, 16), strict=True):
        data = patched(data, sum(header), b"\1\2\3\4")
    return data


@_hostile
def _bad_checksum_of_a_part_nobody_reads(parts: Parts) -> bytes:
    data = packed(parts | {"xl/media/logo.png": b"not a picture" * 9})
    for header in zip(member(data, "xl/media/logo.png"), (14, 16), strict=True):
        data = patched(data, sum(header), b"\1\2\3\4")
    return data


@_hostile
def _names_that_differ_in_case(parts: Parts) -> bytes:
    other = parts[SHEET].replace(b"<v>2</v>", b"<v>99</v>")
    return packed({**parts, SHEET.upper(): other})


@_hostile
def _overlapping_members(parts: Parts) -> bytes:
    data = packed(parts | {"xl/worksheets/sheet9.xml": parts[SHEET]})
    (there, _), (_, entry) = member(data, SHEET), member(data, "xl/worksheets/sheet9.xml")
    return patched(data, entry + 42, struct.pack("<L", there))


@_hostile
def _headers_that_disagree(parts: Parts) -> bytes:
    """A zip reader that trusts the header in front of the bytes sees another part."""
    data = packed(parts)
    local, _ = member(data, SHEET)
    return patched(data, local + 30, SHEET.replace("1", "7").encode())


@_hostile
def _seventy_thousand_members(parts: Parts) -> bytes:
    many = {f"xl/media/{i}": b"" for i in range(70_000)}
    return packed(parts | many, zipfile.ZIP_STORED)


@_hostile
def _bomb(parts: Parts) -> bytes:
    return packed(parts | {"xl/media/a.bin": bytes(40 << 20)})


@_hostile
def _bomb_that_lies(parts: Parts) -> bytes:
    """The directory says that little comes out."""
    data = packed(parts | {"xl/media/a.bin": bytes(40 << 20)})
    for header in zip(member(data, "xl/media/a.bin"), (22, 24), strict=True):
        data = patched(data, sum(header), struct.pack("<L", 100))
    return data


@_hostile
def _zip64_directory_nowhere(parts: Parts) -> bytes:
    """The record of large archives says that the directory is beyond the end."""
    data = packed(parts)
    end = data.rindex(b"PK\5\6")
    (size,) = struct.unpack_from("<L", data, end + 12)
    count = len(parts), len(parts)
    large = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, *count, size, 1 << 62)
    where = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *[0xFFFF] * 2, *[0xFFFFFFFF] * 2, 0)
    return data[:end] + large + where + last


def _zip64_size(size: int) -> Maker:
    """Make an archive whose directory gives a size by the field for large members."""

    def make(parts: Parts) -> bytes:
        name = "xl/media/a.bin"
        data = packed(parts | {name: b"x" * 100})
        _, entry = member(data, name)
        more = struct.pack("<HHQQ", 1, 16, size, size)
        head = patched(data[entry : entry + 46], 20, struct.pack("<LL", *[0xFFFFFFFF] * 2))
        head = patched(head, 30, struct.pack("<H", len(more)))
        after = entry + 46 + len(name)
        data = data[:entry] + head + name.encode() + more + data[after:]
        end = data.rindex(b"PK\5\6")
        (directory,) = struct.unpack_from("<L", data, end + 12)
        return patched(data, end + 12, struct.pack("<L", directory + len(more)))

    return make


HOSTILE |= {
    "zip64_size_huge": _zip64_size(1 << 62),
    "zip64_size_small": _zip64_size(3),
}


@_hostile
def _member_outside(parts: Parts) -> bytes:
    return packed(parts | {"../../outside.xml": b"<a/>", "/etc/outside": b"<a/>"})


@_hostile
def _parts_that_are_not_there(parts: Parts) -> bytes:
    return packed({k: v for k, v in parts.items() if k not in (STRINGS, STYLES)})


@_hostile
def _strange_compression(parts: Parts) -> bytes:
    return packed(parts, zipfile.ZIP_LZMA)


# --- the XML ----------------------------------------------------------------------------------

_DEEP = 30_000


@_hostile
def _deep_strings(parts: Parts) -> bytes:
    deep = b"<r>" * _DEEP + b"</r>" * _DEEP
    return _edited(parts, STRINGS, b"</si>", deep + b"</si>")


@_hostile
def _deep_workbook(parts: Parts) -> bytes:
    return _edited(parts, BOOK, b"</workbook>", b"<a>" * _DEEP + b"</a>" * _DEEP + b"</workbook>")


@_hostile
def _deep_sheet(parts: Parts) -> bytes:
    return _edited(
        parts, SHEET, b"</worksheet>", b"<a>" * _DEEP + b"</a>" * _DEEP + b"</worksheet>"
    )


@_hostile
def _deep_cell(parts: Parts) -> bytes:
    return _with_cells(
        parts, b'<c r="A20" t="inlineStr"><is>' + b"<r>" * _DEEP + b"</r>" * _DEEP + b"</is></c>"
    )


@_hostile
def _laughs(parts: Parts) -> bytes:
    head = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb">]>'
    return packed(parts | {BOOK: head + parts[BOOK].partition(b"?>")[2]})


@_hostile
def _laughs_in_a_sheet(parts: Parts) -> bytes:
    head = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb">]>'
    return packed(parts | {SHEET: head + parts[SHEET].partition(b"?>")[2]})


@_hostile
def _entity_from_outside(parts: Parts) -> bytes:
    head = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
    strings = parts[STRINGS].replace(b"<t>rent</t>", b"<t>&b;</t>")
    return packed(parts | {STRINGS: head + strings.partition(b"?>")[2]})


def _utf16(part: str) -> Maker:
    def make(parts: Parts) -> bytes:
        text = parts[part].decode().partition("?>")[2]
        return packed(
            parts | {part: ('<?xml version="1.0" encoding="UTF-16"?>' + text).encode("utf-16")}
        )

    return make


HOSTILE |= {
    f"utf16_{name}": _utf16(part)
    for name, part in {
        "sheet": SHEET,
        "workbook": BOOK,
        "strings": STRINGS,
        "relations": RELATIONS,
        "types": TYPES,
        "styles": STYLES,
    }.items()
}


@_hostile
def _latin1(parts: Parts) -> bytes:
    text = parts[BOOK].decode().partition("?>")[2].replace("Flow", "Flüsse")
    head = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    return packed(parts | {BOOK: (head + text).encode("latin-1")})


@_hostile
def _odd_prefixes(parts: Parts) -> bytes:
    """Names of elements that a regex for words does not find."""
    changed = parts.copy()
    for part in (SHEET, BOOK, STRINGS):
        text = parts[part].decode()
        text = text.replace("<", "<x-ä.1:").replace("<x-ä.1:/", "</x-ä.1:")
        text = text.replace("<x-ä.1:?xml", "<?xml").replace(" xmlns=", " xmlns:x-ä.1=")
        changed[part] = text.encode()
    return packed(changed)


@_hostile
def _undeclared_prefix(parts: Parts) -> bytes:
    return _edited(parts, SHEET, b"<sheetData>", b"<zz:sheetData>")


@_hostile
def _comments_everywhere(parts: Parts) -> bytes:
    """Comments and CDATA may hold what looks like elements."""
    return packed(
        parts
        | {
            BOOK: parts[BOOK].replace(
                b"<sheets>", b"<!-- <sheets><calcPr/></sheets></definedNames> --><sheets>"
            ),
            SHEET: parts[SHEET].replace(b"<sheetData>", b"<!-- <sheetData><f>1</f> --><sheetData>"),
        }
    )


@_hostile
def _text_in_cdata(parts: Parts) -> bytes:
    return _edited(parts, SHEET, b"<f>B3+1</f>", b"<f><![CDATA[B3+1]]></f>")


# --- cells ------------------------------------------------------------------------------------

_CELLS = {
    "string_minus_one": b'<c r="A20" t="s"><v>-1</v></c>',
    "string_that_is_not_there": b'<c r="A20" t="s"><v>999999</v></c>',
    "string_number_with_underscore": b'<c r="A20" t="s"><v>0_0</v></c>',
    "number_with_underscore": b'<c r="A20"><v>1_000</v></c>',
    "number_in_other_digits": '<c r="A20"><v>١٢</v></c>'.encode(),
    "number_nan": b'<c r="A20"><v>nan</v></c>',
    "number_infinity": b'<c r="A20"><v>-inf</v></c>',
    "number_too_large": b'<c r="A20"><v>1e999</v></c>',
    "number_of_5000_digits": b'<c r="A20"><v>' + b"9" * 5000 + b"</v></c>",
    "string_of_5000_digits": b'<c r="A20" t="s"><v>' + b"9" * 5000 + b"</v></c>",
    "row_of_5000_digits": b'<c r="A' + b"9" * 5000 + b'"><v>1</v></c>',
    "cell_off_the_sheet": b'<c r="ZZZ20"><v>1</v></c>',
    "cell_in_row_zero": b'<c r="A0"><v>1</v></c>',
    "cell_in_another_row": b'<c r="A7"><v>1</v></c>',
    "cell_twice": b'<c r="A20"><v>1</v></c><c r="A20"><v>2</v></c>',
    "cells_out_of_order": b'<c r="C20"><v>1</v></c><c r="A20"><v>2</v></c>',
    "lone_surrogate": b'<c r="A20" t="inlineStr"><is><t>_xD800_ and _x0000_</t></is></c>',
    "terminal_escape": b'<c r="A20" t="inlineStr"><is><t>_x001B_]0;owned_x0007_</t></is></c>',
    "error_that_is_none": b'<c r="A20" t="e"><v>#NEVER!</v></c>',
    "truth_that_is_none": b'<c r="A20" t="b"><v>maybe</v></c>',
    "date_that_is_none": b'<c r="A20" t="d"><v>2026-02-31</v></c>',
    "kind_that_is_none": b'<c r="A20" t="zzz"><v>1</v></c>',
    "style_that_is_none": b'<c r="A20" s="-7"><v>1.5</v></c>',
    "style_of_5000_digits": b'<c r="A20" s="' + b"9" * 5000 + b'"><v>1.5</v></c>',
    "value_twice": b'<c r="A20"><v>1</v><v>2</v></c>',
    "formula_twice": b'<c r="A20"><f>1+1</f><f>1+2</f><v>2</v></c>',
    "formula_of_no_kind": b'<c r="A20"><f t="magic">1+1</f><v>2</v></c>',
    "metadata_of_nobody": b'<c r="A20" cm="99999" vm="-1"><f t="array" ref="A20">2</f><v>2</v></c>',
    "data_table_without_a_corner": b'<c r="A20"><f t="dataTable" ref="A20:B21" dt2D="1" dtr="1" '
    b'r1="B2" r2="B1"/><v>1</v></c>',
    "data_table_of_a_column": b'<c r="A20"><f t="dataTable" ref="A20:A1048576" r1="A20"/></c>',
    "data_table_of_a_cell_that_is_gone": b'<c r="A20"><f t="dataTable" ref="A20" r1="ZZZZ9" '
    b'del1="1"/><v>1</v></c>',
}
HOSTILE |= {name: partial(_with_cells, cells=cells) for name, cells in _CELLS.items()}


@_hostile
def _row_of_5000_digits_by_row(parts: Parts) -> bytes:
    return _edited(parts, SHEET, b'<row r="3"', b'<row r="' + b"3" * 5000 + b'"')


@_hostile
def _row_minus_one(parts: Parts) -> bytes:
    return _edited(parts, SHEET, b'<row r="3"', b'<row r="-1"')


# --- formulas ---------------------------------------------------------------------------------

_FORMULAS = {
    "deep_brackets": b"(" * 5000 + b"1" + b")" * 5000,
    "deep_calls": b"ABS(" * 5000 + b"1" + b")" * 5000,
    "deep_calls_of_ours": b"XLC_GPU(" * 3000 + b"1" + b")" * 3000,
    "deep_ifs": b"IF(1," * 3000 + b"1" + b")" * 3000,
    "long_sum": b"+".join([b"B1"] * 40_000),
    "minus_signs": b"-" * 20_000 + b"1",
    "unclosed": b"SUM((B1",
    "closed_too_often": b"SUM(B1)))",
    "unclosed_text": b'"abc',
    "unclosed_sheet": b"'Flow!B1",
    "unclosed_array": b"{1,2;3",
    "unclosed_bracket": b"[1",
    "whole_sheet": b"SUM(A1:XFD1048576)",
    "cell_off_the_sheet": b"AAAA1+B9999999",
    "itself": b"A20+1",
    "many_numbers": b"1e999+1e-999",
    "number_of_5000_digits": b"9" * 5000,
    "nothing": b" ",
    "only_an_equals_sign": b"=",
    "escape_in_text": b'"_x001B_[2J"',
    "control": b"B1&amp;&#9;&#10;2",
    "huge_text": b'REPT("a",1000000000)',
    "huge_sequence": b"SUM(_xlfn.SEQUENCE(1000000,1000000))",
    "other_programs": b"cmd|' /C calc'!A0",
    "other_machines": b'_xlfn.WEBSERVICE("http://127.0.0.1/")&amp;HYPERLINK("file:///etc/passwd")',
    "itself_by_name": b'INDIRECT("A20")+OFFSET(A20,0,0)',
    "huge_arguments": b"FACT(1E300)+COMBIN(1E9,5E8)+BINOM.DIST(1E9,2E9,0.5,TRUE)+9^9^9^9",
    "arguments_without_end": b"XLC_DSCR(" + b"," * 300 + b")",
}
HOSTILE |= {
    f"formula_{name}": partial(_with_cells, cells=b'<c r="A20"><f>%b</f><v>1</v></c>' % formula)
    for name, formula in _FORMULAS.items()
}


def _shared(reference: bytes, others: bytes, formula: bytes = b"A1+XFD1048576") -> Maker:
    cell = b'<c r="A20"><f t="shared" ref="%b" si="0">%b</f><v>1</v></c>' % (reference, formula)
    return lambda parts: _with_cells(parts, cell + others)


_OTHER = b'<c r="%b"><f t="shared" si="0"/><v>1</v></c>'
HOSTILE |= {
    "shared_off_the_sheet": _shared(b"A20:B20", _OTHER % b"B20"),
    "shared_off_the_left": lambda parts: _edited(
        parts,
        SHEET,
        b"</sheetData>",
        b'<row r="20"><c r="B20"><f t="shared" ref="A20:B21" si="0">A1*2</f><v>1</v></c></row>'
        b'<row r="21">' + _OTHER % b"A21" + b"</row></sheetData>",
    ),
    "shared_of_nobody": _shared(b"A20", b'<c r="B20"><f t="shared" si="7"/><v>1</v></c>'),
    "shared_that_is_none": _shared(b"A20:B20", _OTHER % b"B20", b'"abc'),
    "shared_deep": _shared(b"A20:B20", _OTHER % b"B20", b"(" * 5000 + b"A1" + b")" * 5000),
}


def _array(reference: bytes) -> Maker:
    cell = b'<c r="A20"><f t="array" ref="%b">B1:B3*2</f><v>1</v></c>' % reference
    return lambda parts: _with_cells(parts, cell)


HOSTILE |= {
    "array_of_everything": _array(b"A20:XFD1048576"),
    "array_backwards": _array(b"B22:A20"),
    "array_elsewhere": _array(b"D1:D3"),
    "array_of_no_extent": _array(b"zz"),
    "array_off_the_sheet": _array(b"A20:A1048577"),
    "array_of_5000_digits": _array(b"A20:A" + b"9" * 5000),
    "array_of_a_million": _array(b"A20:J100019"),
}


@_hostile
def _twenty_arrays_of_a_hundred_thousand(parts: Parts) -> bytes:
    cells = (
        b'<c r="%cA20"><f t="array" ref="%cA20:%cA100019">ROW(A1:A100000)</f><v>1</v></c>'
        % ((letter,) * 3)
        for letter in b"ABCDEFGHIJKLMNOPQRST"
    )
    return _with_cells(parts, b"".join(cells))


@_hostile
def _two_arrays_in_one_place(parts: Parts) -> bytes:
    return _with_cells(
        parts,
        b'<c r="A20"><f t="array" ref="A20:B21">{1,2;3,4}</f><v>1</v></c>'
        b'<c r="B20"><f t="array" ref="B20:B21">{5;6}</f><v>1</v></c>',
    )


# --- the workbook -----------------------------------------------------------------------------


def _calculation(attributes: bytes) -> Maker:
    def make(parts: Parts) -> bytes:
        loop = b'<c r="A20"><f>A20*0.5+1</f><v>2</v></c>'
        sheet = parts[SHEET].replace(b"</sheetData>", b'<row r="20">%b</row></sheetData>' % loop)
        old = parts[BOOK].index(b"<calcPr")
        end = parts[BOOK].index(b"/>", old)
        book = parts[BOOK][:old] + b"<calcPr " + attributes + parts[BOOK][end:]
        return packed(parts | {SHEET: sheet, BOOK: book})

    return make


HOSTILE |= {
    "iterations_minus_one": _calculation(b'iterate="1" iterateCount="-1"'),
    "iterations_1e30": _calculation(b'iterate="1" iterateCount="1e30"'),
    "iterations_many": _calculation(b'iterate="1" iterateCount="' + b"9" * 30 + b'"'),
    "iterations_nan": _calculation(b'iterate="1" iterateDelta="nan"'),
    "iterations_delta_minus": _calculation(b'iterate="1" iterateDelta="-1"'),
    "iterations_underscore": _calculation(b'iterate="1" iterateCount="1_0"'),
}


def _sheets(new: bytes) -> Maker:
    def make(parts: Parts) -> bytes:
        start = parts[BOOK].index(b"<sheets>")
        end = parts[BOOK].index(b"</sheets>") + len(b"</sheets>")
        return packed(parts | {BOOK: parts[BOOK][:start] + new + parts[BOOK][end:]})

    return make


_ONE = b'<sheet xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
HOSTILE |= {
    "no_sheets": _sheets(b"<sheets/>"),
    "sheet_twice": _sheets(
        b"<sheets>"
        + _ONE
        + b'name="Flow" sheetId="1" r:id="rId1"/>'
        + _ONE
        + b'name="FLOW" sheetId="2" r:id="rId1"/></sheets>'
    ),
    "sheet_without_name": _sheets(b"<sheets>" + _ONE + b'sheetId="1" r:id="rId1"/></sheets>'),
    "sheet_without_part": _sheets(
        b"<sheets>" + _ONE + b'name="Flow" sheetId="1" r:id="zz"/></sheets>'
    ),
    "sheet_with_escape": _sheets(
        b"<sheets>" + _ONE + b'name="&#27;[31mFlow" sheetId="1" r:id="rId1"/></sheets>'
    ),
    "sheet_of_an_escape_in_bytes": _sheets(
        b"<sheets>" + _ONE + 'name="Fl\u202eow\u009b2J" sheetId="1" r:id="rId1"/></sheets>'.encode()
    ),
    "sheet_with_a_long_name": _sheets(
        b"<sheets>" + _ONE + b'name="' + b"F" * 100_000 + b'" sheetId="1" r:id="rId1"/></sheets>'
    ),
    "sheet_number_of_5000_digits": _sheets(
        b"<sheets>" + _ONE + b'name="Flow" sheetId="' + b"9" * 5000 + b'" r:id="rId1"/></sheets>'
    ),
}


def _name(element: bytes) -> Maker:
    def make(parts: Parts) -> bytes:
        start = parts[BOOK].index(b"<definedNames>")
        return packed(
            parts
            | {
                BOOK: parts[BOOK][:start]
                + parts[BOOK][start:].replace(b"<definedNames>", b"<definedNames>" + element, 1)
            }
        )

    return make


HOSTILE |= {
    "name_of_a_sheet_that_is_none": _name(
        b'<definedName name="x" localSheetId="99">Flow!$B$1</definedName>'
    ),
    "name_of_sheet_minus_one": _name(
        b'<definedName name="x" localSheetId="-1">Flow!$B$1</definedName>'
    ),
    "name_of_itself": _name(b'<definedName name="x">x+1</definedName>'),
    "name_without_name": _name(b"<definedName>Flow!$B$1</definedName>"),
    "name_off_the_sheet": _name(b'<definedName name="x">Flow!$ZZZ$99999999</definedName>'),
    "name_of_many_digits": _name(
        b'<definedName name="x">Flow!$A$' + b"9" * 5000 + b"</definedName>"
    ),
    "name_deep": _name(b'<definedName name="x">' + b"(" * 5000 + b")" * 5000 + b"</definedName>"),
}


def _names_in_use(names: bytes) -> Maker:
    """Let a cell use the name ``last_one``."""

    def make(parts: Parts) -> bytes:
        return _name(names)(unpacked(_with_cells(parts, b'<c r="A20"><f>last_one+1</f></c>')))

    return make


_DOUBLED = b'<definedName name="%b">%b+%b</definedName>'
HOSTILE |= {
    "names_that_double": _names_in_use(
        b'<definedName name="twice_0">Flow!B1</definedName>'
        + b"".join(_DOUBLED % (b"twice_%d" % n, *[b"twice_%d" % (n - 1)] * 2) for n in range(1, 40))
        + _DOUBLED % (b"last_one", b"twice_39", b"twice_39")
    ),
    "names_in_a_circle": _names_in_use(
        _DOUBLED % (b"last_one", b"other_one", b"1") + _DOUBLED % (b"other_one", b"last_one", b"1")
    ),
    "name_used_thousands_of_times": lambda parts: _name(
        b'<definedName name="last_one">' + b"+".join([b"Flow!B1"] * 1000) + b"</definedName>"
    )(unpacked(_with_cells(parts, b'<c r="A20"><f>%b</f></c>' % b"+".join([b"last_one"] * 800)))),
}


@_hostile
def _relation_outside(parts: Parts) -> bytes:
    return _edited(parts, RELATIONS, b"worksheets/sheet1.xml", b"../../../../etc/passwd")


@_hostile
def _relation_to_the_workbook(parts: Parts) -> bytes:
    return _edited(parts, RELATIONS, b"worksheets/sheet1.xml", b"/xl/workbook.xml")


@_hostile
def _workbook_elsewhere(parts: Parts) -> bytes:
    return _edited(parts, "_rels/.rels", b"xl/workbook.xml", b"//server/share/workbook.xml")


@_hostile
def _styles_of_digits(parts: Parts) -> bytes:
    return _edited(parts, STYLES, b'numFmtId="0"', b'numFmtId="' + b"9" * 5000 + b'"')


@_hostile
def _columns_of_digits(parts: Parts) -> bytes:
    return _edited(
        parts,
        SHEET,
        b"<sheetData>",
        b'<cols><col min="-1" max="' + b"9" * 5000 + b'" hidden="1"/></cols><sheetData>',
    )


def _behind_the_cells(element: bytes) -> Maker:
    return lambda parts: _edited(parts, SHEET, b"</sheetData>", b"</sheetData>" + element)


HOSTILE |= {
    "merged_whole": _behind_the_cells(b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
    "merged_backwards": _behind_the_cells(b'<mergeCells><mergeCell ref="C3:A1"/></mergeCells>'),
    "format_deep": _behind_the_cells(
        b'<conditionalFormatting sqref="A1:XFD1048576"><cfRule type="expression" dxfId="99999">'
        b"<formula>" + b"(" * 5000 + b"1" + b")" * 5000 + b"</formula></cfRule>"
        b"</conditionalFormatting>"
    ),
    "validation_of_everything": _behind_the_cells(
        b'<dataValidations><dataValidation type="list" sqref="A1:XFD1048576 B2 B2"><formula1>'
        b"OFFSET($A$1,0,0,1048576,16384)</formula1></dataValidation></dataValidations>"
    ),
}
