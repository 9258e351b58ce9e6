"""Values as the XML of a cell spells them."""

from __future__ import annotations

import math
import re

import pytest

from xlcredit.errors import CellError
from xlcredit.ooxml.values import Value

from .samples import HEAD, patch


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (1.5, '<c r="A1" s="3"><f>X</f><v>1.5</v></c>'),
        (3.0, '<c r="A1" s="3"><f>X</f><v>3</v></c>'),
        (-0.1, '<c r="A1" s="3"><f>X</f><v>-0.1</v></c>'),
        (1e300, '<c r="A1" s="3"><f>X</f><v>1E+300</v></c>'),
        (math.nan, '<c r="A1" s="3" t="e"><f>X</f><v>#NUM!</v></c>'),
        (-math.inf, '<c r="A1" s="3" t="e"><f>X</f><v>#NUM!</v></c>'),
        (None, '<c r="A1" s="3"><f>X</f><v>0</v></c>'),
        (True, '<c r="A1" s="3" t="b"><f>X</f><v>1</v></c>'),
        (CellError("#N/A"), '<c r="A1" s="3" t="e"><f>X</f><v>#N/A</v></c>'),
        ("", '<c r="A1" s="3" t="str"><f>X</f><v></v></c>'),
        (" a&b\n", '<c r="A1" s="3" t="str"><f>X</f><v xml:space="preserve"> a&amp;b\n</v></c>'),
        ("_x0041_\x07", '<c r="A1" s="3" t="str"><f>X</f><v>_x005F_x0041__x0007_</v></c>'),
        ("\r", '<c r="A1" s="3" t="str"><f>X</f><v xml:space="preserve">_x000D_</v></c>'),
        ("x" * 32_768, '<c r="A1" s="3" t="e"><f>X</f><v>#VALUE!</v></c>'),
    ],
)
@pytest.mark.parametrize("old", ["", "<v>7</v>", "<v/>", "<v></v>"])
def test_spelling(value: Value, cell: str, old: str) -> None:
    body = '<sheetData><row r="1"><c r="A1" s="3" t="str"><f>X</f>{}</c></row></sheetData>'
    new = patch(HEAD + body.format(old) + "</worksheet>", {(1, 1): value})
    assert re.search("<c .*</c>", new, re.DOTALL)[0] == cell
