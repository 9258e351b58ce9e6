"""The simulation, compiled: the lines of market, draws, loan and simulation, path beside path.

The only module that imports numba, and only where it is installed: one module, for what numba has
stored is checked against the file of the function called and no other. It gives what
:func:`xlcredit.models.simulated_loan.outcomes` gives: the same random numbers, the same events on
every path, the same figures but for rounding. Two things make it fast. Paths are worked in lanes
that fit a processor's first cache, with each line of arithmetic in a loop that the compiler turns
into vector instructions; and what is rare (a jump, the deadline of a call, an enforcement) is
flagged there and worked afterwards, lane by lane.

For the loops to become vector instructions they must not call a library, so logarithm,
exponential, sine and cosine are polynomials here, good to the last digit or two. All rows of a
lane lie in one array at constant distances: the compiler then knows that none overlaps another.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from xlcredit.models import draws, loan
from xlcredit.models.market import TIE
from xlcredit.models.ties import SAME

if TYPE_CHECKING:
    from xlcredit.models.simulated_loan import Deal, Tilt

__all__ = ["run"]

Array = NDArray[np.float64]

#: Paths in a lane, and from one row of it to the next: at a power of two all rows would compete
#: for the same few lines of the cache.
L, STRIDE = 256, 264

# Rows of a lane: what is kept from step to step ...
LOG_COIN, HIGH, Y, JUMPS, LOG_RENT, GONE, COIN, CARD, RENT, WEIGHT = (STRIDE * n for n in range(10))
STATUS, BALANCE, RESERVE, LIQUIDITY, COINS, ARREARS = (STRIDE * n for n in range(10, 16))
TRAPPED, OPENED, MISSED, END, FIRST_CALL, MAX_LTV = (STRIDE * n for n in range(16, 22))
EXPOSURE, RECOVERED, LOSS, PREMIUM, DISCOUNTED, PLACE, FALLS = (STRIDE * n for n in range(22, 29))
# ... and what is passed on within one.
SHOCK, OWN, CASH, LOW, FLAG, RECEIVED, TESTED, TESTED_COINS = (STRIDE * n for n in range(29, 37))
ROWS = 37

_GAMMA = np.uint64(draws.GAMMA)
_F1, _F2 = np.uint64(draws.FACTOR_1), np.uint64(draws.FACTOR_2)
_S12, _S27, _S30, _S31, _S52 = (np.uint64(n) for n in (12, 27, 30, 31, 52))
_ONE = np.uint64(draws.ONE)
_BIAS = np.uint64(1023)
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

_HOW: dict[str, Any] = {"error_model": "numpy", "nogil": True, "cache": True}
compiled = njit(**_HOW)
#: In the polynomials a product and a sum may be one instruction.
fused = njit(**_HOW, fastmath={"contract"})


class _Constants(NamedTuple):
    """All that a lane reads and none changes."""

    periods: int
    # market
    coin_price: float
    coin_move: float
    coin_shock: float
    decay: float
    gpu_shock: float
    rho: float
    rho_own: float
    stressed: float
    stressed_own: float
    fall: float
    hazard: float
    elasticity: float
    beta: float
    coin_jump: float
    coin_jump_vol: float
    gpu_jump: float
    gpu_jump_vol: float
    jump_rho: float
    jump_own: float
    tilt_coin: float
    tilt_card: float
    tilted: int
    plain: float
    # loan
    loan: float
    balloon: float  #: NaN where none is given
    grace: float  #: infinite for never
    dsra: float  #: whether there is a reserve
    sweep: float
    lockup: float
    cash_control: float
    coin_weight: float
    card_weight: float  #: with the number of cards
    call: float
    cure: float
    liquidation: float
    cure_periods: float
    kept: float
    card_slope: float  #: net proceeds of the cards are slope · price − cost, or nothing
    card_cost: float
    downtime: float
    # what is there at all
    has_coin: bool
    has_cash: bool
    has_levels: bool
    needs_rents: bool
    in_stress: bool


@compiled
def _word(base: Any, at: Any) -> Any:
    z = base + at
    z = (z ^ (z >> _S30)) * _F1
    z = (z ^ (z >> _S27)) * _F2
    return z ^ (z >> _S31)


@compiled
def _address(step: int, draw: int) -> Any:
    return np.uint64(8 * step + draw) * _GAMMA


@fused
def _polynomial(x: Any, factors: Any) -> Any:
    total = factors[0]
    for n in range(1, len(factors)):
        total = total * x + factors[n]
    return total


@fused
def _exp(x: float) -> Any:
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
def _log(x: float) -> Any:
    """Logarithm of a number from 2⁻⁵² to 1: of its power of two, and of what is left near 1."""
    bits = np.float64(x).view(np.uint64)
    power = (bits + _NEAR_ONE) >> _S52
    m = np.uint64(bits + ((_BIAS - power) << _S52)).view(np.float64)
    e = np.uint64(power | _WHOLE).view(np.float64) - _WHOLE_BIASED
    s = (m - 1.0) / (m + 1.0)
    return e * _LN2_HIGH + (s * _polynomial(s * s, _LOG) + e * _LN2_LOW)


@compiled
def _one_to_two(word: Any) -> Any:
    return np.uint64((word >> _S12) | _ONE).view(np.float64)


@fused
def _radius(word: Any) -> Any:
    return np.sqrt(-2.0 * _log(2.0 - _one_to_two(word)))


@fused
def _turn(word: Any) -> Any:
    """Cosine and sine of a share of a full turn: of the nearest quarter, and of what is left."""
    quarters = 4.0 * (_one_to_two(word) - 1.0)
    q = (quarters + _ROUND) - _ROUND
    r = (quarters - q) * _HALF_PI
    sine, cosine = r * _polynomial(r * r, _SIN), _polynomial(r * r, _COS)
    odd = (q == 1.0) | (q == 3.0)
    across, up = sine if odd else cosine, cosine if odd else sine
    across = -across if (q == 1.0) | (q == 2.0) else across
    up = -up if (q == 2.0) | (q == 3.0) else up
    return across, up


@fused
def _normals(base: Any, w: Any, n: int, first: Any, second: Any) -> None:
    """Fill SHOCK and OWN with the normals under two addresses."""
    for i in range(n):
        w[SHOCK + i] = _radius(_word(base[i], first))
    for i in range(n):
        across, up = _turn(_word(base[i], second))
        w[OWN + i] = w[SHOCK + i] * up
        w[SHOCK + i] = w[SHOCK + i] * across


@compiled
def _flagged(w: Any, n: int, at: Any) -> int:
    """List the paths with a flag: without a branch, which would be guessed wrong each time."""
    count = 0
    for i in range(n):
        at[count] = i
        count += 1 if w[FLAG + i] > 0.0 else 0
    return count


# --- the market -----------------------------------------------------------------------------


@compiled
def _market(base: Any, w: Any, n: int, k: int, c: Any, market: Any, found: Any, bases: Any) -> None:
    """Take the paths of the lane to the end of step k."""
    jumps, curve, centre, rents = market
    if c.hazard > 0.0:
        _customers(base, w, n, k, c, found)
    _normals(base, w, n, _address(k, draws.SHOCKS), _address(k, draws.SHOCKS + 1))
    if k <= c.tilted:
        _tilt(w, n, c.tilt_coin, c.tilt_card)
    _diffuse(w, n, c)
    if len(jumps):
        _jump(base, w, n, k, c, jumps, found, bases)
    _prices(w, n, c, curve[k], centre[k], rents[k])


@compiled
def _customers(base: Any, w: Any, n: int, k: int, c: Any, found: Any) -> None:
    """Flag whoever may stop, for 1 − e^−h is below h; then ask exactly."""
    at, step, hazard, elasticity = _address(k, draws.CUSTOMER), float(k), c.hazard, c.elasticity
    for i in range(n):
        w[SHOCK + i] = hazard
    if elasticity != 0.0:
        for i in range(n):
            w[SHOCK + i] = hazard * _exp(-elasticity * w[LOG_RENT + i])
    for i in range(n):
        w[OWN + i] = _one_to_two(_word(base[i], at)) - 1.0
        w[FLAG + i] = 1.0 if (w[OWN + i] < w[SHOCK + i]) & (w[GONE + i] == 0.0) else 0.0
    for m in range(_flagged(w, n, found)):
        i = found[m]
        if w[OWN + i] < -math.expm1(-w[SHOCK + i]):
            w[GONE + i] = step


@compiled
def _tilt(w: Any, n: int, a: float, b: float) -> None:
    half = 0.5 * (a * a + b * b)
    for i in range(n):
        shock, own = w[SHOCK + i] + a * w[FALLS + i], w[OWN + i] + b * w[FALLS + i]
        lower = w[WEIGHT + i] - (a * shock + b * own - half)
        w[WEIGHT + i] = lower if w[STATUS + i] == 0.0 else w[WEIGHT + i]
        w[SHOCK + i], w[OWN + i] = shock, own


@compiled
def _diffuse(w: Any, n: int, c: Any) -> None:
    rho, rho_own, decay, spread = c.rho, c.rho_own, c.decay, c.gpu_shock
    move, shock = c.coin_move, c.coin_shock
    if not c.in_stress:
        for i in range(n):
            joint = rho * w[SHOCK + i] + rho_own * w[OWN + i]
            w[Y + i] = w[Y + i] * decay + spread * joint
            w[LOG_COIN + i] += move + shock * w[SHOCK + i]
        return
    stressed, stressed_own, fall = c.stressed, c.stressed_own, c.fall + TIE
    for i in range(n):
        fallen = w[LOG_COIN + i] <= w[HIGH + i] + fall
        one, other = stressed if fallen else rho, stressed_own if fallen else rho_own
        w[Y + i] = w[Y + i] * decay + spread * (one * w[SHOCK + i] + other * w[OWN + i])
        w[LOG_COIN + i] += move + shock * w[SHOCK + i]


@compiled
def _jump(base: Any, w: Any, n: int, k: int, c: Any, jumps: Any, at: Any, bases: Any) -> None:
    """Flag the paths with a jump, then work these alone."""
    word, none = _address(k, draws.JUMPS), jumps[0] + 1.0
    for i in range(n):
        w[CASH + i] = _one_to_two(_word(base[i], word))
        w[FLAG + i] = 1.0 if w[CASH + i] >= none else 0.0
    count = _flagged(w, n, at)
    for m in range(count):
        bases[m] = base[at[m]]
    size = _address(k, draws.JUMP_SIZES), _address(k, draws.JUMP_SIZES + 1)
    _normals(bases, w, count, size[0], size[1])
    for m in range(count):
        i, times = at[m], 1
        while times < len(jumps) and w[CASH + i] - 1.0 >= jumps[times]:
            times += 1
        root, common = math.sqrt(times), w[SHOCK + m]
        joint = c.jump_rho * common + c.jump_own * w[OWN + m]
        w[LOG_COIN + i] += c.coin_jump * times + c.coin_jump_vol * root * common
        w[JUMPS + i] += c.gpu_jump * times + c.gpu_jump_vol * root * joint


@compiled
def _prices(w: Any, n: int, c: Any, curve: float, centre: float, rent_centre: float) -> None:
    coin, beta = c.coin_price, c.beta
    if c.in_stress:
        for i in range(n):
            above = w[LOG_COIN + i] > w[HIGH + i]
            w[HIGH + i] = w[LOG_COIN + i] if above else w[HIGH + i]
    if c.has_coin:
        for i in range(n):
            w[COIN + i] = coin * _exp(w[LOG_COIN + i])
    for i in range(n):
        w[RENT + i] = _exp(w[Y + i] + w[JUMPS + i] - centre)
        w[CARD + i] = curve * w[RENT + i]
    if c.needs_rents:
        for i in range(n):
            w[LOG_RENT + i] = beta * (w[Y + i] + w[JUMPS + i]) - rent_centre
        if beta != 1.0:
            for i in range(n):
                w[RENT + i] = _exp(w[LOG_RENT + i])


# --- the loan -------------------------------------------------------------------------------


@compiled
def _cash(
    w: Any, n: int, k: int, c: Any, contracted: float, merchant: float, opex: float, relet: float
) -> None:
    step, downtime = np.float64(k), c.downtime
    if c.hazard > 0.0:
        for i in range(n):
            gone, rent = w[GONE + i], w[RENT + i]
            let = (gone > 0.0) & (step - gone > downtime)
            here = contracted if gone == 0.0 else 0.0
            w[CASH + i] = here + (relet * rent if let else 0.0) + merchant * rent - opex
    else:
        for i in range(n):
            w[CASH + i] = contracted + merchant * w[RENT + i] - opex


@compiled
def _capped(amount: float, most: float) -> float:
    """The smaller of two amounts; all of ``most`` where they are the same."""
    return most if amount >= most - SAME * abs(most) else amount


@compiled
def _service(w: Any, n: int, k: int, c: Any, rate: float, scheduled: float) -> None:
    """Steps 1 to 4; FLAG is 1 where a payment default follows, LOW where cover is below lock-up."""
    nothing = SAME * c.loan
    lockup = c.lockup - SAME * abs(c.lockup)
    last, grace = k == c.periods, c.grace
    has_balloon, balloon = last and not np.isnan(c.balloon), c.balloon
    # a miss in the last period is a default unless grace is never
    limit = 0.0 if last and grace < np.inf else grace
    for i in range(n):
        opening, reserve, liquidity = w[BALANCE + i], w[RESERVE + i], w[LIQUIDITY + i]
        alive = w[STATUS + i] == 0.0
        interest = opening * rate
        planned = _capped(scheduled + w[ARREARS + i], opening)
        more = opening - balloon
        more = planned if planned > more else more
        principal = _capped(more, opening) if has_balloon else planned
        service = interest + planned
        cfads = w[CASH + i]
        w[LOW + i] = 1.0 if (service > 0.0) & (cfads / service < lockup) else 0.0

        cash = cfads + w[TRAPPED + i]
        hole = -cash if cash < 0.0 else 0.0
        cash = cash if cash > 0.0 else 0.0
        drawn = hole if hole < reserve else reserve
        reserve = reserve - drawn
        called = hole - drawn
        called = called if called < liquidity else liquidity
        liquidity = liquidity - (called if alive else 0.0)

        due = interest + principal
        paid = cash if cash < due else due
        cash, rest = cash - paid, due - paid
        drawn = rest if rest < reserve else reserve
        reserve = reserve - drawn
        called = rest - drawn
        called = called if called < liquidity else liquidity
        liquidity = liquidity - called
        rest = rest - drawn - called
        missing = rest if due - rest < due - SAME * due else 0.0
        late_interest = missing - principal
        late_interest = late_interest if late_interest > 0.0 else 0.0
        short = interest - late_interest < interest - SAME * interest
        late_interest = late_interest if short else 0.0
        late_principal = missing - late_interest
        late_principal = late_principal if late_principal < principal else principal
        balance = opening + late_interest - (principal - late_principal)
        balance = balance if balance > nothing else 0.0
        unpaid = late_interest + late_principal
        missed = w[MISSED + i] + 1.0 if alive & (unpaid > 0.0) else 0.0
        w[MISSED + i] = missed
        w[FLAG + i] = 1.0 if missed > limit else 0.0
        w[BALANCE + i] = balance
        w[ARREARS + i] = late_principal if late_principal < balance else balance
        w[RESERVE + i], w[LIQUIDITY + i], w[CASH + i] = reserve, liquidity, cash
        w[RECEIVED + i] = interest - late_interest + (principal - late_principal)


@compiled
def _paid_service(w: Any, n: int, k: int, c: Any, rate: float, scheduled: float) -> None:
    """Steps 1 to 3 where service is taken to be paid."""
    nothing = SAME * c.loan
    has_balloon, balloon = k == c.periods and not np.isnan(c.balloon), c.balloon
    for i in range(n):
        opening = w[BALANCE + i]
        planned = _capped(scheduled + w[ARREARS + i], opening)
        more = opening - balloon
        more = planned if planned > more else more
        principal = _capped(more, opening) if has_balloon else planned
        balance = opening - principal
        w[BALANCE + i] = balance if balance > nothing else 0.0
        w[CASH + i], w[LOW + i], w[FLAG + i] = w[TRAPPED + i], 0.0, 0.0
        w[RECEIVED + i] = opening * rate + principal


@compiled
def _reserve_and_sweep(w: Any, n: int, c: Any, target: float) -> None:
    """Steps 5 and 6."""
    if c.dsra > 0.0:
        for i in range(n):
            held = w[RESERVE + i] + w[CASH + i]
            wanted = target if w[BALANCE + i] > 0.0 else 0.0
            reserve = wanted if wanted < held else held
            w[RESERVE + i], w[CASH + i] = reserve, held - reserve
    if c.sweep > 0.0:
        nothing, share = SAME * c.loan, c.sweep
        for i in range(n):
            swept = _capped(share * w[CASH + i], w[BALANCE + i])
            balance, cash = w[BALANCE + i] - swept, w[CASH + i] - swept
            balance = balance if balance > nothing else 0.0
            w[BALANCE + i], w[CASH + i] = balance, cash if cash > 0.0 else 0.0
            w[ARREARS + i] = w[ARREARS + i] if w[ARREARS + i] < balance else balance
            w[RECEIVED + i] += swept
    if c.cash_control == 0.0:
        for i in range(n):
            w[CASH + i] = 0.0


@compiled
def _collateral(w: Any, n: int, k: int, c: Any) -> None:
    """Step 8 without its cures; FLAG is 2 where the collateral is enforced, 3 at a deadline."""
    call, through = c.call - SAME * c.call, c.liquidation - SAME * c.liquidation
    coin_weight, card_weight, step = c.coin_weight, c.card_weight, np.float64(k)
    wait = c.cure_periods
    for i in range(n):
        balance = w[BALANCE + i]
        tested = (w[STATUS + i] == 0.0) & (w[FLAG + i] == 0.0) & (balance > 0.0)
        value = coin_weight * w[COINS + i] * w[COIN + i] + card_weight * w[CARD + i]
        ltv = balance / value if tested else 0.0
        w[MAX_LTV + i] = ltv if ltv > w[MAX_LTV + i] else w[MAX_LTV + i]
        called = (ltv >= call) & (ltv < through)
        opened = w[OPENED + i] if w[OPENED + i] > 0.0 else step
        opened = opened if called else 0.0
        new = (opened == step) & (w[FIRST_CALL + i] == 0.0)
        w[FIRST_CALL + i] = step if new else w[FIRST_CALL + i]
        w[OPENED + i] = opened
        flag = 3.0 if called & (step - opened >= wait) else w[FLAG + i]
        w[FLAG + i] = 2.0 if ltv >= through else flag


@compiled
def _distribute(w: Any, n: int, k: int) -> None:
    """End the loans that are repaid; keep the cash that must stay."""
    step = np.float64(k)
    for i in range(n):
        alive = w[STATUS + i] == 0.0
        w[END + i] = step if alive else w[END + i]
        repaid = alive & (w[FLAG + i] != 1.0) & (w[BALANCE + i] == 0.0)
        w[STATUS + i] = 1.0 if repaid else w[STATUS + i]
        kept = (alive & (w[BALANCE + i] > 0.0)) & ((w[OPENED + i] > 0.0) | (w[LOW + i] > 0.0))
        w[TRAPPED + i] = w[CASH + i] if kept else 0.0


@compiled
def _cure(w: Any, i: int, c: Any) -> None:
    """Top up from cash and liquidity, then sell coin; FLAG is 2 where the call stays open."""
    price, coins, cure, kept = w[COIN + i], w[COINS + i], c.cure, c.kept
    balance, cash, nothing = w[BALANCE + i], w[CASH + i], SAME * c.loan
    cards = c.card_weight * w[CARD + i]
    target = cure * (c.coin_weight * coins * price + cards)
    top_up = max(min(cash + w[LIQUIDITY + i], balance - target), 0.0)
    from_cash = min(cash, top_up)
    balance = balance - top_up
    balance = balance if balance > nothing else 0.0
    gain, held = kept - cure * c.coin_weight, coins * price
    wanted = (balance - target) / gain if gain > 0.0 else held
    sale = 0.0
    if target < balance - SAME * balance:
        sale = min(wanted, held, balance / kept)
    if sale > 0.0:
        coins = 0.0 if sale >= held - SAME * held else coins - sale / price
    repaid = _capped(sale * kept, balance)
    balance = balance - repaid
    balance = balance if balance > nothing else 0.0
    ltv = balance / (c.coin_weight * coins * price + cards)
    reached = cure >= ltv - SAME * ltv
    if gain > 0.0:
        reached = reached | (sale >= wanted - SAME * abs(wanted))
    cured = reached | (balance == 0.0) | (ltv < c.call - SAME * c.call)
    w[BALANCE + i], w[COINS + i], w[CASH + i] = balance, coins, cash - from_cash
    w[ARREARS + i] = min(max(w[ARREARS + i] - top_up - repaid, 0.0), balance)
    w[LIQUIDITY + i] -= top_up - from_cash
    w[RECEIVED + i] += top_up + repaid
    w[FLAG + i] = 0.0 if cured else 2.0
    if cured:
        w[OPENED + i] = 0.0
        w[STATUS + i] = 1.0 if balance == 0.0 else 0.0
        stays = (balance > 0.0) & (w[LOW + i] > 0.0)
        w[TRAPPED + i] = w[CASH + i] if stays else 0.0


@compiled
def _enforce(w: Any, i: int, c: Any, discount: float) -> None:
    exposure = w[BALANCE + i]
    pot = w[RESERVE + i] + w[CASH + i]
    if c.has_coin:
        pot += w[COINS + i] * w[COIN + i] * c.kept
    pot += max(c.card_slope * w[CARD + i] - c.card_cost, 0.0)
    recovered = _capped(pot, exposure)
    w[EXPOSURE + i], w[RECOVERED + i], w[LOSS + i] = exposure, recovered, exposure - recovered
    w[DISCOUNTED + i] = (exposure - recovered) * discount
    w[STATUS + i] = 3.0 if w[FLAG + i] == 1.0 else 2.0
    for row in (BALANCE, ARREARS, RESERVE, TRAPPED):
        w[row + i] = 0.0


@compiled
def _rare(w: Any, n: int, c: Any, discount: float, at: Any) -> None:
    """Work the paths that are flagged."""
    for m in range(_flagged(w, n, at)):
        i = at[m]
        if w[FLAG + i] == 3.0:
            _cure(w, i, c)
        if w[FLAG + i] > 0.0:
            _enforce(w, i, c, discount)


# --- a block of lanes -----------------------------------------------------------------------


@compiled
def _start(base: Any, w: Any, c: Any, opening: Any, card: float) -> None:
    w[:] = 0.0
    tilted = _address(0, draws.TILTED)
    for i in range(L):
        w[PLACE + i] = i
        if c.tilted > 0:
            falls = _one_to_two(_word(base[i], tilted)) - 1.0 >= c.plain
            w[FALLS + i] = 1.0 if falls else 0.0
        w[COIN + i], w[CARD + i], w[RENT + i] = c.coin_price, card, 1.0
        w[BALANCE + i], w[RESERVE + i], w[LIQUIDITY + i], w[COINS + i] = opening
        if c.has_levels:
            value = c.coin_weight * w[COINS + i] * w[COIN + i] + c.card_weight * card
            w[MAX_LTV + i] = w[BALANCE + i] / value


@compiled
def _period(
    base: Any, w: Any, n: int, k: int, c: Any, market: Any, plan: Any, cash: Any,
    discounts: Any, found: Any, bases: Any,
) -> None:  # fmt: skip
    """Take the first n paths of the lane through period k, but for its rare events."""
    premium = discounts[k] * discounts[0]
    for i in range(n):
        w[PREMIUM + i] += w[BALANCE + i] * premium
    _market(base, w, n, k, c, market, found, bases)
    if c.has_cash:
        _cash(w, n, k, c, cash[0, k - 1], cash[1, k - 1], cash[2, k - 1], cash[3, k - 1])
        _service(w, n, k, c, plan[0, k - 1], plan[1, k - 1])
        _reserve_and_sweep(w, n, c, plan[2, k - 1])
    else:
        _paid_service(w, n, k, c, plan[0, k - 1], plan[1, k - 1])
    for i in range(n):
        w[TESTED + i] = w[BALANCE + i]
    if c.has_levels:
        _collateral(w, n, k, c)
    _distribute(w, n, k)


@compiled
def _running(w: Any, n: int) -> int:
    count = 0
    for i in range(n):
        count += 1 if w[STATUS + i] == 0.0 else 0
    return count


@compiled
def _hand_over(w: Any, count: int, at: Any, out: Any) -> None:
    """Write down how the paths listed have ended."""
    for row in range(len(_OUT)):
        source, target = _OUT[row], out[row]
        for m in range(count):
            target[np.int64(w[PLACE + at[m]])] = w[source + at[m]]


@compiled
def _close_up(base: Any, w: Any, n: int, at: Any, out: Any) -> int:
    """Let the paths that run on close up; hand over those that have ended."""
    for i in range(n):
        w[FLAG + i] = w[STATUS + i]
    _hand_over(w, _flagged(w, n, at), at, out)
    for i in range(n):
        w[FLAG + i] = 1.0 if w[STATUS + i] == 0.0 else 0.0
    kept = _flagged(w, n, at)
    for row in range(0, SHOCK, STRIDE):
        for m in range(kept):
            w[row + m] = w[row + at[m]]
    for m in range(kept):
        base[m] = base[at[m]]
    # full vectors: the paths that make up the number have ended, and are nobody's
    whole: int = min(n, -(-kept // 8) * 8)
    for i in range(kept, whole):
        w[STATUS + i], w[BALANCE + i], w[PLACE + i] = 1.0, 0.0, L
    return whole


@compiled
def _record(w: Any, k: int, c: Any, ltv: Any, received: Any, late: int) -> None:
    """Write down LTV and the lender's cash of a period."""
    for i in range(ltv.shape[1]):
        value = c.coin_weight * w[TESTED_COINS + i] * w[COIN + i] + c.card_weight * w[CARD + i]
        owing = w[TESTED + i] > 0.0
        ltv[k - 1, i] = w[TESTED + i] / value if owing else np.nan
        received[k - 1, i] += w[RECEIVED + i]
        received[k - 1 + late, i] += w[RECOVERED + i] if w[FLAG + i] > 0.0 else 0.0


