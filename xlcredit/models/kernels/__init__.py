"""The simulation, compiled: the lines of market, draws, loan and simulation, path beside path.

The only package that imports numba, and only where it is installed. It gives what
:func:`xlcredit.models.simulated_loan.outcomes` gives: the same random numbers, the same events on
every path, the same figures but for rounding. Two things make it fast. Paths are worked in lanes
that fit a processor's first cache, with each line of arithmetic in a loop that the compiler turns
into vector instructions; and what is rare (a jump, the deadline of a call, an enforcement) is
flagged there and worked afterwards, path by path.
"""

from __future__ import annotations

import numpy as np

from xlcredit.models.joint_paths import Common
from xlcredit.models.kernels import on_market, paths
from xlcredit.models.kernels.paths import run
from xlcredit.models.kernels.stored import is_stored

__all__ = ["is_compiled", "run", "warm_up"]


def is_compiled() -> bool:
    """Whether the kernel is there already, in this process or in the cache of this machine."""
    return is_stored(paths.entry) and is_stored(on_market.entry)


def warm_up() -> None:
    """Compile the kernel, or load it: what otherwise the first simulation does."""
    from xlcredit.models.simulated_loan import Deal, Terms, Tilt  # noqa: PLC0415

    deal = Deal.of(Terms(loan=1.0, rate=0.0, months=1))
    run(deal, 1, 0, 1, Tilt())
    flat = np.ones((2, 1))
    on_market.run_loan(deal, 0, Common(flat, [flat], [flat]), None)
