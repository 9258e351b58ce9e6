"""Which loans of a book are the worst: more covenants in breach, then the deeper breach."""

from __future__ import annotations

from collections.abc import Sequence

from xlcredit.portfolio.evaluate import CovenantResult, Result
from xlcredit.portfolio.spool import Ordered
from xlcredit.portfolio.tape import STATES
from xlcredit.workbook.covenants import BREACH

__all__ = ["deepest", "depth", "worst_first"]


def worst_first(results: Sequence[Result]) -> Sequence[Result]:
    """Errors, then breaches, the most and the deepest first; equals keep their order."""
    ranks = [_rank(result) for result in results]
    order = sorted(range(len(ranks)), key=ranks.__getitem__)
    return Ordered(len(order), lambda at: results[order[at]])


def _rank(result: Result) -> tuple[int, int, float]:
    breached = [c for c in result.covenants if c.status == BREACH]
    worst = max(map(depth, breached), default=0.0)
    return STATES.index(result.status), -len(breached), -worst


def depth(covenant: CovenantResult) -> float:
    """How far a value is on the wrong side of its threshold, as a share of that."""
    if not covenant.margin or not covenant.threshold:
        return 0.0
    return -covenant.margin / abs(covenant.threshold)


def deepest(result: Result) -> CovenantResult | None:
    """The deepest breach of a loan; None where it has none."""
    breached = [c for c in result.covenants if c.status == BREACH]
    return max(breached, key=depth, default=None)
