"""The compiled kernel is the NumPy one: the same events on every path, the same figures."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.oracles.simulated_deals import simulated_deal
from xlcredit.models import simulation
from xlcredit.models.simulation import Deal, Terms, Tilt, can_compile, outcomes, simulate

kernels = pytest.importorskip("xlcredit.models.kernels")

from xlcredit.models.kernels import loan, market, numbers  # noqa: E402 - where there is numba
from xlcredit.models.kernels.constants import constants  # noqa: E402
from xlcredit.models.kernels.lane import HOW  # noqa: E402

#: Told not to compile (``NUMBA_DISABLE_JIT=1``), numba leaves the Python that a kernel is written
#: in: the same figures, slowly, and no machine code to look at.
needs_code = pytest.mark.skipif(not can_compile(), reason="numba is told not to compile")
SEEDS, PATHS = (range(60), 700) if can_compile() else (range(0, 12, 2), 300)


@pytest.fixture(autouse=True)
def _numpy_s_own_errors() -> Iterator[None]:
    """A machine does not warn of what overflows; Python would."""
    with np.errstate(all="ignore"):
        yield


def deal(seed: int, **changes: Any) -> Deal:
    terms, series = simulated_deal(seed)
    return Deal.of(Terms(**(terms | changes)), **series)


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, values in one.items():
        if values is None:
            assert other[name] is None
        elif values.dtype.kind == "i":
            np.testing.assert_array_equal(other[name], values, err_msg=name)
        else:
            # of amounts on a loan of 100, sums of some hundred terms
            np.testing.assert_allclose(other[name], values, rtol=1e-11, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_path_is_the_same(seed: int) -> None:
    tilt = Tilt(-0.2, -0.15, 5) if seed % 3 == 0 else Tilt()
    made = deal(seed, accelerated=seed % 4 * 3)  # every fourth loan never is
    plain = outcomes(made, seed, 5, PATHS, tilt, courses=True)
    assert_same(vars(plain), kernels.run(made, seed, 5, PATHS, tilt, courses=True))


@pytest.mark.parametrize("seed", [*SEEDS[::5], 3, 37, 54])
def test_putting_ended_paths_aside_changes_no_path(seed: int) -> None:
    """With their courses recorded all paths are worked to the last period.

    The last three lose a third of their paths and more before the last third of their periods, with
    and without a trigger that remembers the highest price.
    """
    tilt, made = Tilt(-0.2, -0.15, 5), deal(seed)
    whole, aside = (vars(outcomes(made, 1, 3, PATHS, tilt, courses=c)) for c in (True, False))
    none = {"ltv": None, "cash": None}
    assert_same(whole | none, aside)
    assert_same(whole | none, kernels.run(made, 1, 3, PATHS, tilt))


@pytest.mark.parametrize(
    "changes",
    [
        {"gpu_depth": 0.001, "gpu_impact": 0.5, "sale_cost": 200.0, "sale_haircut": 0.1},
        {"coin_slippage": 0.55, "cure_ltv": 0.6},  # a sale of coin that gains nothing
        {"coin_units": 0.0},
        {"recovery_periods": 4},
        {"coin_vol": 0.0, "gpu_vol": 0.0, "jump_intensity": 0.0, "coin_drift": -1.5},
        {"jump_intensity": 60.0, "coin_jump": -0.01, "gpu_jump": -0.01},
        {"drawdown_trigger": 0.0, "stressed_correlation": -1.0, "correlation": 1.0},
    ],
    ids=lambda changes: next(iter(changes)),
)  # fmt: skip
def test_every_corner_is_the_same(changes: dict[str, float]) -> None:
    for seed in (2, 3, 7):
        made = deal(seed, **changes)
        plain = outcomes(made, 1, 0, PATHS, courses=True)
        assert_same(vars(plain), kernels.run(made, 1, 0, PATHS, Tilt(), courses=True))


@needs_code
def test_the_figures_are_the_same() -> None:
    made = deal(3)
    one, other = (simulate(made, 20_000, 2, kernel=name) for name in ("numpy", "compiled"))
    assert (one.kernel, other.kernel) == ("numpy", "compiled")
    for name, figure in one.figures.items():
        np.testing.assert_allclose(other.figures[name], figure, rtol=1e-11, atol=1e-13)
    for name, row in one.by_period.items():
        np.testing.assert_allclose(other.by_period[name], row, rtol=1e-11, atol=1e-13)


@needs_code
def test_threads_do_not_change_a_bit() -> None:
    paths = 3 * simulation.BLOCK + 99
    runs = [simulate(deal(3), paths, 4, kernel="compiled", threads=n) for n in (1, 2, 7)]
    assert runs[0].figures == runs[1].figures == runs[2].figures


def test_the_polynomials_are_good_to_the_last_digits() -> None:
    x = np.concatenate([np.linspace(-40.0, 40.0, 4001), [-700.0, 700.0, 0.0, 1e-300]])
    exp = np.array([numbers.exp(v) for v in x])
    np.testing.assert_allclose(exp, np.exp(x), rtol=4e-16)
    u = np.concatenate(
        [np.linspace(0.0, 1.0, 4001)[1:], 2.0 ** -np.arange(53.0), 1 - 2.0 ** -np.arange(1, 53.0)]
    )
    log = np.array([numbers._log(v) for v in u])
    np.testing.assert_allclose(log, np.log(u), rtol=4e-16)


def test_the_bound_of_the_exponential_is_one() -> None:
    x = np.concatenate([np.linspace(-699.0, 699.0, 5001), np.linspace(-1.0, 1.0, 5001)])
    over = np.array([numbers.at_least_exp(v) for v in x]) / np.exp(x)
    assert over.min() >= 1.0
    assert over.max() < 1.07


@needs_code
def test_the_loops_are_vector_instructions() -> None:
    """Lost, they cost a factor of five, and nothing else would show it."""
    from numba import njit, typeof, types

    array, words = types.float64[::1], types.uint64[::1]
    whole, real, word = types.int64, types.float64, types.uint64
    flat = typeof(constants(deal(3), Tilt()))
    for function, signature in (
        (numbers.normals, (words, array, whole, word, word)),
        (market.move, (array, whole, flat, types.boolean, real, real, real)),
        (loan.service, (array, whole, whole, flat, array, array, real)),
        (loan.collateral, (array, whole, whole, flat)),
        (loan.paid_period, (array, whole, whole, flat, array, real)),
    ):
        dispatcher = njit(**HOW)(function.py_func)
        dispatcher.compile(signature)
        text = next(iter(dispatcher.inspect_asm().values()))
        packed = sum(text.count(register) for register in ("zmm", "ymm", "mulpd", ".2d"))
        assert packed > 10, function


def test_nothing_compiles_at_import() -> None:
    program = "import xlcredit.models.simulation, sys; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


@needs_code
def test_what_is_stored_is_that_of_these_sources() -> None:
    """Machine code of other sources, on the same file, is not taken for this."""
    from xlcredit.models.kernels import paths, stored

    kernels.warm_up()
    assert kernels.is_compiled()
    fresh, other = paths._stored(stored.SOURCES), paths._stored("other sources")
    assert not fresh.signatures and stored.is_stored(fresh)
    assert not stored.is_stored(other)
