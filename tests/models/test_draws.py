"""Random numbers: the published generator, an address for each, and the laws they claim."""

from __future__ import annotations

import numpy as np
import pytest

from xlcredit.models import draws, normal

MASK = (1 << 64) - 1


def splitmix64(state: int) -> int:
    """The published step, in whole numbers of any size."""
    z = state & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def test_the_mixer_is_the_published_one() -> None:
    # the first outputs for seed 1234567, as the reference implementation prints them
    outputs = (6457827717110365317, 3203168211198807973, 9817491932198370423)
    for n, expected in enumerate(outputs, 1):
        assert splitmix64(1234567 + n * draws.GAMMA) == expected


@pytest.mark.parametrize(("seed", "path", "step", "draw"), [(1, 0, 1, 0), (7, 123_456, 60, 5)])
def test_a_word_is_a_function_of_its_address(seed: int, path: int, step: int, draw: int) -> None:
    base = splitmix64(splitmix64(seed + draws.GAMMA) + path * draws.GAMMA)
    expected = splitmix64(base + (8 * step + draw) * draws.GAMMA)
    for first, count in ((path, 1), (max(0, path - 3), 9)):
        found = draws.words(draws.bases(seed, first, count), step, draw)
        assert int(found[path - first]) == expected
    assert draws.uniforms(draws.bases(seed, path, 1), step, draw)[0] == (expected >> 12) / 2**52


def test_the_normals_are_normal() -> None:
    x, y = draws.normals(draws.bases(3, 0, 400_000), 5, draws.SHOCKS)
    root = np.sqrt(len(x))
    for z in (x, y):
        for power, moment, spread in ((1, 0, 1), (2, 1, 2**0.5), (3, 0, 15**0.5), (4, 3, 96**0.5)):
            assert abs(np.mean(z**power) - moment) < 4 * spread / root
        share = np.sort(normal.cdf(z))
        distance = np.max(np.abs(share - (np.arange(len(z)) + 0.5) / len(z)))
        assert distance * root < 1.95  # Kolmogorov and Smirnov: one set in a thousand is beyond
    assert abs(np.mean(x * y)) < 4 / root
    assert abs(np.mean(x * x * y * y) - 1.0) < 4 * 8**0.5 / root


def test_neighbours_know_nothing_of_each_other() -> None:
    """Between paths, steps, draws and seeds: correlations of numbers and of their squares."""
    count = 200_000
    here = draws.uniforms(draws.bases(1, 0, count), 1, 0) - 0.5
    others = [draws.uniforms(draws.bases(1, 0, count), 1, draw) for draw in range(1, 6)]
    others += [draws.uniforms(draws.bases(1, 0, count), step, 0) for step in (2, 3, 60)]
    others += [draws.uniforms(draws.bases(1, shift, count), 1, 0) for shift in (1, 2, 512, count)]
    others += [draws.uniforms(draws.bases(seed, 0, count), 1, 0) for seed in (0, 2, 3, 2**40)]
    for other in others:
        there = other - 0.5
        assert abs(np.mean(12 * here * there)) < 4 / np.sqrt(count)
        squares = np.corrcoef(here**2, there**2)[0, 1]
        assert abs(squares) < 4 / np.sqrt(count)


def test_every_bit_is_fair() -> None:
    found = draws.words(draws.bases(11, 0, 100_000), 2, 3)
    bits = (found[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    np.testing.assert_allclose(bits.mean(axis=0), 0.5, atol=4.5 * 0.5 / np.sqrt(len(found)))
