"""A book of loans as a small picture: how many loans, and how much is drawn, in each state."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from xlcredit.portfolio.evaluate import ERROR, Result
from xlcredit.portfolio.tape import STATES, facts
from xlcredit.workbook.covenants import BREACH, CHECK, PASS

__all__ = ["standing"]

_WIDTH, _LEFT, _RIGHT, _ROW, _BAR = 620, 70, 190, 24, 15
_COLOURS = {PASS: "#15803d", BREACH: "#b91c1c", CHECK: "#b45309", ERROR: "#6b7280"}


def standing(results: Sequence[Result]) -> str:
    """Draw a bar for each state that a loan is in, as long as its loans are many.

    Parameters
    ----------
    results : sequence of Result
        The loans.

    Returns
    -------
    str
        A fragment of SVG that needs nothing from elsewhere; empty for no loans. Beside each bar
        stand the number of loans and what is drawn [USD m]; the word says the state without its
        colour.
    """
    counts: Counter[str] = Counter()
    sums: dict[str, float] = defaultdict(float)
    for result in results:
        counts[result.status] += 1
        sums[result.status] += facts(result).balance or 0.0
    shown = {state: counts[state] for state in STATES if counts[state]}
    if not shown:
        return ""
    most = max(shown.values())
    parts = [f'<text x="{_LEFT}" y="14" font-weight="bold">Loans by status, and USD m drawn</text>']
    for at, (state, count) in enumerate(shown.items()):
        top = 22 + at * _ROW
        length = (_WIDTH - _LEFT - _RIGHT) * count / most
        drawn = sums[state] / 1e6
        beside = f"{count:,}" + ("" if state == ERROR else f", USD {drawn:,.0f} m")
        parts.append(
            f'<text x="{_LEFT - 6}" y="{top + 12}" text-anchor="end">{state}</text>'
            f'<rect x="{_LEFT}" y="{top}" width="{length:.1f}" height="{_BAR}" '
            f'fill="{_COLOURS[state]}"/>'
            f'<text x="{_LEFT + length + 6:.1f}" y="{top + 12}">{beside}</text>'
        )
    height = 28 + len(shown) * _ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" role="img" '
        f'aria-label="Loans by status" style="font:11px sans-serif;background:#fff">'
        f"{''.join(parts)}</svg>"
    )
