"""The covenant and the table of the page on house templates: as written there, in the copy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.command import xlcredit
from xlcredit.docs import read_topic
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.workbook import read_dashboard
from xlcredit.workbook.places import FIRST

INPUT, ROWS, COVENANT, TABLE, _ = re.findall(
    r"```text\n(.*?)```", read_topic("house-template"), re.DOTALL
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    assert xlcredit("new", "gpu-term-loan", "--copy", "-o", "house", cwd=folder).returncode == 0
    path = folder / "house" / "template.toml"
    text = path.read_text(encoding="utf-8")
    for anchor, added in (
        ('  { name = "covenant_liquidity"', INPUT),
        ('  { name = "dscr_breach"', ROWS),
        ("[[test]]\n", COVENANT),
        ("[[grid]]\n", TABLE),
    ):
        assert anchor in text
        text = text.replace(anchor, added + anchor, 1)
    path.write_text(text, encoding="utf-8")
    return folder


def test_the_covenant_of_the_page_stands_on_the_summary(house: Path) -> None:
    done = xlcredit("new", "house", "-o", "house.xlsx", cwd=house)
    assert done.returncode == 0, done.stderr
    book = Book(Package(house / "house.xlsx"))
    assert read_dashboard(book).master_check == "OK"
    label = "Interest cover, lowest tested month"
    (told,) = [c for c in read_dashboard(book).covenants if c.label == label]
    # by another route: from the cash flow and the interest of each month
    months = {
        name: [book.saved(Place(sheet, row, column)) for column in range(FIRST, FIRST + 61)]
        for name, (sheet, row) in _rows(book).items()
    }
    covers = [c / i for c, i in zip(months["cfads"], months["interest"], strict=True) if i > 0]
    assert told.value.value == pytest.approx(min(covers), rel=1e-12)
    assert told.status == ("PASS" if min(covers) >= 1.5 else "BREACH")
    first = next((n for n, cover in enumerate(covers) if cover < 1.5), None)
    assert (told.first_breach.shown == "never") == (first is None)
    assert told.driver == "Cash flow may fall by"
    cells = book.constants["Stress"]
    ((row, _),) = [at for at, words in cells.items() if words == "At the first review"]
    review = book.saved(book.cell_names["review_month"])
    assert isinstance(review, float)
    assert book.saved(Place("Stress", row, 2)) == pytest.approx(covers[int(review) - 1], rel=1e-12)


def _rows(book: Book) -> dict[str, tuple[str, int]]:
    """The rows by their labels: CFADS on the curve, and interest as signed."""
    wanted = {("Cash flow", "CFADS, on the curve"): "cfads", ("Debt", "Interest"): "interest"}
    found = {}
    for (sheet, label), name in wanted.items():
        cells = book.constants[sheet]
        row = next(r for (r, c), v in cells.items() if c == 1 and v == label)
        found[name] = (sheet, row)
    return found
