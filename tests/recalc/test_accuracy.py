"""Two values are one figure up to a rounding of what their row and their formula hold."""

from __future__ import annotations

import io

import openpyxl
import pytest

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.recalc.accuracy import Accuracy

#: A formula that reads a large number, one in the row of one, and one that does neither.
READS, BESIDE, FAR = (Place("Sheet", row, 1) for row in (1, 3, 5))


@pytest.fixture
def accuracy() -> Accuracy:
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet["A1"], sheet["B2"] = "=B2-B2+1", 1e12
    sheet["A3"], sheet["B3"] = "=B4-1", "=B2/1000"
    sheet["B4"] = 2
    sheet["A5"] = "=B4/2"
    content = io.BytesIO()
    workbook.save(content)
    values = dict.fromkeys((READS, BESIDE, FAR), 1.0)
    return Accuracy(Book(Package(content.getvalue())), {**values, Place("Sheet", 3, 2): 1e9})


@pytest.mark.parametrize(
    ("place", "apart", "alike"),
    [
        (READS, 0.09, True),  # 1e-13 of the 1e12 that it reads
        (READS, 0.11, False),
        (BESIDE, 0.9e-4, True),  # of the 1e9 in its row
        (BESIDE, 1.1e-4, False),
        (FAR, 0.09, False),  # what stands elsewhere in the book excuses nothing
        (FAR, 1e-7, False),
        (FAR, 1e-10, True),
    ],
)
def test_a_rounding_is_that_of_its_own_row_and_formula(
    accuracy: Accuracy, place: Place, apart: float, alike: bool
) -> None:
    assert accuracy.agree(place, 1.0, 1.0 + apart) is alike


def test_words_errors_and_flags_have_no_rounding(accuracy: Accuracy) -> None:
    assert accuracy.agree(READS, "PASS", "PASS") and not accuracy.agree(READS, "PASS", "BREACH")
    assert not accuracy.agree(READS, True, 1.0) and not accuracy.agree(READS, 1.0, None)
