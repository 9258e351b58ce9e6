"""Formulas that stand still are held, and what is shown is what it would be without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xlcredit.errors import CellError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.recalc import recalculate
from xlcredit.recalc.held import same
from xlcredit.recalc.live import Live

from .conftest import Make

PRICE = Place("S", 1, 1)


def steps(live: Live, *cells: str) -> Callable[[float], dict[str, Any]]:
    """Change the price and read some cells."""
    places = {cell: Place("S", int(cell[1:]), ord(cell[0]) - 64) for cell in cells}

    def step(price: float) -> dict[str, Any]:
        live.set({PRICE: price})
        return {cell: live.value(place) for cell, place in places.items()}

    return step


def held(path: Any, *cells: str, start: tuple[float, float] = (50.0, 60.0), **how: Any) -> Any:
    """Open a workbook and hold what a first step leaves as it is."""
    live = Live(Book(Package(path)), **how)
    step = steps(live, *cells)
    live._attempts = 0  # the whole, however little is read
    step(start[0])
    live.hold(lambda: step(start[1]))
    return live, step


#: A price, whether it is below a trigger, and what a cascade of ten months makes of that.
CASCADE = {
    "A1": 50,
    "B1": "=A1*2",
    "B2": "=IF(B1<200,1,0)",
    "C1": "=B2*10",
    **{f"C{i}": f"=C{i - 1}+B$2+XLC_SEEN(C{i - 1})" for i in range(2, 11)},
    "D1": "=C10+B1",
}


@pytest.fixture
def seen() -> dict[str, Any]:
    """A worksheet function that counts its calls."""
    calls: list[float] = []

    def see(value: float) -> float:
        calls.append(value)
        return value / 7

    return {"calls": calls, "functions": {"XLC_SEEN": see}}


def test_a_cascade_behind_a_test_that_stands_still_is_not_calculated(
    make: Make, seen: dict[str, Any]
) -> None:
    path = make(CASCADE)
    _, step = held(path, "D1", functions=seen["functions"])
    for price, calls in ((70.0, 0), (80.5, 0), (120.0, 9), (130.0, 0), (90.0, 9)):
        seen["calls"].clear()
        shown = step(price)["D1"]
        assert len(seen["calls"]) == calls, price
        whole = recalculate(path, inputs={"S!A1": price}, functions=seen["functions"])
        assert shown == whole.value("S", "D1")


def test_all_that_a_workbook_shows_is_as_if_nothing_was_held(
    make: Make, seen: dict[str, Any]
) -> None:
    path = make(CASCADE)
    live, step = held(path, "D1", functions=seen["functions"])
    step(120.0)
    whole = recalculate(path, inputs={"S!A1": 120.0}, functions=seen["functions"])
    assert live.recalculation().values == whole.values
    seen["calls"].clear()
    step(130.0)
    assert len(seen["calls"]) == 9  # and from then on nothing is held


def test_a_schedule_that_moves_month_by_month_comes_to_its_end(make: Make) -> None:
    """Each month is held at first, and each moves when the one before it has."""
    months = {f"C{i}": f"=IF(E$1>{100 + 20 * i},C{i - 1}+1,C{i - 1})" for i in range(2, 31)}
    path = make({"A1": 50, "E1": "=A1*2", "C1": "=E1*0", **months, "D1": "=SUM(C1:C30)"})
    live, step = held(path, "D1", "C30")
    assert live._run._main._held is not None
    assert len(live._run._main._held) > 20
    for price in (200.0, 65.0, 340.0, 341.0, 50.0, 1000.0):
        whole = recalculate(path, inputs={"S!A1": price})
        assert step(price) == {cell: whole.value("S", cell) for cell in ("D1", "C30")}


@pytest.mark.parametrize("other", ["NA()", '"none"', "TRUE", "1/0", '""', "A1&A1"])
def test_what_becomes_a_word_or_an_error_is_held_no_longer(make: Make, other: str) -> None:
    path = make(
        {
            "A1": 50,
            "C1": "=A1*2",
            "B1": f"=IF(C1<200,1,{other})",
            "B2": "=B1*2",
            "B3": '=IF(ISNUMBER(B1),"number","none")',
            "B4": "=COUNT(B1:B2)",
            "B5": '=B1=""',
        }
    )
    live, step = held(path, "B1", "B2", "B3", "B4", "B5")
    assert len(live._run._main._held or ()) == 1
    for price in (70.0, 120.0, 130.0, 80.0):
        whole = recalculate(path, inputs={"S!A1": price})
        shown = step(price)
        assert shown == {cell: whole.value("S", cell) for cell in shown}


def test_who_reads_by_a_name_is_found(make: Make, seen: dict[str, Any]) -> None:
    cells = {"A1": 50, "A2": "=A1*2", "B1": "=IF(level<500,1,0)", "B2": "=XLC_SEEN(B1)+1"}
    path = make(cells, names={"level": "S!$A$2"})
    _, step = held(path, "B2", functions=seen["functions"])
    seen["calls"].clear()
    assert step(100.0)["B2"] == 1 / 7 + 1
    assert seen["calls"] == []
    assert step(300.0)["B2"] == 1.0
    assert seen["calls"] == [0.0]


def test_what_was_put_aside_may_be_asked_for(make: Make, seen: dict[str, Any]) -> None:
    cells = {
        "A1": 50,
        **{f"B{i}": f"=A1*{i}" for i in range(1, 20)},
        "C1": "=SUM(B1:B19)",
        "D1": "=XLC_SEEN(A1)",
    }
    path = make(cells)
    live = Live(Book(Package(path)), functions=seen["functions"])
    figure = Place("S", 1, 3)
    live.concentrate(lambda: live.value(figure))
    seen["calls"].clear()
    live.set({PRICE: 70.0})
    assert live.value(figure) == 70.0 * 190
    assert seen["calls"] == []
    assert live.value(Place("S", 1, 4)) == 10.0
    assert seen["calls"] == [70.0]
    live.set({PRICE: 77.0})
    assert live.recalculation().value("S", "D1") == 11.0


def test_a_zero_has_a_sign() -> None:
    assert not same(0.0, -0.0)
    assert same(-0.0, -0.0)
    assert not same(1.0, True)
    assert not same(0.0, "")
    assert same(CellError("#N/A"), CellError("#N/A"))


def test_what_is_read_after_all_is_put_back(make: Make) -> None:
    """Should a reader be overlooked, what it shows gives that away."""
    live = Live(Book(Package(make({"A1": 50, "B1": "=A1*2", "C1": "=B1+1"}))))
    figure = Place("S", 1, 3)
    assert live.value(figure) == 101.0
    live._run.put_aside({Place("S", 1, 2)})
    live.set({PRICE: 70.0})
    assert live.value(figure) == 141.0