@compiled
def _lanes(
    bases: Any, c: Any, opening: Any, market: Any, plan: Any, cash: Any, discounts: Any,
    out: Any, ltv: Any, received: Any, late: int,
) -> None:  # fmt: skip
    """Run the paths, a lane at a time; a row of ``out`` for each figure of a path.

    The last column of a lane's results is nobody's: it takes what pads a vector.
    """
    w, base, ends = np.empty(ROWS * STRIDE), np.empty(L, np.uint64), np.empty((len(_OUT), L + 1))
    found, spare = np.empty(L, np.int64), np.empty(L, np.uint64)
    courses, paths = len(ltv) > 0, out.shape[1]
    for first in range(0, paths, L):
        n, count = L, min(L, paths - first)
        base[:] = bases[first : first + L]
        _start(base, w, c, opening, market[1][0])
        for k in range(1, c.periods + 1):
            if not courses:
                running = _running(w, n)
                if running == 0:
                    break
                if n - running >= max(8, n // 4):
                    n = _close_up(base, w, n, found, ends)
            _period(base, w, n, k, c, market, plan, cash, discounts, found, spare)
            if courses:
                w[TESTED_COINS : TESTED_COINS + L] = w[COINS : COINS + L]
            _rare(w, n, c, discounts[k], found)
            if courses:
                last = first + count
                _record(w, k, c, ltv[:, first:last], received[:, first:last], late)
        for i in range(n):
            found[i] = i
        _hand_over(w, n, found, ends)
        out[:, first : first + count] = ends[:, :count]


_OUT = (
    STATUS, END, FIRST_CALL, GONE, EXPOSURE, RECOVERED, LOSS, MAX_LTV, PREMIUM, DISCOUNTED,
    WEIGHT, ARREARS, BALANCE,
)  # fmt: skip


def run(
    deal: Deal, seed: int, first: int, count: int, tilt: Tilt, *, courses: bool = False
) -> dict[str, Any]:
    """Run paths to their ends; the fields of an ``Outcome``, by name."""
    terms, plan, market = deal.terms, deal.plan, deal.market
    periods, late = plan.periods, round(terms.recovery_periods)
    bases = draws.bases(seed, first, -(-count // L) * L)
    factor = (1.0 + terms.loss_rate) ** (-1.0 / terms.periods_per_year)
    discounts = factor ** np.arange(periods + 1.0)
    discounts[0] = 1.0 / terms.periods_per_year  # what a balance is multiplied by in a period
    none = np.zeros(periods)
    given = (deal.contracted, deal.merchant, deal.opex, deal.relet)
    cash = np.array([none if series is None else series for series in given])
    out = np.empty((len(_OUT), count))
    ltv = np.empty((periods if courses else 0, count))
    received = np.zeros((periods + late if courses else 0, count))
    opening = (terms.loan, terms.dsra_opening, terms.liquidity, terms.coin_units)
    _lanes(
        bases, _constants(deal, tilt), tuple(map(float, opening)),
        (market.jumps, market.curve, market.card_centre, market.rent_centre),
        np.array([plan.rates, plan.scheduled, plan.targets]), cash, discounts, out, ltv, received,
        late,
    )  # fmt: skip
    status, end, called, gone, exposure, recovered, loss, max_ltv, premium, discounted = out[:10]
    short = np.maximum(out[11], out[12] - plan.balloon)
    performing = status == loan.PERFORMING
    short = np.where(performing & (short > SAME * terms.loan), short, 0.0)
    if courses:
        received[periods - 1] += np.where(performing, out[12] - short, 0.0)
    whole = np.int64
    return {
        "status": status.astype(whole),
        "end_period": end.astype(whole),
        "first_call": called.astype(whole),
        "customer_stopped": np.where(gone <= end, gone, 0.0).astype(whole),
        "exposure": exposure,
        "recovered": recovered,
        "loss": loss,
        "unpaid": short,
        "max_ltv": max_ltv if terms.call_ltv is not None else np.full(count, np.nan),
        "premium": premium,
        "discounted_loss": discounted,
        "log_weight": out[10],
        "ltv": ltv if courses else None,
        "cash": received if courses else None,
    }


def _constants(deal: Deal, tilt: Tilt) -> _Constants:
    terms, market = deal.terms, deal.market
    rare = replace(terms, sale_cost=None) if terms.gpu_depth is not None else terms
    cost = (terms.sale_cost or 0.0) * terms.gpu_units if terms.gpu_depth is not None else 0.0
    levels = (terms.call_ltv, terms.cure_ltv, terms.liquidation_ltv)
    call, cure, liquidation = (np.inf if level is None else level for level in levels)
    return _Constants(
        periods=deal.plan.periods,
        coin_price=float(market.coin_price),
        coin_move=float(market.coin_move),
        coin_shock=float(market.coin_shock),
        decay=float(market.decay),
        gpu_shock=float(market.gpu_shock),
        rho=float(market.rho[0]),
        rho_own=float(market.rho[1]),
        stressed=float(market.stressed[0]),
        stressed_own=float(market.stressed[1]),
        fall=float(market.fall),
        hazard=float(market.hazard),
        elasticity=float(market.elasticity),
        beta=float(market.rent_beta),
        coin_jump=float(market.coin_jump[0]),
        coin_jump_vol=float(market.coin_jump[1]),
        gpu_jump=float(market.gpu_jump[0]),
        gpu_jump_vol=float(market.gpu_jump[1]),
        jump_rho=float(market.jump_rho[0]),
        jump_own=float(market.jump_rho[1]),
        tilt_coin=float(tilt.coin),
        tilt_card=float(tilt.card),
        tilted=int(tilt.periods),
        plain=float(tilt.plain),
        loan=float(terms.loan),
        balloon=float("nan") if terms.balloon is None else float(terms.balloon),
        grace=float("inf") if terms.grace_periods is None else float(terms.grace_periods),
        dsra=float(terms.dsra_periods > 0 or terms.dsra_opening > 0),
        sweep=float(terms.sweep),
        lockup=float(terms.lockup),
        cash_control=float(terms.cash_control),
        coin_weight=1.0 - float(terms.coin_haircut),
        card_weight=(1.0 - float(terms.gpu_haircut)) * float(terms.gpu_units),
        call=float(call),
        cure=float(cure),
        liquidation=float(liquidation),
        cure_periods=float(terms.cure_periods),
        kept=1.0 - float(terms.coin_slippage),
        card_slope=float(loan.card_proceeds(rare, 1.0)),
        card_cost=float(cost),
        downtime=float(terms.downtime_periods),
        has_coin=terms.coin_units > 0.0,
        has_cash=deal.has_cash,
        has_levels=terms.call_ltv is not None,
        needs_rents=deal.needs_rents,
        in_stress=market.fall > -np.inf,
    )


def is_compiled() -> bool:
    """Whether the kernel is there already, in this process or in the cache of this machine."""
    if _lanes.signatures:
        return True
    try:  # numba does not say it in public
        return bool(_lanes._cache._cache_file._load_index())
    except AttributeError:
        return False


def warm_up() -> None:
    """Compile the kernel, or load it: what otherwise the first simulation does."""
    from xlcredit.models.simulated_loan import Deal, Terms, Tilt  # noqa: PLC0415

    run(Deal.of(Terms(loan=1.0, rate=0.0, months=1)), 1, 0, 1, Tilt())
