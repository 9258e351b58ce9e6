"""What finance says about residual and liquidation value, whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcredit.functions import call

COST = st.floats(100, 1e5)
DECLINE = st.floats(0, 0.8)
AGE = st.floats(0, 120)
AGES = st.lists(AGE, min_size=2, max_size=10)
LAUNCHES = st.lists(st.tuples(st.floats(-24, 72), st.floats(0, 0.9)), max_size=4)
SPREAD = st.sampled_from([0.0, 0.0, 1.0, 3.5, 12.0])


def column(block: list[list[float]]) -> np.ndarray:
    return np.array(block).reshape(-1)


def residual(cost, age, decline, launches, floor=0.0, lead=0.0, ramp=0.0):
    at, drops = [x[0] for x in launches] or None, [x[1] for x in launches] or None
    return call("XLC_GPU_RESIDUAL", cost, age, decline, at, drops, floor, lead, ramp)


@given(COST, DECLINE, AGES, LAUNCHES, SPREAD, SPREAD)
def test_value_starts_at_cost_falls_and_stays_over_its_floor(
    cost, decline, ages, launches, lead, ramp
) -> None:
    floor = 0.1 * cost
    values = column(residual(cost, sorted(ages), decline, launches, floor, lead, ramp))
    assert residual(cost, 0.0, decline, launches, floor, lead, ramp) == cost
    assert np.all(np.diff(values) <= 1e-12 * cost)
    assert np.all((values >= floor) & (values <= cost * (1 + 1e-12)))


@given(COST, DECLINE, AGE, LAUNCHES, SPREAD, SPREAD, st.floats(-24, 72), st.floats(0, 0.9))
def test_one_more_launch_never_raises_the_value(
    cost, decline, age, launches, lead, ramp, at, drop
) -> None:
    fewer = residual(cost, age, decline, launches, 0.0, lead, ramp)
    more = residual(cost, age, decline, [*launches, (at, drop)], 0.0, lead, ramp)
    assert more <= fewer * (1 + 1e-12)


@given(COST, DECLINE, AGES, LAUNCHES, SPREAD, SPREAD, st.floats(0.01, 100))
def test_value_scales_and_order_and_shape_do_not_matter(
    cost, decline, ages, launches, lead, ramp, scale
) -> None:
    values = column(residual(cost, ages, decline, launches, 0.0, lead, ramp))
    scaled = column(residual(scale * cost, ages, decline, launches[::-1], 0.0, lead, ramp))
    np.testing.assert_allclose(scaled, scale * values, rtol=1e-12)
    cells = [residual(cost, a, decline, launches, 0.0, lead, ramp) for a in ages]
    np.testing.assert_allclose(values, cells, rtol=1e-14)


@given(DECLINE, AGE, AGE)
def test_wear_alone_compounds(decline, first, second) -> None:
    one, two = (residual(1.0, a, decline, []) for a in (first, second))
    assert residual(1.0, first + second, decline, []) == pytest.approx(one * two, rel=1e-12)


@given(DECLINE, st.lists(st.tuples(st.floats(1, 72), st.floats(0, 0.9)), min_size=1, max_size=3))
def test_a_short_ramp_is_a_step(decline, launches) -> None:
    after = max(at for at, _ in launches) + 0.5
    step = residual(1.0, after, decline, launches)
    ramp = residual(1.0, after, decline, launches, 0.0, 1e-9, 1e-9)
    assert ramp == pytest.approx(step, rel=1e-12)


METHODS = ["straight_line", "sum_of_years", "declining_balance", "declining_balance_switch"]


@given(COST, AGES, st.integers(1, 12), st.floats(0, 1), st.sampled_from(METHODS), st.floats(0.5, 4))
def test_book_value_falls_from_cost_to_salvage(cost, ages, years, share, method, factor) -> None:
    def book(age):
        return call("XLC_BOOK_VALUE", cost, age, 12 * years, share * cost, method, factor)

    values = column(book(sorted(ages)))
    slack = 1e-12 * cost
    assert book(0) == cost
    assert np.all(np.diff(values) <= slack)
    assert np.all((values >= share * cost - slack) & (values <= cost + slack))
    if method != "declining_balance":
        assert book(12 * years + 5) == pytest.approx(share * cost, abs=slack)


@given(COST, AGE, st.integers(1, 12), st.floats(0, 1), st.floats(0.5, 4))
def test_the_switch_never_writes_off_less(cost, age, years, share, factor) -> None:
    plain, switched = (
        call("XLC_BOOK_VALUE", cost, age, 12 * years, share * cost, method, factor)
        for method in METHODS[2:]
    )
    assert switched <= plain + 1e-12 * cost


RENTS = st.lists(st.floats(-100, 300), min_size=1, max_size=24)
RATE = st.floats(-0.1, 0.5)


@given(RENTS, RATE, st.floats(0, 500))
def test_the_right_to_scrap_is_worth_something(rents, rate, scrap) -> None:
    value = call("XLC_RENT_VALUE", rents, rate, scrap)
    life = int(call("XLC_RENT_VALUE", rents, rate, scrap, "life"))
    factor = (1 + rate) ** (-1 / 12)

    def plan(months: int) -> float:
        return sum(r * factor ** (k + 1) for k, r in enumerate(rents[:months])) + (
            scrap * factor**months
        )

    assert value >= scrap
    assert value >= max(plan(k) for k in range(len(rents) + 1)) - 1e-9
    assert value == pytest.approx(plan(life), rel=1e-9, abs=1e-9)
    assert call("XLC_RENT_VALUE", [r + 1 for r in rents], rate, scrap) >= value
    assert call("XLC_RENT_VALUE", rents, rate, scrap + 1) >= value


IMPACT = st.floats(0, 5)
EXPONENT = st.floats(0.2, 2.5)
UNITS = st.floats(1, 1e5)


def sale(units, days=30.0, depth=15.0, haircut=0.0, impact=0.5, exponent=0.6, terms=None):
    return call("XLC_LIQUIDATION_VALUE", units, 1.0, days, depth, haircut, impact, exponent, terms)


@given(UNITS, IMPACT, EXPONENT)
def test_proceeds_rise_with_the_lot_but_less_and_less(units, impact, exponent) -> None:
    one, two, three = (sale(units * k, impact=impact, exponent=exponent) for k in (1, 2, 3))
    slack = 1e-12 * units
    assert 0 < one <= units + slack
    assert one <= two + slack <= three + 2 * slack
    assert three - two <= two - one + slack


@given(UNITS, IMPACT, EXPONENT, st.floats(1, 360), st.floats(1, 10))
def test_time_depth_and_no_impact_are_worth_something(units, impact, exponent, days, more) -> None:
    base = sale(units, days, impact=impact, exponent=exponent)
    slack = 1e-12 * units
    assert sale(units, days * more, impact=impact, exponent=exponent) >= base - slack
    assert sale(units, days, 15.0 * more, impact=impact, exponent=exponent) >= base - slack
    assert sale(units, days, impact=0.0, exponent=exponent) == pytest.approx(units, rel=1e-14)


@given(UNITS, IMPACT, st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 0.3))
def test_each_cost_lowers_the_proceeds(units, impact, haircut, decline, commission) -> None:
    base = sale(units, impact=impact)
    assert sale(units, haircut=haircut, impact=impact) <= base
    for label, value in {
        "decline": decline, "commission": commission, "relocation": 0.1, "storage": 0.001,
        "fixed": 1.0, "discount_rate": decline,
    }.items():  # fmt: skip
        assert 0 <= sale(units, impact=impact, terms={label: value}) <= base


@given(UNITS, st.floats(0.01, 3), EXPONENT, st.floats(1e-4, 0.05))
def test_the_best_time_to_sell_balances_impact_and_waiting(units, impact, exponent, wait) -> None:
    days = call("XLC_SALE_DAYS", units, 15.0, impact, exponent, wait)

    def cost(t: float) -> float:
        return impact * (units / (15.0 * t)) ** exponent + wait * t

    assert cost(days) <= min(cost(days * 1.01), cost(days / 1.01))


@given(st.floats(1, 500), st.floats(1, 500), st.floats(0.05, 3), st.floats(0, 1))
def test_hosting_share_is_a_share_and_falls_with_power(rack, median, sigma, liquid) -> None:
    share = call("XLC_HOSTING_SHARE", rack, median, sigma)
    assert 0 <= share <= 1
    assert call("XLC_HOSTING_SHARE", rack * 2, median, sigma) <= share
    assert call("XLC_HOSTING_SHARE", rack, median, sigma, 1, liquid) == share * liquid


@given(st.floats(1, 100), st.floats(1, 100), st.floats(0, 5))
def test_launch_drops_compound_over_gains(first, second, elasticity) -> None:
    kept = [1 - call("XLC_LAUNCH_DROP", g, elasticity) for g in (first, second, first * second)]
    assert kept[0] * kept[1] == pytest.approx(kept[2], rel=1e-9, abs=1e-15)
