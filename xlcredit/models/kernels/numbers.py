"""Random numbers and elementary functions, in loops that become vector instructions.

For that they must not call a library: logarithm, exponential, sine and cosine are polynomials
here, good to the last digit or two. The numbers are those of :mod:`xlcredit.models.draws`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from xlcredit.models import draws
from xlcredit.models.kernels.lane import OWN, SHOCK, compiled, fused

_GAMMA = np.uint64(draws.GAMMA)
_F1, _F2 = np.uint64(draws.FACTOR_1), np.uint64(draws.FACTOR_2)
_S12, _S27, _S30, _S31, _S32, _S52 = (np.uint64(n) for n in (12, 27, 30, 31, 32, 52))
_ONE = np.uint64(draws.ONE)
_BIAS, _BIAS_20 = np.uint64(1023), np.uint64(1023 << 20)
#: What takes the bits of √½ to those of 1: a number's power of two is then the one it is next to.
_NEAR_ONE = np.uint64(0x3FF0000000000000 - 0x3FE6A09E667F3BCD)
#: A whole number in the lowest bits of 2⁵² is 2⁵² and that number.
_WHOLE = np.uint64(0x4330000000000000)
_WHOLE_BIASED = 2.0**52 + 1023.0
_ROUND = 1.5 * 2.0**52

#: log m = 2 artanh((m − 1)/(m + 1)): the odd powers' factors, highest first.
_LOG = tuple(2.0 / n for n in range(21, 0, -2))
#: Taylor series about 0, highest power first; where they are used the next term is below 2⁻⁵⁴.
_EXP = tuple(1.0 / math.factorial(n) for n in range(13, -1, -1))
_SIN = tuple((-1.0) ** n / math.factorial(2 * n + 1) for n in range(8, -1, -1))
_COS = tuple((-1.0) ** n / math.factorial(2 * n) for n in range(8, -1, -1))
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
_LOG2_E = 1.0 / math.log(2.0)
_HALF_PI = math.pi / 2.0


@compiled
def word(base: Any, at: Any) -> Any:
    """Return the word of 64 bits that a path of this base finds under an address."""
    z = base + at
    z = (z ^ (z >> _S30)) * _F1
    z = (z ^ (z >> _S27)) * _F2
    return z ^ (z >> _S31)


@compiled
def address(step: int, draw: int) -> Any:
    """Say where in the numbers of a path a draw of a step lies."""
    return np.uint64(8 * step + draw) * _GAMMA


@fused
def _polynomial(x: Any, factors: Any) -> Any:
    total = factors[0]
    for n in range(1, len(factors)):
        total = total * x + factors[n]
    return total


@fused
def exp(x: float) -> Any:
    """Exponential, its argument held between −700 and 700."""
    x = 700.0 if x > 700.0 else x
    x = -700.0 if x < -700.0 else x
    # Added to 3·2⁵¹, a number leaves its whole part in the lowest bits.
    whole = x * _LOG2_E + _ROUND
    n = whole - _ROUND
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    power = np.uint64((np.float64(whole).view(np.uint64) + _BIAS) << _S52)
    return _polynomial(r, _EXP) * np.uint64(power).view(np.float64)


@fused
def at_least_exp(x: float) -> Any:
    """A number from e^x to 1.07 e^x, for a quarter of the cost: straight between powers of two."""
    x = 700.0 if x > 700.0 else x
    x = -700.0 if x < -700.0 else x
    # The bits of a number read as a whole one are its logarithm, but straight between these powers.
    scaled = np.float64(x * (_LOG2_E * 2.0**20) + (_ROUND + 2.0)).view(np.uint64)
    return np.uint64((scaled + _BIAS_20) << _S32).view(np.float64)


@fused
def _log(x: float) -> Any:
    """Logarithm of a number from 2⁻⁵² to 1: of its power of two, and of what is left near 1."""
    bits = np.float64(x).view(np.uint64)
    power = (bits + _NEAR_ONE) >> _S52
    m = np.uint64(bits + ((_BIAS - power) << _S52)).view(np.float64)
    e = np.uint64(power | _WHOLE).view(np.float64) - _WHOLE_BIASED
    s = (m - 1.0) / (m + 1.0)
    return e * _LN2_HIGH + (s * _polynomial(s * s, _LOG) + e * _LN2_LOW)


@compiled
def one_to_two(bits: Any) -> Any:
    """Return a number in [1, 2), uniform, of a word."""
    return np.uint64((bits >> _S12) | _ONE).view(np.float64)


@fused
def _radius(bits: Any) -> Any:
    return np.sqrt(-2.0 * _log(2.0 - one_to_two(bits)))


@fused
def _turn(bits: Any) -> Any:
    """Cosine and sine of a share of a full turn: of the nearest quarter, and of what is left."""
    quarters = 4.0 * (one_to_two(bits) - 1.0)
    q = (quarters + _ROUND) - _ROUND
    r = (quarters - q) * _HALF_PI
    sine, cosine = r * _polynomial(r * r, _SIN), _polynomial(r * r, _COS)
    odd = (q == 1.0) | (q == 3.0)
    across, up = sine if odd else cosine, cosine if odd else sine
    across = -across if (q == 1.0) | (q == 2.0) else across
    up = -up if (q == 2.0) | (q == 3.0) else up
    return across, up


@fused
def normals(base: Any, w: Any, n: int, first: Any, second: Any) -> None:
    """Fill SHOCK and OWN with the normals under two addresses."""
    for i in range(n):
        radius = _radius(word(base[i], first))
        across, up = _turn(word(base[i], second))
        w[OWN + i] = radius * up
        w[SHOCK + i] = radius * across
