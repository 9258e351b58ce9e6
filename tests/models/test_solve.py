"""The bracketing root finder against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from xlcredit.models.solve import find_root

FUNCTIONS = {
    "cubic": (lambda x: x**3 - 2 * x - 5, 2.0, 3.0),
    "falling": (lambda x: np.exp(-x) - 0.3, -2.0, 50.0),
    "flat at the root": (lambda x: (x - 1.0) ** 9, -4.0, 7.0),
    "steep": (lambda x: np.tanh(1e6 * (x - 0.123456789)), -10.0, 10.0),
    "jump": (lambda x: np.where(x < 0.7, -1.0, 2.0), 0.0, 1.0),
    "far away": (lambda x: x - 1e12, 0.0, 1e13),
    "tiny": (lambda x: x - 1e-12, -1.0, 1.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_finds_the_root_that_scipy_finds(name: str) -> None:
    function, low, high = FUNCTIONS[name]
    root = find_root(function, low, high)
    reference = optimize.brentq(function, low, high, xtol=1e-300, rtol=1e-15, maxiter=1000)
    slack = 0.03 if name == "flat at the root" else 1e-14 * max(1.0, abs(reference))
    assert abs(float(root) - reference) <= slack


def test_solves_a_whole_array_as_it_solves_each() -> None:
    level = np.linspace(0.05, 0.95, 37).reshape(1, -1)
    together = find_root(lambda x: np.exp(-x) - level, 0.0, np.full(level.shape, 9.0))
    assert together.shape == level.shape
    np.testing.assert_allclose(together, -np.log(level), rtol=1e-14)


def test_a_bracket_without_a_change_of_sign_has_no_root() -> None:
    shift = np.array([-1.0, 1.0, np.nan])
    root = find_root(lambda x: x * x + shift, 0.0, np.array([3.0, 3.0, 3.0]))
    np.testing.assert_allclose(root, [1.0, np.nan, np.nan], rtol=1e-15)


def test_a_function_that_breaks_down_inside_the_bracket_has_no_root() -> None:
    assert np.isnan(find_root(lambda x: np.where(np.abs(x) < 0.9, np.nan, x), -1.0, 1.0))


def test_ends_that_are_roots_are_found() -> None:
    assert find_root(lambda x: x, 0.0, 5.0) == 0.0
    assert find_root(lambda x: x - 5.0, 0.0, 5.0) == 5.0
    assert find_root(lambda x: x, 0.0, 0.0) == 0.0


def test_too_few_steps_are_no_root() -> None:
    assert np.isnan(find_root(lambda x: np.exp(x) - 3.0, -50.0, 50.0, steps=3))


def test_few_evaluations_are_enough() -> None:
    calls = []

    def function(x: np.ndarray) -> np.ndarray:
        calls.append(1)
        return np.exp(x) - 3.0

    assert abs(find_root(function, -5.0, 5.0) - np.log(3.0)) < 1e-15
    assert len(calls) < 20
