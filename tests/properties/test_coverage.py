"""What finance says about coverage and covenants, whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xlcredit.errors import CellError
from xlcredit.functions import call

N = 12
CASH = st.lists(st.floats(-300, 1000), min_size=N, max_size=N)
SERVICE = st.lists(st.one_of(st.just(0.0), st.floats(1, 500)), min_size=N, max_size=N)
PAID = st.lists(st.floats(1, 500), min_size=N, max_size=N)
LEVEL = st.floats(0.1, 5)
DIRECTION = st.sampled_from(["min", "max"])


@given(CASH, SERVICE, st.integers(1, 4))
def test_the_least_cover_is_not_above_the_others(cash, service, window) -> None:
    assume(any(service[window - 1 :]))
    figures = dict(call("XLC_DSCR", cash, service, "all", window))
    assert figures["min"] <= figures["average"] + 1e-9
    assert figures["min"] <= figures["last"]
    cells = [row[0] for row in call("XLC_DSCR", cash, service, "series", window)]
    ratios = [c for c in cells if not isinstance(c, CellError)]
    assert min(ratios) == figures["min"]
    assert ratios[-1] == figures["last"]
    if window == 1:
        assert figures["min"] - 1e-9 <= figures["pooled"] <= max(ratios) + 1e-9
        assert [isinstance(c, CellError) for c in cells] == [s == 0 for s in service]


@given(CASH, PAID, st.floats(0.001, 1000))
def test_cover_does_not_depend_on_the_unit_of_money(cash, service, scale) -> None:
    base = call("XLC_DSCR", cash, service, "all")
    scaled = call("XLC_DSCR", [scale * c for c in cash], [scale * s for s in service], "all")
    for (_, one), (_, other) in zip(base, scaled, strict=True):
        assert other == pytest.approx(one, rel=1e-10, abs=1e-10)


@given(
    st.lists(st.floats(0.1, 5), min_size=N, max_size=N), st.floats(0, 1000), st.floats(0, 1), PAID
)
def test_cover_on_a_rent_curve_is_cover_of_its_cash(rents, gpus, used, service) -> None:
    cash = [gpus * 730 * used * r - 100 for r in rents]
    made = call("XLC_RENT_DSCR", rents, gpus, used, 100, service, 0, "all")
    for (_, one), (_, other) in zip(made, call("XLC_DSCR", cash, service, "all"), strict=True):
        assert one == pytest.approx(other, rel=1e-10, abs=1e-9)


@given(CASH, st.floats(1, 1e4), st.floats(0, 0.5), st.floats(0, 100), st.integers(1, N))
def test_life_cover_of_all_periods_is_project_cover(cash, balance, rate, reserve, periods) -> None:
    project = call("XLC_PLCR", cash, balance, rate, reserve)
    assert call("XLC_LLCR", cash, balance, rate, N, reserve) == project
    loan = call("XLC_LLCR", cash, balance, rate, periods, reserve)
    assert loan == call("XLC_PLCR", cash[:periods], balance, rate, reserve)
    assert call("XLC_PLCR", cash, balance * 2, rate, reserve) == pytest.approx(project / 2)


MONEY = st.lists(st.floats(0, 300), min_size=N, max_size=N)


@given(MONEY, MONEY, st.floats(0, 100), PAID, LEVEL, st.sampled_from([1, 4, 12]))
def test_break_even_meets_the_target_and_no_more(
    contracted, merchant, opex, service, target, m
) -> None:
    def least(decline: float) -> float:
        cash = [
            c + r * (1 - decline) ** ((k - 0.5) / m) - opex
            for k, (c, r) in enumerate(zip(contracted, merchant, strict=True), 1)
        ]
        return call("XLC_DSCR", cash, service)

    given_series = (contracted, merchant, opex, service, target, m)
    if least(-1.0) < target - 1e-9 * (1 + target):
        with pytest.raises(CellError, match="even with rents doubling"):
            call("XLC_BREAKEVEN_DECLINE", *given_series)
        return
    assume(least(-1.0) >= target + 1e-9 * (1 + target))
    decline = call("XLC_BREAKEVEN_DECLINE", *given_series)
    assert -1 <= decline <= 1
    assert least(decline) >= target - 1e-9 * (1 + target)
    if decline < 1:
        assert least(decline) == pytest.approx(target, rel=1e-9, abs=1e-9)


@given(st.floats(0.1, 5), st.floats(0, 0.9), st.floats(1, 2))
def test_break_even_inverts_the_rent_curve(rent, decline, level) -> None:
    """At the break-even decline, XLC_RENT_DSCR on that curve is the target."""
    gpus, used, opex = 100, 0.8, 1000.0
    merchant = gpus * 730 * used * rent
    service = [(merchant * (1 - decline) ** ((k - 0.5) / 12) - opex) / level for k in range(1, 25)]
    assume(min(service) > 0)
    worst = max(service)
    found = call("XLC_BREAKEVEN_DECLINE", 0, [merchant] * 24, opex, worst, level)
    curve = call("XLC_RENT", rent, found, [k - 0.5 for k in range(1, 25)])
    cover = call("XLC_RENT_DSCR", curve, gpus, used, opex, worst)
    assert cover == pytest.approx(level, rel=1e-8)


@given(st.floats(0.01, 10), st.floats(0.01, 10), DIRECTION)
def test_headroom_is_negative_exactly_in_breach(value, threshold, direction) -> None:
    assume(abs(value / threshold - 1) > 1e-9)
    room = call("XLC_HEADROOM", value, threshold, direction)
    verdict = call("XLC_COVENANT", value, threshold, direction)
    assert (verdict == "PASS") == (room >= 0)
    moved = value * (1 - room if direction == "min" else 1 + room)
    assert moved == pytest.approx(threshold, rel=1e-9)


@given(st.lists(st.floats(0.5, 2), min_size=1, max_size=20), st.floats(0.5, 2), DIRECTION)
def test_the_first_breach_is_the_first_covenant_that_fails(values, threshold, direction) -> None:
    labels = [f"M{k}" for k in range(1, len(values) + 1)]
    verdicts = [call("XLC_COVENANT", v, threshold, direction) for v in values]
    if "BREACH" in verdicts:
        first = call("XLC_FIRST_BREACH", labels, values, threshold, direction)
        assert first == labels[verdicts.index("BREACH")]
    else:
        with pytest.raises(CellError, match="no period"):
            call("XLC_FIRST_BREACH", labels, values, threshold, direction)


@given(
    st.floats(0, 1e4), st.floats(0, 1e5), st.floats(0, 100), st.floats(0, 1), st.floats(0, 1),
    st.floats(0, 1e6),
)  # fmt: skip
def test_a_borrowing_base_is_at_most_the_price(units, price, out, nolv, advance, held) -> None:
    base = call("XLC_BORROWING_BASE", units, price, out, nolv, advance, held)
    assert 0 <= base <= units * price
    assert call("XLC_BORROWING_BASE", units, price, out, nolv, advance, held + 1) <= base
    block = call("XLC_BORROWING_BASE", [units, units], price, out, nolv, advance, held)
    assert np.array(block).tolist() == [[base], [base]]
