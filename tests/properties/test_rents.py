"""What finance says about rents and contract revenue, whatever the numbers."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcredit.functions import call

RENT = st.floats(0.05, 20)
DECLINE = st.floats(-0.5, 0.9)
MONTHS = st.lists(st.floats(0, 120), min_size=2, max_size=12)
STEPS = st.lists(st.tuples(st.floats(0, 60), st.floats(0, 0.9)), max_size=4)


def column(block: list[list[float]]) -> np.ndarray:
    return np.array(block).reshape(-1)


@given(RENT, st.floats(0, 0.9), MONTHS, STEPS)
def test_a_falling_rent_never_rises_and_stays_over_its_floor(rent, decline, months, steps) -> None:
    floor = 0.3 * rent
    at, drops = [s[0] for s in steps] or None, [s[1] for s in steps] or None
    curve = column(call("XLC_RENT", rent, decline, sorted(months), floor, at, drops))
    assert np.all(np.diff(curve) <= 1e-12 * rent)
    assert np.all((curve >= floor) & (curve <= rent * (1 + 1e-12)))


POINTS = st.dictionaries(st.integers(0, 60), st.floats(0.1, 50), min_size=1, max_size=8)


@given(POINTS, st.floats(0, 70), st.sampled_from(["linear", "log", "step"]), st.floats(0.1, 9))
def test_a_curve_stays_between_its_neighbours_and_has_no_unit(points, month, how, scale) -> None:
    at = sorted(points)
    values = [points[m] for m in at]
    read = call("XLC_CURVE", at, values, month, how)
    around = [v for m, v in points.items() if m in (_last(at, month), _next(at, month))]
    assert min(around) * (1 - 1e-12) <= read <= max(around) * (1 + 1e-12)
    scaled = call("XLC_CURVE", at, [scale * v for v in values], month, how)
    assert scaled == pytest.approx(scale * read, rel=1e-12)
    assert column([[call("XLC_CURVE", at, values, m, how)] for m in at]).tolist() == values


def _last(at: list[int], month: float) -> int:
    return max((m for m in at if m <= month), default=at[0])


def _next(at: list[int], month: float) -> int:
    return min((m for m in at if m > month), default=at[-1])


@given(RENT, DECLINE, st.floats(0, 60), st.floats(0, 60))
def test_decline_compounds(rent, decline, first, second) -> None:
    once = call("XLC_RENT", rent, decline, first + second)
    twice = call("XLC_RENT", call("XLC_RENT", rent, decline, first), decline, second)
    assert twice == pytest.approx(once, rel=1e-12)


@given(RENT, DECLINE, MONTHS, STEPS, st.floats(0.01, 100))
def test_rents_scale_and_cells_agree_with_ranges(rent, decline, months, steps, scale) -> None:
    at, drops = [s[0] for s in steps] or None, [s[1] for s in steps] or None
    curve = column(call("XLC_RENT", rent, decline, months, 0, at, drops))
    scaled = column(call("XLC_RENT", scale * rent, decline, months, 0, at, drops))
    np.testing.assert_allclose(scaled, scale * curve, rtol=1e-12)
    cells = [call("XLC_RENT", rent, decline, m, 0, at, drops) for m in months]
    np.testing.assert_allclose(curve, cells, rtol=1e-15)
    steps.reverse()
    reversed_steps = [s[0] for s in steps] or None, [s[1] for s in steps] or None
    other = column(call("XLC_RENT", rent, decline, months, 0, *reversed_steps))
    np.testing.assert_allclose(curve, other, rtol=1e-12)


@given(RENT, st.floats(-0.4, 0.8), st.sets(st.integers(0, 2000), min_size=3, max_size=9))
def test_the_fit_finds_the_decline_of_a_curve(rent, decline, days) -> None:
    start = datetime.date(2024, 1, 1)
    dates = [start + datetime.timedelta(days=d) for d in sorted(days)]
    rents = [call("XLC_RENT", rent, decline, d * 12 / 365) for d in sorted(days)]
    years = (max(days) - min(days)) / 365
    assert call("XLC_RENT_FIT", dates, rents) == pytest.approx(decline, abs=1e-11 / min(1, years))


@given(RENT, st.floats(0, 1), st.floats(0, 3), st.floats(1, 2), st.floats(0, 0.5), st.floats(0, 1))
def test_parity_rent_falls_with_each_cost(new, ratio, kw, pue, price, other) -> None:
    base = call("XLC_PARITY_RENT", new, ratio, kw, pue, price, other)
    assert base <= call("XLC_PARITY_RENT", new, ratio, 0, pue, price, 0) + 1e-12
    assert call("XLC_PARITY_RENT", new, ratio, kw, pue, price + 0.1, other) <= base
    assert call("XLC_PARITY_RENT", new + 1, ratio, kw, pue, price, other) >= base


TERMS = st.fixed_dictionaries(
    {
        "units": st.floats(1, 1e5),
        "contract_share": st.floats(0, 1),
        "contract_rent": RENT,
        "escalation": st.floats(-0.05, 0.1),
        "contract_months": st.integers(0, 48),
        "availability": st.floats(0.5, 1),
        "hazard": st.floats(0, 2),
        "downtime_months": st.integers(0, 12),
        "termination_months": st.floats(0, 12),
        "termination_recovery": st.floats(0, 1),
        "rent": RENT,
        "decline": st.floats(-0.3, 0.8),
        "utilisation": st.floats(0, 1),
    }
)


@given(TERMS, st.integers(1, 60))
def test_revenue_is_never_negative_and_adds_up(terms, months) -> None:
    table = np.array(call("XLC_CONTRACT_REVENUE", terms, months))
    assert table.shape == (months, 5)
    assert np.all(table >= 0)
    np.testing.assert_allclose(table[:, :4].sum(axis=1), table[:, 4], rtol=1e-13)
    longer = np.array(call("XLC_CONTRACT_REVENUE", terms, months + 1))
    np.testing.assert_array_equal(longer[:months], table)


@given(TERMS, st.integers(1, 60))
def test_no_contract_is_merchant_only(terms, months) -> None:
    table = np.array(call("XLC_CONTRACT_REVENUE", {**terms, "contract_share": 0}, months))
    np.testing.assert_array_equal(table[:, 2], table[:, 4])


@given(TERMS, st.floats(0.01, 2))
def test_a_weaker_tenant_is_worth_less_if_the_contract_pays_more(terms, more) -> None:
    good = {**terms, "rent": 0.5 * terms["contract_rent"], "decline": 0.3, "escalation": 0.0}
    good |= {"availability": 1.0, "termination_months": 0}
    bad = {**good, "hazard": good["hazard"] + more}
    totals = [
        column([row[4:] for row in call("XLC_CONTRACT_REVENUE", t, 48)]).sum() for t in (good, bad)
    ]
    assert totals[1] <= totals[0] * (1 + 1e-12)
