"""Random numbers with an address: equal for equal (seed, path, step, draw), whoever asks and when.

A word of 64 random bits is ``mix(base + n γ)``, SplitMix64's output function [1]_ of a counter. The
base is the path's own, ``mix(mix(seed + γ) + path γ)``, and the counter is
``n = 8 step + draw``, with step 1 the first. So a path's numbers depend neither on the number of
paths nor on which thread or kernel draws them, nor on whether the loan still runs, and a draw that
nobody needs costs nothing.

===== ==============================================
draw  what it decides in a step
===== ==============================================
0, 1  shock of the coin, and the card's own shock
2     number of common jumps
3     whether the customer stops
4, 5  size of the coin's jumps, and the card's own
===== ==============================================

Under step 0 stands what is drawn once a path: draw 0, whether it is tilted.

A uniform number in [0, 1) is the upper 52 bits of a word, as the digits of a double between 1
and 2, less 1. Normals come in pairs [2]_: from two of them, u and v, √(−2 ln(1 − u)) cos 2πv and
√(−2 ln(1 − u)) sin 2πv.

References
----------
.. [1] Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
.. [2] Box and Muller, "A note on the generation of random normal deviates", Ann. Math. Stat. 29,
   1958.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CUSTOMER",
    "JUMPS",
    "JUMP_SIZES",
    "SHOCKS",
    "TILTED",
    "bases",
    "normals",
    "uniforms",
    "words",
]

Array = NDArray[np.float64]
Words = NDArray[np.uint64]

SHOCKS, JUMPS, CUSTOMER, JUMP_SIZES = 0, 2, 3, 4
TILTED = 0

#: SplitMix64: the odd number next to 2⁶⁴ over the golden ratio, and the mixer's two factors.
GAMMA = 0x9E3779B97F4A7C15
FACTOR_1 = 0xBF58476D1CE4E5B9
FACTOR_2 = 0x94D049BB133111EB

_MASK = (1 << 64) - 1
#: Taylor series in the square, highest power first; up to π/4 the next term is below 2⁻⁵³.
_SINE = tuple((-1.0) ** n / math.factorial(2 * n + 1) for n in range(7, -1, -1))
_COSINE = tuple((-1.0) ** n / math.factorial(2 * n) for n in range(8, -1, -1))
#: Sign and exponent of the doubles from 1 to 2.
ONE = 0x3FF0000000000000


def _mix(z: Words) -> Words:
    z ^= z >> np.uint64(30)
    z *= np.uint64(FACTOR_1)
    z ^= z >> np.uint64(27)
    z *= np.uint64(FACTOR_2)
    z ^= z >> np.uint64(31)
    return z


def bases(seed: int, first: int, count: int) -> Words:
    """Return where the words of ``count`` paths start, the first of them path ``first``."""
    return bases_of(seed, np.arange(first, first + count, dtype=np.uint64))


def bases_of(seed: int, paths: Words) -> Words:
    """Return where the words of paths start, by the numbers of the paths."""
    start = int(_mix(np.array([(seed + GAMMA) & _MASK], dtype=np.uint64))[0])
    return _mix(paths * np.uint64(GAMMA) + np.uint64(start))


def words(base: Words, step: int, draw: int) -> Words:
    """Return the words of 64 bits that the paths of these bases find under one address."""
    return _mix(base + np.uint64(((8 * step + draw) * GAMMA) & _MASK))


def uniforms(base: Words, step: int, draw: int) -> Array:
    """Return numbers in [0, 1), uniform."""
    found = _one_to_two(base, step, draw)
    found -= 1.0
    return found


def _one_to_two(base: Words, step: int, draw: int) -> Array:
    found = words(base, step, draw)
    found >>= np.uint64(12)
    found |= np.uint64(ONE)
    return found.view(np.float64)


def normals(base: Words, step: int, draw: int) -> tuple[Array, Array]:
    """Return two independent standard normals per path, from ``draw`` and the one after it."""
    radius = _one_to_two(base, step, draw)
    np.subtract(2.0, radius, out=radius)  # 1 − u is never 0
    np.log(radius, out=radius)
    radius *= -2.0
    np.sqrt(radius, out=radius)
    across, up = _turn(uniforms(base, step, draw + 1))
    across *= radius
    up *= radius
    return across, up


def _turn(share: Array) -> tuple[Array, Array]:
    """Cosine and sine of a share of a full turn, both at once: a third of the library's time.

    They are series of the angle to half a turn, over 4; twice doubled they are those of that angle.
    """
    share -= 0.5
    share *= 0.5 * math.pi
    square = share * share
    sine, cosine = _series(square, _SINE), _series(square, _COSINE)
    sine *= share
    for _ in range(2):
        cosine *= sine
        cosine *= 2.0
        sine *= sine
        sine *= -2.0
        sine += 1.0
        sine, cosine = cosine, sine
    return np.negative(cosine, out=cosine), np.negative(sine, out=sine)


def _series(x: Array, factors: tuple[float, ...]) -> Array:
    total = x * factors[0]
    total += factors[1]
    for factor in factors[2:]:
        total *= x
        total += factor
    return total
