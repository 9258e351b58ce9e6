"""A lane: some paths side by side, one row of numbers for each thing that is kept of them.

All rows lie in one array at constant distances: the compiler then knows that none overlaps
another, and makes vector instructions of every loop over a row.
"""

from __future__ import annotations

from typing import Any

from numba import njit

#: Paths in a lane, and from one row of it to the next: at a power of two all rows would compete
#: for the same few lines of the cache.
L, STRIDE = 256, 264

# Rows of a lane: what is kept from step to step ...
LOG_COIN, HIGH, Y, JUMPS, LOG_RENT, GONE, COIN, CARD, RENT, WEIGHT = (STRIDE * n for n in range(10))
STATUS, BALANCE, RESERVE, LIQUIDITY, COINS, ARREARS = (STRIDE * n for n in range(10, 16))
TRAPPED, OPENED, MISSED, END, FIRST_CALL = (STRIDE * n for n in range(16, 21))
#: Balance and lending value where the LTV was highest.
MAX_BALANCE, MAX_VALUE = (STRIDE * n for n in range(21, 23))
EXPOSURE, RECOVERED, LOSS, PREMIUM, DISCOUNTED, PLACE, FALLS = (STRIDE * n for n in range(23, 30))
# ... what is passed on within one ...
SHOCK, OWN, DRAWN, CASH, LOW, FLAG = (STRIDE * n for n in range(30, 36))
OPENING, TESTED, TESTED_COINS = (STRIDE * n for n in range(36, 39))
# ... and what only a loan in a book needs: cumulated hazard, and what is there beside the cards.
HAZARD, POT = (STRIDE * n for n in range(39, 41))
ROWS = 41

#: Not stored one by one: numba checks what it has stored against the file of the function asked for
#: and no other, so that an entry of a changed callee would go on. Entries are stored whole, below.
HOW: dict[str, Any] = {"error_model": "numpy", "nogil": True}
#: All in one function of the machine: a call would copy the constants of the deal, in each step.
compiled = njit(**HOW, forceinline=True)
#: In the polynomials a product and a sum may be one instruction.
fused = njit(**HOW, forceinline=True, fastmath={"contract"})


@compiled
def flagged(w: Any, n: int, at: Any) -> int:
    """List the paths with a flag: without a branch, which would be guessed wrong each time."""
    count = 0
    for i in range(n):
        at[count] = i
        count += 1 if w[FLAG + i] > 0.0 else 0
    return count
