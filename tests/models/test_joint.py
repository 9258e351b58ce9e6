"""One market: closed forms, a path by hand, and the simulation of one loan as a special case."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from tests.oracles.simulated_deals import simulated_deal
from xlcredit.models import draws, joint_paths
from xlcredit.models.joint import Links, LoanBook, Position, block_size, run_block
from xlcredit.models.joint_lots import Sale
from xlcredit.models.joint_paths import common_paths, customer_factor, patience
from xlcredit.models.normal import log_cdf
from xlcredit.models.simulation import Deal, Terms, can_compile, outcomes

PATHS = 40_000
#: Told not to compile, numba leaves Python: one test of it is enough.
KERNELS = ["numpy", "compiled"] if can_compile() else ["numpy"]
LOANS = [("a", 50e6), ("b", 40e6), ("c", 45e6)]
SALE = {"gpu_depth": 40.0, "sale_days": 90.0, "gpu_impact": 0.5, "exponent": 0.7}


def paths(count: int = PATHS) -> np.ndarray:
    return np.arange(count, dtype=np.uint64)


def average_price(units: float) -> float:
    """The integral itself, by quadrature: the model has an incomplete gamma function."""
    depth = SALE["gpu_depth"] * SALE["sale_days"]
    price = lambda q: math.exp(-SALE["gpu_impact"] * (q / depth) ** SALE["exponent"])  # noqa: E731
    return integrate.quad(price, 0.0, units, epsabs=0.0, epsrel=1e-12)[0] / units


def bullet(**changes: Any) -> Deal:
    """A loan on cards alone, whose service is taken to be paid; one period."""
    terms = {
        "loan": 60e6, "rate": 0.1, "months": 1, "gpu_units": 3000.0, "gpu_price": 30_000.0,
        "gpu_vol": 0.9, "call_ltv": 0.85, "cure_ltv": 0.8, "liquidation_ltv": 0.85,
        "sale_haircut": 0.05, "sale_cost": 150.0, **SALE,
    }  # fmt: skip
    return Deal.of(Terms(**{**terms, **changes}))


def exact_loss(lot: float, deal: Deal) -> float:
    """Expected loss of a loan of one period whose cards are part of a lot."""
    t = deal.terms
    slope = t.gpu_units * 0.95 * average_price(lot)
    cost = 150.0 * t.gpu_units
    deviation = t.gpu_vol / math.sqrt(12.0)
    trigger = t.loan / (0.85 * t.gpu_units)

    def density(z: float) -> float:
        price = t.gpu_price * math.exp(deviation * z - 0.5 * deviation**2)
        return max(0.0, t.loan - max(0.0, slope * price - cost)) * stats.norm.pdf(z)

    highest = (math.log(trigger / t.gpu_price) + 0.5 * deviation**2) / deviation
    return integrate.quad(density, -12.0, highest, epsabs=1e-3, epsrel=1e-10, limit=400)[0]


def test_six_equal_loans_against_the_integral() -> None:
    """Equal loans on one card fall together: the lot is six times the cards of one."""
    deal = bullet()
    book = LoanBook([Position(f"loan {i}", deal, "H100") for i in range(6)])
    found = run_block(book, 1, paths(200_000))
    for losses, lot in ((found.alone, 1), (found.together, 6)):
        exact = 6 * exact_loss(lot * deal.terms.gpu_units, deal)
        error = float(np.std(losses)) / math.sqrt(len(losses))
        assert abs(float(np.mean(losses)) - exact) < 4 * error
    ratio = float(np.mean(found.together) / np.mean(found.alone))
    exact_ratio = exact_loss(18_000.0, deal) / exact_loss(3_000.0, deal)
    spread = found.together - ratio * found.alone
    error = float(np.std(spread)) / math.sqrt(len(spread)) / float(np.mean(found.alone))
    assert exact_ratio > 1.05 and abs(ratio - exact_ratio) < 4 * error
    assert found.cards_enforced == found.cards_sold > 0


def test_a_lot_meets_what_is_unsold_of_the_one_before() -> None:
    """No chance at all: one loan falls in month 1, the other in month 2, into what is left."""
    curve = [30_000.0, 22_000.0, 16_000.0]
    early = Deal.of(bullet(months=2, gpu_vol=0.0).terms, gpu_curve=curve)
    later = bullet(
        months=2, gpu_vol=0.0, loan=48e6, call_ltv=0.95, liquidation_ltv=0.95, gpu_units=2_900.0
    ).terms
    late = Deal.of(later, gpu_curve=curve)
    found = run_block(LoanBook([Position("a", early, "c"), Position("b", late, "c")]), 1, paths(1))

    def loss(deal: Deal, price: float, lot: float) -> float:
        each = price * 0.95 * average_price(lot) - 150.0
        return deal.terms.loan - deal.terms.gpu_units * max(0.0, each)

    left = 3000.0 * (1.0 - 365.0 / (12.0 * 90.0))
    alone = [loss(early, 22_000.0, 3000.0), loss(late, 16_000.0, 2_900.0)]
    together = [alone[0], loss(late, 16_000.0, 2_900.0 + left)]
    assert found.loan_alone == pytest.approx(alone, rel=1e-12)
    assert found.loan_together == pytest.approx(together, rel=1e-12)
    assert together[1] > alone[1] > 0


def test_each_loan_pays_what_its_own_sale_costs() -> None:
    """Fleets of two sizes in one lot: relocation and storage of a card are not the same."""
    own = {"a": (0.05, 150.0), "b": (0.2, 900.0)}
    deals = {
        name: Deal.of(
            bullet(gpu_vol=0.0, sale_haircut=haircut, sale_cost=cost).terms,
            gpu_curve=[30_000.0, 20_000.0],
        )
        for name, (haircut, cost) in own.items()
    }
    found = run_block(LoanBook([Position(n, deal, "c") for n, deal in deals.items()]), 1, paths(1))
    for lot, losses in ((3000.0, found.loan_alone), (6000.0, found.loan_together)):
        each = [20_000.0 * (1 - h) * average_price(lot) - cost for h, cost in own.values()]
        assert losses == pytest.approx([60e6 - 3000.0 * price for price in each], rel=1e-12)


FULL = {
    "loan": 50e6, "rate": 0.1, "months": 36, "gpu_units": 3000.0, "gpu_price": 30_000.0,
    "coin_units": 200.0, "coin_price": 60_000.0, "gpu_vol": 0.5, "mean_reversion": 0.8,
    "gpu_drift": -0.3, "coin_vol": 0.7, "correlation": 0.3, "stressed_correlation": 0.7,
    "drawdown_trigger": 0.4, "jump_intensity": 0.4, "coin_jump": -0.2, "gpu_jump": -0.1,
    "coin_jump_vol": 0.1, "gpu_jump_vol": 0.15, "jump_correlation": 0.5, "rent_beta": 0.8,
    "call_ltv": 0.8, "cure_ltv": 0.7, "liquidation_ltv": 0.95, "cure_periods": 1.0,
    "coin_haircut": 0.1, "gpu_haircut": 0.2, "coin_slippage": 0.05, "grace_periods": 1.0,
    "lockup": 1.1, "dsra_periods": 2.0, "dsra_opening": 2e6, "liquidity": 1e6, "sweep": 0.3, **SALE,
}  # fmt: skip


def full(**changes: Any) -> Deal:
    return Deal.of(
        Terms(**{**FULL, **changes}), np.full(36, 50e6 / 36), contracted=1.9e6, merchant=0.4e6,
        opex=0.5e6, relet=1.2e6,
    )  # fmt: skip


@pytest.mark.parametrize("kernel", KERNELS)
def test_one_loan_alone_is_the_simulation_path_by_path(kernel: str) -> None:
    deal = full()
    found = run_block(LoanBook([Position("one", deal, "c")]), 7, paths(2_000), (), kernel)
    one = outcomes(deal, 7, 0, 2_000)
    assert np.any(one.loss > 0)
    np.testing.assert_allclose(found.alone, one.loss, rtol=1e-9, atol=1e-3)
    np.testing.assert_allclose(found.together, one.loss, rtol=1e-9, atol=1e-3)
    np.testing.assert_allclose(found.unpaid, one.unpaid, rtol=1e-9, atol=1e-3)


def test_who_has_the_cards_of_another_class_is_not_in_the_way() -> None:
    one, other = full(), full(gpu_vol=0.6)
    apart = run_block(
        LoanBook([Position("a", one, "x"), Position("b", other, "y")]), 3, paths(3_000)
    )
    np.testing.assert_allclose(apart.together, apart.alone, rtol=1e-12, atol=1e-6)  # of 50m
    in_one = run_block(
        LoanBook([Position("a", one, "x"), Position("b", one, "x")]), 3, paths(3_000)
    )
    assert np.all(in_one.together >= in_one.alone - 1e-6)
    assert np.mean(in_one.together) > 1.01 * np.mean(in_one.alone)


def test_classes_have_the_correlation_that_was_asked_for() -> None:
    """ρ² through the coin, and l² of what is left."""
    quiet = {"jump_intensity": 0.0, "drawdown_trigger": None, "mean_reversion": 0.0}
    one, other = full(**quiet), full(**quiet, gpu_vol=0.6)
    book = LoanBook([Position("a", one, "x"), Position("b", other, "y")], Links(class_loading=0.6))
    schedules = [deal.market for deal in book.longest]
    level = common_paths(schedules, 0.6, 5, paths(100_000)).level
    wanted = 0.3**2 + (1 - 0.3**2) * 0.6**2
    assert np.corrcoef(level[0][3], level[1][3])[0, 1] == pytest.approx(
        wanted, abs=4 / math.sqrt(100_000)
    )


def test_customers_stop_at_their_rate_and_with_each_other() -> None:
    """Contract cash and default at the stop: 1 − e^(−hT) each, and a bivariate normal for both."""
    hazard, loading = 0.2, 0.7
    terms = Terms(
        loan=10e6, rate=0.0, months=24, hazard=hazard, grace_periods=0.0, gpu_recovery=0.0
    )
    deal = Deal.of(terms, np.full(24, 10e6 / 24), contracted=1e6)
    book = LoanBook([Position("a", deal, "x"), Position("b", deal, "x")], Links(0.0, loading))
    count = 100_000
    found = run_block(book, 11, paths(count))
    gone = -math.expm1(-hazard * 2.0)
    error = math.sqrt(gone * (1 - gone) / count)
    assert found.enforced / count == pytest.approx([gone, gone], abs=4 * error)
    level = stats.norm.ppf(gone)
    both = stats.multivariate_normal([0, 0], [[1, loading**2], [loading**2, 1]]).cdf([level, level])
    neither = float(np.mean(found.alone == 0.0))
    assert neither == pytest.approx(1 - 2 * gone + both, abs=4 * error)


def test_any_cut_of_the_paths_gives_the_same() -> None:
    book = LoanBook(
        [Position("a", full(), "x"), Position("b", full(loan=40e6), "x")], Links(0.2, 0.5)
    )
    whole = run_block(book, 2, paths(1_000))
    chosen = np.array([3, 250, 999], dtype=np.uint64)
    few = run_block(book, 2, chosen)
    assert few.together.tolist() == whole.together[[3, 250, 999]].tolist()


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_loan_that_is_left_out_is_not_there(kernel: str) -> None:
    """The others have the same paths, and one lot less to meet."""
    book, links = [Position(n, full(loan=b), "x") for n, b in LOANS], Links(0.2, 0.5)
    found = run_block(LoanBook(book, links), 2, paths(1_000), (2, 1), kernel)
    without_last = run_block(LoanBook(book[:2], links), 2, paths(1_000), (), kernel)
    assert found.without[0] == pytest.approx(np.sum(without_last.together), rel=1e-12)
    parts = np.sum(found.loan_together)
    assert found.without[1] < parts - found.loan_together[1]  # it costs the others too


@pytest.mark.parametrize("seed", range(12))
def test_the_compiled_kernel_is_the_numpy_one(seed: int) -> None:
    """Path by path, on deals of all kinds: cash or not, levels or not, jumps, customers."""
    pytest.importorskip("numba")
    terms, series = simulated_deal(seed)
    moved = {"hazard": 0.3, "hazard_elasticity": 1.5}
    terms |= ({}, moved | {"rent_beta": 0.7}, moved | {"rent_beta": 0.0})[seed % 3]
    deals = [Deal.of(Terms(**(terms | {"loan": terms["loan"] * f})), **series) for f in (1, 0.9)]
    book = LoanBook([Position(f"{i}", d, "x") for i, d in enumerate(deals)], Links(0.0, 0.6))
    some = paths(1_001 if can_compile() else 300)
    with np.errstate(all="ignore"):  # a machine does not warn
        one, other = (run_block(book, seed, some, (1,), how) for how in ("numpy", "compiled"))
    for name, values in vars(one).items():
        got = getattr(other, name)
        np.testing.assert_allclose(got, values, rtol=1e-11, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("name", ["gpu_vol", "gpu_depth", "coin_vol", "periods_per_year"])
def test_what_loans_share_they_must_agree_on(name: str) -> None:
    one = full()
    other = replace(one, terms=replace(one.terms, **{name: getattr(one.terms, name) * 1.5}))
    with pytest.raises(ValueError, match=f"must have one {name}: a has .*; b has"):
        LoanBook([Position("a", one, "x"), Position("b", other, "x")])


def test_blocks_shrink_as_the_book_grows() -> None:
    for loans in (1, 10, 1_000, 10_000):
        assert 128 <= block_size(loans, 250) <= 8_192
        assert block_size(loans, 250) * max(loans, 250) <= 1 << 21
    assert block_size(1, 250 * 30) * 250 * 30 <= 1 << 21  # daily


def test_a_sale_is_read_as_the_page_says() -> None:
    """Ninety days, of which a month is 365/12; six tenths; a market without impact has none."""
    plain = Sale.of(Terms(loan=1.0, rate=0.0, months=1, gpu_depth=40.0))
    assert (plain.depth, plain.impact, plain.exponent) == (3_600.0, 0.0, 0.6)
    assert plain.kept == pytest.approx([1 - 365 / 1080, 1 - 730 / 1080], rel=1e-15)
    deep = Sale.of(Terms(loan=1.0, rate=0.0, months=1))
    assert deep.depth is None
    slow = bullet(sale_days=365.0, periods_per_year=4.0).terms
    assert Sale.of(slow).kept == pytest.approx([0.75, 0.5, 0.25], rel=1e-15)
    assert (Sale.of(slow).impact, Sale.of(slow).exponent) == (0.5, 0.7)


def test_no_customer_draws_what_another_or_the_market_draws() -> None:
    """One number each, out of a stream of its own."""
    one, nothing, seed = paths(1), np.zeros(1), 9
    drawn = [float(patience(0.0, nothing, seed, loan, one)[0]) for loan in range(5_000)]
    streams = (seed, *(joint_paths._moved(seed, n) for n in (1, *range(16, 60))))
    others = [draws.normals(draws.bases_of(s, one), 0, draws.SHOCKS)[0] for s in streams]
    drawn += [float(-log_cdf(-own)[0]) for own in (customer_factor(seed, one), *others)]
    assert len(set(drawn)) == len(drawn)
