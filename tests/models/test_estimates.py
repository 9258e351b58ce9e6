"""Figures and their errors: against NumPy's own, and by drawing again and again."""

from __future__ import annotations

import math

import numpy as np
import pytest

from xlcredit.models import estimates
from xlcredit.models.estimates import Sample, Tally


def tally(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, blocks: int = 3) -> Tally:
    found = Tally(("x", "y"), (("x", "y"),))
    for part in np.array_split(np.arange(len(x)), blocks):
        found.add({"x": x[part], "y": y[part]}, None if weight is None else weight[part])
    return found


def test_a_mean_and_its_error_are_numpy_s() -> None:
    x = np.random.default_rng(1).exponential(size=1000)
    found = estimates.mean(tally(x, x), "x")
    assert found.value == pytest.approx(x.mean(), rel=1e-12)
    assert found.error == pytest.approx(x.std(ddof=1) / math.sqrt(1000), rel=1e-9)


def test_a_figure_that_rests_on_one_path_has_no_error() -> None:
    one = np.ones(1)
    alone = tally(one, one, blocks=1)
    for found in (
        estimates.mean(alone, "x"),
        estimates.ratio(alone, "x", "y"),
        estimates.quantile(Sample(one), 0.99),
        estimates.tail_mean(Sample(one), 0.99),
    ):
        assert found.value == 1.0 and math.isnan(found.error)
    # one failure among a thousand paths: its loss given default is known of it alone
    exposure = np.zeros(1000)
    exposure[400] = 50.0
    found = estimates.ratio(tally(0.4 * exposure, exposure), "x", "y")
    assert found.value == pytest.approx(0.4, rel=1e-15) and math.isnan(found.error)
    exposure[700] = 60.0
    assert estimates.ratio(tally(0.4 * exposure, exposure), "x", "y").error < 1e-7  # two agree


def test_the_errors_are_those_of_drawing_again() -> None:
    """Mean, ratio, quantile and tail mean of 400 samples scatter as much as each says."""
    rng = np.random.default_rng(3)
    rows, told = [], []
    for _ in range(400):
        y = rng.exponential(size=2000)
        x = y * rng.uniform(0.0, 0.5, size=2000) * (rng.random(2000) < 0.3)
        sample = Sample(x)
        figures = [
            estimates.ratio(tally(x, y), "x", "y"),
            estimates.quantile(sample, 0.95),
            estimates.tail_mean(sample, 0.95),
        ]
        rows.append([f.value for f in figures])
        told.append([f.error for f in figures])
    spread = np.std(rows, axis=0)
    np.testing.assert_allclose(np.mean(told, axis=0) / spread, 1.0, atol=0.12)


def test_weights_put_a_tilted_sample_right() -> None:
    """Normals drawn around −1, weighed back to around 0; errors by drawing again."""
    rng = np.random.default_rng(5)
    rows, told = [], []
    for _ in range(400):
        z = rng.standard_normal(1000) + 1.5
        weight = np.exp(-1.5 * z + 1.125)
        sample = Sample(z, weight)
        figures = [
            estimates.mean(tally(z, np.maximum(z - 2.0, 0.0), weight), "y"),
            estimates.quantile(sample, 0.99),
            estimates.tail_mean(sample, 0.99),
        ]
        rows.append([f.value for f in figures])
        told.append([f.error for f in figures])
    exact = np.array([0.008490702616786, 2.3263478740408408, 2.6652142203457])
    error = np.std(rows, axis=0) / 20.0
    assert np.all(np.abs(np.mean(rows, axis=0) - exact) < 4.0 * error + [0.0, 0.01, 0.01])
    np.testing.assert_allclose(np.mean(told, axis=0) / (20.0 * error), 1.0, atol=0.12)


def test_a_quantile_is_the_smallest_value_that_so_many_do_not_exceed() -> None:
    values = np.arange(1.0, 101.0)
    for share, expected in ((0.95, 95.0), (0.99, 99.0), (0.5, 50.0), (0.951, 96.0)):
        assert Sample(values).at(share) == expected
        assert Sample(values, np.ones(100)).at(share) == expected


def test_the_worst_share_is_averaged_to_the_fraction() -> None:
    values = np.arange(1.0, 11.0)
    assert estimates.tail_mean(Sample(values), 0.8).value == pytest.approx(9.5)
    assert estimates.tail_mean(Sample(values), 0.85).value == pytest.approx(
        (10.0 + 0.5 * 9.0) / 1.5
    )


def test_what_does_not_exist_is_nan() -> None:
    none = np.zeros(5)
    assert all(math.isnan(v) for v in estimates.ratio(tally(none, none), "x", "y"))


def test_infinite_levels_are_not_apart() -> None:
    """An LTV on collateral that is worth nothing."""
    values = np.array([0.5, 0.6, math.inf, math.inf])
    found = estimates.quantile(Sample(values), 0.99)
    assert (found.value, found.error) == (math.inf, 0.0)
