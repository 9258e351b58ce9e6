"""Pictures that Python asks for: of an open workbook, of a grid, and of a book of loans."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.workbook.conftest import Example
from xlcredit.errors import FileError, UserError
from xlcredit.portfolio.evaluate import CovenantResult, Result
from xlcredit.portfolio.run import Portfolio
from xlcredit.workbook.covenants import BREACH, CHECK, PASS
from xlcredit.workbook.sensitivity.stressed import stress
from xlcredit.workbook.session import open_workbook

PNG = b"\x89PNG\r\n\x1a\n"


def covenant(label: str, status: str, value: float) -> CovenantResult:
    return CovenantResult(
        name=label.lower(),
        label=label,
        status=status,
        value=value,
        threshold=1.0,
        margin=value - 1.0,
        first_breach=None,
    )


def loan_of(name: str, *values: float) -> Result:
    words = [(f"Cover {n}", PASS if v >= 1 else BREACH, v) for n, v in enumerate(values)]
    return Result(
        id=name,
        source="x",
        status=BREACH if min(values) < 1 else PASS,
        covenants=[covenant(*word) for word in words],
    )


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of every picture that is drawn, in the order in which they are placed."""
    from matplotlib.axes import Axes

    words: list[str] = []
    annotate = Axes.annotate

    def listening(self: Axes, text: str, *args: object, **more: object) -> object:
        words.append(text)
        return annotate(self, text, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Axes, "annotate", listening)
    return words


def test_a_book_of_loans_draws_its_covenants_the_worst_first(
    tmp_path: Path, drawn: list[str]
) -> None:
    book = Portfolio([loan_of("A", 1.2, 1.1), loan_of("B", 0.9, 1.5), loan_of("C", 0.25, 0.5)])
    path = book.picture(tmp_path / "new" / "book.png")
    assert path.read_bytes().startswith(PNG)
    assert drawn == ["BREACH 75%", "BREACH 50%", "BREACH 10%", "PASS", "PASS", "PASS"]
    with pytest.raises(FileError, match="exists already; draw with overwrite=True"):
        book.picture(path)
    before = path.read_bytes()
    assert book.picture(path, overwrite=True).read_bytes() == before  # equal books, equal bytes


def test_a_loan_that_was_not_calculated_and_no_loan_at_all_are_drawn(
    tmp_path: Path, drawn: list[str]
) -> None:
    failed = Result(id="E", source="x", status="ERROR", error="no")
    undecided = Result(id="U", source="x", status=CHECK, covenants=[covenant("A", CHECK, 2.0)])
    assert Portfolio([failed, undecided]).picture(tmp_path / "a.png").stat().st_size
    assert drawn == ["CHECK"]
    assert Portfolio([]).picture(tmp_path / "b.png").read_bytes().startswith(PNG)


def test_an_open_workbook_draws_the_chart_that_is_named(loan: Example, tmp_path: Path) -> None:
    with open_workbook(loan.path) as book:
        covers = book.picture(tmp_path / "covers.png").read_bytes()
        assert covers == book.picture(tmp_path / "again.png", "dscr against").read_bytes()
        assert covers != book.picture(tmp_path / "owed.png", "Balance owed").read_bytes()
        book["rent_decline"] = 0.35
        assert covers != book.picture(tmp_path / "fallen.png").read_bytes()
        with pytest.raises(UserError, match="no line chart called nothing; there are Rent of a"):
            book.picture(tmp_path / "x.png", "nothing")
        with pytest.raises(FileError, match=r"a picture is written as PNG; name it x\.png"):
            book.picture(tmp_path / "x.pdf")
        assert not (tmp_path / "x.png").exists()


def test_a_grid_draws_a_heat_map_of_each_covenant(base: Example, tmp_path: Path) -> None:
    axes = {"rent_decline": [0.0, 0.4], "utilisation": [0.6, 0.8]}
    folder = tmp_path / "maps"
    table = stress(base.path, grid=axes, figures=["min_dscr"], charts=folder)
    expected = {f"{name}.png" for name in table.columns if f"{name}_margin" in table.columns}
    assert {path.name for path in folder.iterdir()} == expected and expected
    with pytest.raises(UserError, match="two axes"):
        stress(base.path, grid={"rent_decline": [0.0, 0.4]}, charts=folder)
    with pytest.raises(UserError, match="charts belong to a grid"):
        stress(base.path, target={"min_dscr": 1.0}, by="rent_decline", charts=folder)


def test_the_remedy_is_told_where_the_extra_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UserError, match=r'pip install "xlcredit\[charts\]"'):
        Portfolio([loan_of("A", 1.2)]).picture(tmp_path / "x.png")
    assert not list(tmp_path.iterdir())
