"""What finance says about the price of credit, whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xlcredit.functions import call

SHARE = st.floats(0.0, 1.0)
RATE = st.floats(0.0, 0.2)
HAZARD = st.floats(0.0, 1.0)
EXPOSURE = st.lists(st.floats(1.0, 1000.0), min_size=1, max_size=24)
PER_YEAR = st.sampled_from([1, 2, 4, 12])
PD = st.floats(1e-4, 0.9)
VOL = st.floats(0.02, 1.5)


@given(EXPOSURE, SHARE, HAZARD, RATE, PER_YEAR)
def test_no_loss_has_no_price(exposure, lgd, hazard, rate, per_year) -> None:
    assert call("XLC_FAIR_SPREAD", exposure, 0.0, hazard, rate, "spread", per_year) == 0.0
    assert call("XLC_FAIR_SPREAD", exposure, lgd, 0.0, rate, "spread", per_year) == 0.0


@given(EXPOSURE, SHARE, HAZARD, RATE, PER_YEAR, st.floats(0.01, 100.0))
def test_the_spread_is_linear_in_lgd_and_has_no_unit(
    exposure, lgd, hazard, rate, per_year, scale
) -> None:
    spread = call("XLC_FAIR_SPREAD", exposure, lgd, hazard, rate, "spread", per_year)
    half = call("XLC_FAIR_SPREAD", exposure, 0.5 * lgd, hazard, rate, "spread", per_year)
    assert half == pytest.approx(0.5 * spread, rel=1e-12, abs=1e-15)
    scaled = [scale * e for e in exposure]
    again = call("XLC_FAIR_SPREAD", scaled, lgd, hazard, rate, "spread", per_year)
    assert again == pytest.approx(spread, rel=1e-12, abs=1e-15)
    pv, expected = (
        call("XLC_FAIR_SPREAD", exposure, lgd, hazard, rate, m, per_year)
        for m in ("pv_loss", "expected_loss")
    )
    assert 0.0 <= pv <= expected * (1 + 1e-12)
    assert expected <= max(exposure) * (1 + 1e-12)


@given(st.floats(1e-4, 0.3), SHARE, st.integers(1, 10))
def test_in_small_steps_the_spread_is_hazard_times_lgd(hazard, lgd, years) -> None:
    exposure = [100.0] * (365 * years)
    found = call("XLC_FAIR_SPREAD", exposure, lgd, hazard, 0.0, "spread", 365)
    assert found == pytest.approx(hazard * lgd, rel=1e-6)


@given(EXPOSURE, st.floats(0.01, 1.0), st.floats(1e-6, 2.0), RATE, PER_YEAR)
def test_the_implied_hazard_is_the_one_that_was_put_in(
    exposure, lgd, hazard, rate, per_year
) -> None:
    spread = call("XLC_FAIR_SPREAD", exposure, lgd, hazard, rate, "spread", per_year)
    implied = call("XLC_IMPLIED_HAZARD", spread, exposure, lgd, rate, per_year)
    back = call("XLC_FAIR_SPREAD", exposure, lgd, implied, rate, "spread", per_year)
    assert back == pytest.approx(spread, rel=1e-12)
    # with one LGD the spread rises with the hazard, at least while few have defaulted
    assert implied <= hazard * (1 + 1e-9)


@given(
    st.floats(1.0, 500.0), VOL, st.floats(-0.02, 0.1), st.floats(1.0, 120.0), st.floats(-0.1, 0.2)
)
def test_debt_and_equity_share_the_assets(value, vol, rate, months, drift) -> None:
    figures = dict(call("XLC_MERTON", value, 100.0, vol, rate, months, "all", drift))
    riskless = 100.0 * np.exp(-rate * months / 12.0)
    assert figures["debt"] + figures["equity"] == pytest.approx(value, rel=1e-10)
    assert 0.0 <= figures["debt"] <= riskless * (1 + 1e-12)
    assert figures["equity"] >= max(0.0, value - riskless) - 1e-10 * value
    promised = figures["debt"] * np.exp((figures["spread"] + rate) * months / 12.0)
    assert promised == pytest.approx(100.0, rel=1e-9)
    assert 0.0 <= figures["lgd"] <= 1.0
    better = call("XLC_MERTON", value, 100.0, vol, rate, months, "physical_pd", drift + 0.01)
    assert better <= figures["physical_pd"] + 1e-15


@given(PD, st.floats(0.3, 3.0), VOL, st.floats(-0.99, 0.99), st.floats(0.0, 0.3))
def test_wrong_way_risk_costs_and_right_way_risk_pays(pd, coverage, vol, correlation, cost) -> None:
    lgd = call("XLC_WRONG_WAY_LGD", pd, coverage, vol, correlation, cost)
    independent = call("XLC_WRONG_WAY_LGD", pd, coverage, vol, 0.0, cost)
    assert (lgd - independent) * correlation >= -1e-10
    assert 0.0 <= lgd <= 1.0
    # without correlation it is a put on the collateral, whatever the PD
    other = call("XLC_WRONG_WAY_LGD", 0.5, coverage, vol, 0.0, cost)
    assert independent == pytest.approx(other, abs=1e-11)
    put = call("XLC_SHORTFALL", 1.0, coverage * (1.0 - cost), 0.0, 12.0, vol, 0.0, 0.0)
    assert independent == pytest.approx(put, abs=1e-11)


@given(st.floats(0.2, 5.0), VOL, st.floats(0.5, 60.0))
def test_a_dscr_misses_as_a_loan_against_cash_flow_does(dscr, vol, months) -> None:
    missed = call("XLC_DSCR_PD", dscr, vol, months)
    assert missed == pytest.approx(
        call("XLC_MERTON", dscr, 1.0, vol, 0.0, months, "pd"), rel=1e-12, abs=1e-15
    )
    assert call("XLC_DSCR_PD", dscr * 1.01, vol, months) <= missed


@given(st.floats(1e-3, 0.3), SHARE, st.floats(0.0, 0.5))
def test_capital_is_not_negative_and_rises_with_confidence(pd, lgd, correlation) -> None:
    capital = call("XLC_VASICEK_CAPITAL", pd, lgd, correlation)
    assert -1e-15 <= capital <= lgd * (1.0 - pd) + 1e-15
    more = call("XLC_VASICEK_CAPITAL", pd, lgd, correlation, 0.9999)
    assert more >= capital - 1e-15


@given(st.lists(st.tuples(PD, SHARE, SHARE), min_size=2, max_size=6))
def test_cells_agree_with_ranges(rows) -> None:
    assume(all(r[2] < 1.0 for r in rows))
    columns = [list(c) for c in zip(*rows, strict=True)]
    block = call("XLC_VASICEK_CAPITAL", *columns)
    cells = [[call("XLC_VASICEK_CAPITAL", *r)] for r in rows]
    np.testing.assert_allclose(block, cells, rtol=1e-9, atol=1e-14)
