"""Each of Excel's financial functions by an independent route.

Where a closed form is short it stands here, to 1e-12; else the value is the example of
Microsoft's documentation of the function, to the digits that are printed there.
"""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import openpyxl
import pytest

from xlcredit.recalc import Recalculation, recalculate

_CLOSED = 1e-12


def _annuity(rate: float, periods: int) -> float:
    return (1 - (1 + rate) ** -periods) / rate


def _interest(rate: float, periods: int, loan: float, first: int, last: int) -> float:
    """Interest of some periods, by following the balance."""
    paid, balance, total = loan / _annuity(rate, periods), loan, 0.0
    for period in range(1, last + 1):
        due = balance * rate
        balance += due - paid
        total += due if period >= first else 0.0
    return total


def _bisected(function, low: float, high: float) -> float:  # type: ignore[no-untyped-def]
    """Find where a falling function is zero."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return low


_DAYS = [dt.date(2008, 1, 1), dt.date(2008, 3, 1), dt.date(2008, 10, 30)]
_DAYS += [dt.date(2009, 2, 15), dt.date(2009, 4, 1)]
_PAID = [-10_000.0, 2750.0, 4250.0, 3250.0, 2750.0]
_YEARS = [(day - _DAYS[0]).days / 365 for day in _DAYS]
_XFLOWS = "{-10000,2750,4250,3250,2750},{39448,39508,39751,39859,39904}"


def _xnpv(rate: float) -> float:
    return sum(paid / (1 + rate) ** year for paid, year in zip(_PAID, _YEARS, strict=True))


def _mirr() -> float:
    gains = [39_000, 30_000, 21_000, 37_000, 46_000]
    future = sum(gain * 1.12 ** (5 - year) for year, gain in enumerate(gains, 1))
    return float((future / 120_000) ** (1 / 5) - 1)


#: Formula, value, and how far off it may be, relative to it.
CASES: list[tuple[str, float, float]] = [
    (
        "ACCRINT(DATE(2008,3,1),DATE(2008,8,31),DATE(2008,5,1),0.1,1000,2,0)",
        1000 * 0.1 * 60 / 360,
        _CLOSED,
    ),
    ("ACCRINTM(39539,39614,0.1,1000,3)", 1000 * 0.1 * 75 / 365, _CLOSED),
    ("AMORDEGRC(2400,39679,39813,300,1,0.15,1)", 776, _CLOSED),
    ("AMORLINC(2400,39679,39813,300,1,0.15,1)", 360, _CLOSED),
    ("COUPDAYBS(DATE(2011,1,25),DATE(2011,11,15),2,1)", 71, _CLOSED),
    ("COUPDAYS(DATE(2011,1,25),DATE(2011,11,15),2,1)", 181, _CLOSED),
    ("COUPDAYSNC(DATE(2011,1,25),DATE(2011,11,15),2,1)", 110, _CLOSED),
    ("COUPNCD(DATE(2011,1,25),DATE(2011,11,15),2,1)", 40678, _CLOSED),
    ("COUPNUM(DATE(2007,1,25),DATE(2008,11,15),2,1)", 4, _CLOSED),
    ("COUPPCD(DATE(2011,1,25),DATE(2011,11,15),2,1)", 40497, _CLOSED),
    ("CUMIPMT(0.09/12,360,125000,13,24,0)", -_interest(0.0075, 360, 125_000, 13, 24), 1e-11),
    (
        "CUMPRINC(0.09/12,360,125000,13,24,0)",
        _interest(0.0075, 360, 125_000, 13, 24) - 12 * 125_000 / _annuity(0.0075, 360),
        1e-10,
    ),
    ("DB(1000000,100000,6,1,7)", 1_000_000 * 0.319 * 7 / 12, _CLOSED),
    ("DDB(2400,300,10,2,1.5)", 2400 * 0.85 * 0.15, _CLOSED),
    ("DDB(2400,300,10,10)", 2400 * 0.8**9 - 300, 1e-11),
    ("DISC(DATE(2007,1,25),DATE(2007,6,15),97.975,100,1)", 2.025 / 100 * 365 / 141, 1e-11),
    ("DOLLARDE(1.02,16)", 1.125, _CLOSED),
    ("DOLLARFR(1.125,16)", 1.02, _CLOSED),
    ("DURATION(DATE(2018,7,1),DATE(2048,1,1),0.08,0.09,2,1)", 10.9191453, 1e-8),
    ("EFFECT(0.0525,4)", (1 + 0.0525 / 4) ** 4 - 1, _CLOSED),
    ("FV(0.06/12,10,-200,-500,1)", 500 * 1.005**10 + 200 * 1.005 * (1.005**10 - 1) / 0.005, 1e-11),
    ("FVSCHEDULE(1,{0.09,0.11,0.1})", 1.09 * 1.11 * 1.1, _CLOSED),
    (
        "INTRATE(DATE(2008,2,15),DATE(2008,5,15),1000000,1014420,2)",
        14_420 / 1e6 * 360 / 90,
        _CLOSED,
    ),
    ("IPMT(0.1/12,3,36,8000)", -_interest(0.1 / 12, 36, 8000, 3, 3), 1e-11),
    (
        "IRR({-100,60,0,60})",
        _bisected(lambda r: -100 + 60 / (1 + r) + 60 / (1 + r) ** 3, 0.0, 1.0),
        1e-9,
    ),
    ("ISPMT(0.1/12,1,36,8000000)", -8_000_000 * 0.1 / 12 * 35 / 36, _CLOSED),
    ("MDURATION(DATE(2008,1,1),DATE(2016,1,1),0.08,0.09,2,1)", 5.73566981391884, 1e-9),
    ("MIRR({-120000,39000,30000,21000,37000,46000},0.1,0.12)", _mirr(), 1e-11),
    ("NOMINAL(0.053543,4)", 4 * (1.053543**0.25 - 1), 1e-11),
    (
        "NPER(0.01,-100,-1000,10000,1)",
        math.log((101 / 0.01 + 10_000) / (1000 + 101 / 0.01)) / math.log(1.01),
        1e-11,
    ),
    (
        "NPV(0.1,-10000,3000,4200,6800)",
        -1e4 / 1.1 + 3e3 / 1.21 + 4200 / 1.331 + 6800 / 1.4641,
        1e-11,
    ),
    (
        "ODDFPRICE(DATE(2008,11,11),DATE(2021,3,1),DATE(2008,10,15),DATE(2009,3,1),"
        "0.0785,0.0625,100,2,1)",
        113.597717,
        1e-8,
    ),
    (
        "ODDFYIELD(DATE(2008,11,11),DATE(2021,3,1),DATE(2008,10,15),DATE(2009,3,1),"
        "0.0575,84.5,100,2,0)",
        0.077245542,
        1e-8,
    ),
    (
        "ODDLPRICE(DATE(2008,2,7),DATE(2008,6,15),DATE(2007,10,15),0.0375,0.0405,100,2,0)",
        99.87828601,
        1e-9,
    ),
    (
        "ODDLYIELD(DATE(2008,4,20),DATE(2008,6,15),DATE(2007,12,24),0.0375,99.875,100,2,0)",
        # documented as 0.045192229; the days are 171, 116 and 55 of 180
        (0.125 + 1.875 * (171 - 116) / 180) / (99.875 + 1.875 * 116 / 180) * 2 * 180 / 55,
        1e-11,
    ),
    ("PDURATION(0.025,2000,2200)", math.log(1.1) / math.log(1.025), 1e-11),
    ("PMT(0.08/12,10,10000)", -10_000 / _annuity(0.08 / 12, 10), 1e-11),
    ("PPMT(0.1/12,1,24,2000)", 2000 * 0.1 / 12 - 2000 / _annuity(0.1 / 12, 24), 1e-11),
    ("PRICE(DATE(2008,2,15),DATE(2017,11,15),0.0575,0.065,100,2,0)", 94.63436162, 1e-9),
    (
        "PRICEDISC(DATE(2008,2,16),DATE(2008,3,1),0.0525,100,2)",
        100 * (1 - 0.0525 * 14 / 360),
        1e-12,
    ),
    (
        "PRICEMAT(DATE(2008,2,15),DATE(2008,4,13),DATE(2007,11,11),0.061,0.061,0)",
        99.98449888,
        1e-9,
    ),
    ("PV(0.08/12,240,500)", -500 * _annuity(0.08 / 12, 240), 1e-11),
    (
        "RATE(48,-200,8000)",
        _bisected(lambda r: 200 * _annuity(r, 48) - 8000, 1e-6, 0.5),
        1e-8,
    ),
    (
        "RECEIVED(DATE(2008,2,15),DATE(2008,5,15),1000000,0.0575,2)",
        1e6 / (1 - 0.0575 * 90 / 360),
        _CLOSED,
    ),
    ("RRI(96,10000,11000)", 1.1 ** (1 / 96) - 1, 1e-11),
    ("SLN(30000,7500,10)", 2250, _CLOSED),
    ("SYD(30000,7500,10,1)", 22_500 * 10 / 55, _CLOSED),
    ("TBILLEQ(DATE(2008,3,31),DATE(2008,6,1),0.0914)", 365 * 0.0914 / (360 - 0.0914 * 62), 1e-12),
    ("TBILLPRICE(DATE(2008,3,31),DATE(2008,6,1),0.09)", 100 * (1 - 0.09 * 62 / 360), _CLOSED),
    ("TBILLYIELD(DATE(2008,3,31),DATE(2008,6,1),98.45)", 1.55 / 98.45 * 360 / 62, 1e-11),
    ("VDB(2400,300,120,6,18)", 2400 * ((1 - 1 / 60) ** 6 - (1 - 1 / 60) ** 18), 1e-11),
    (f"XIRR({_XFLOWS},0.1)", _bisected(_xnpv, 0.0, 1.0), 1e-7),
    (f"XNPV(0.09,{_XFLOWS})", _xnpv(0.09), 1e-11),
    ("YIELD(DATE(2008,2,15),DATE(2016,11,15),0.0575,95.04287,100,2,0)", 0.065, 2e-7),
    ("YIELDDISC(DATE(2008,2,16),DATE(2008,3,1),99.795,100,2)", 0.205 / 99.795 * 360 / 14, 1e-10),
    (
        "YIELDMAT(DATE(2008,3,15),DATE(2008,11,3),DATE(2007,11,8),0.0625,100.0123,0)",
        0.060954333,
        2e-8,
    ),
]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Recalculation:
    book = openpyxl.Workbook()
    for row, (formula, _, _) in enumerate(CASES, 1):
        text = formula
        for new in ("PDURATION", "RRI"):
            text = f"_xlfn.{text}" if text.startswith(f"{new}(") else text
        book.active.cell(row, 1, f"={text}")
    path = tmp_path_factory.mktemp("financial") / "financial.xlsx"
    book.save(path)
    return recalculate(path)


@pytest.mark.parametrize("row", range(1, len(CASES) + 1), ids=lambda row: CASES[row - 1][0][:20])
def test_value(result: Recalculation, row: int) -> None:
    formula, value, tolerance = CASES[row - 1]
    shown = result.value("Sheet", f"A{row}")
    assert isinstance(shown, float), formula
    assert shown == pytest.approx(value, rel=tolerance, abs=1e-15), formula


def test_nothing_is_disputed_without_being_told(result: Recalculation) -> None:
    assert {d.outcome for d in result.doubts} <= {"one engine", "disputed"}


def test_prices_of_the_day_are_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = '=_xlfn.STOCKHISTORY("MSFT",45000)'
    book.save(tmp_path / "prices.xlsx")
    (told,) = recalculate(tmp_path / "prices.xlsx").not_calculated
    assert "STOCKHISTORY" in told.reason
