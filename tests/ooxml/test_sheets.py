"""Sheets and styles that are added to a workbook: counted right, in the file's own prefix."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest

from tests.hostile.archives import packed, unpacked
from tests.hostile.workbooks import BOOK, STYLES, sound
from xlcredit.ooxml.package import Package, pack
from xlcredit.ooxml.sheets import Styles, add_sheets, worksheet


def _prefixed(xml: bytes) -> bytes:
    """The same part, its elements under a prefix of their own."""
    named = re.sub(rb"<(/?)(?=[A-Za-z])", rb"<\1x:", xml)
    return named.replace(b" xmlns=", b" xmlns:x=")


@pytest.mark.filterwarnings("ignore:Workbook contains no default style")
@pytest.mark.parametrize("prefix", [False, True], ids=["plain", "prefixed"])
def test_added_styles_are_counted_and_stand_last(prefix: bool) -> None:
    parts = unpacked(sound())
    if prefix:
        parts[STYLES] = _prefixed(parts[STYLES])
    package = Package(packed(parts))
    before = openpyxl.load_workbook(io.BytesIO(sound()))
    styles = Styles(package, BOOK)
    xml = styles.part()[STYLES]
    p = b"x:" if prefix else b""
    for group, name in ((b"fonts", b"font"), (b"cellXfs", b"xf")):
        found = re.search(
            rb"<%b%b [^>]*?count=\"(\d+)\"[^>]*>(.*?)</" % (p, group) + p + group, xml, re.S
        )
        assert found, (group, xml)
        assert int(found[1]) == len(re.findall(rb"<%b%b[\s/>]" % (p, name), found[2]))
    assert styles.bold != styles.wrapped
    page = worksheet({1: [("head", styles.bold), ("tail", styles.wrapped)]}, [9.0], 0, parts[BOOK])
    changed = {**styles.part(), **add_sheets(package, BOOK, {"Added": page})}
    after = openpyxl.load_workbook(io.BytesIO(pack(package, changed)))
    assert after.sheetnames == [*before.sheetnames, "Added"]
    head, tail = after["Added"]["A1"], after["Added"]["B1"]
    assert head.font.b and head.font.name == "Calibri" and not head.alignment.wrap_text
    assert tail.alignment.wrap_text and not tail.font.b
    assert not after["Flow"]["A1"].font.b
