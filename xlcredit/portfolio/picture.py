"""A book of loans as a picture: how many stand how, and a heat map of their covenants."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from xlcredit.portfolio.evaluate import ERROR, Result
from xlcredit.portfolio.ranking import depth, worst_first
from xlcredit.portfolio.tape import STATES, counted_loans, facts
from xlcredit.workbook.covenants import BREACH, CHECK, PASS
from xlcredit.workbook.pictures import png, pyplot, write_picture

__all__ = ["standing", "write_heat_map"]

_WIDTH, _LEFT, _RIGHT, _ROW, _BAR = 620, 70, 190, 24, 15
#: Loans beyond these are counted: a picture of more is not read.
_MOST = 60
#: A breach of half the threshold is as dark as any deeper one.
_DEEP = 0.5
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


def write_heat_map(results: Sequence[Result], path: Path) -> Path:
    """Draw loans down and covenants across, the worst loan first, as the sheet Covenants has them.

    The deeper a breach in relation to its threshold, the darker its field; a breach is hatched,
    and the verdict stands in the field, so that it is read in black and white too.

    Parameters
    ----------
    results : sequence of Result
        The loans; those that were not calculated have a row without a verdict.
    path : Path
        The picture.

    Raises
    ------
    UserError
        If matplotlib is not installed.
    FileError
        If it cannot be written.
    """
    figure_class = pyplot()
    ranked = worst_first(results)
    shown = [ranked[at] for at in range(min(len(ranked), _MOST))]
    labels = list(dict.fromkeys(c.label for result in shown for c in result.covenants))
    picture = figure_class(
        figsize=(2.6 + 1.5 * max(2, len(labels)), 1.7 + 0.27 * len(shown)), layout="constrained"
    )
    plot = picture.add_subplot()
    for down, result in enumerate(shown):
        for covenant in result.covenants:
            field = (labels.index(covenant.label) - 0.5, down - 0.5)
            dark = min(1.0, depth(covenant) / _DEEP) if covenant.status == BREACH else 0.0
            plot.add_patch(_field(field, covenant.status, dark))
            colour = "white" if dark > _DEEP else "black"
            deep = f" {depth(covenant):.0%}" if covenant.status == BREACH else ""
            words, at = covenant.status + deep, (field[0] + 0.5, down)
            plot.annotate(words, at, ha="center", va="center", fontsize=7, color=colour)
    plot.set_xlim(-0.5, max(0, len(labels) - 1) + 0.5)
    plot.set_ylim(max(1, len(shown)) - 0.5, -0.5)
    plot.set_xticks(range(len(labels)), [_broken(label) for label in labels], fontsize=7)
    plot.set_yticks(range(len(shown)), [f"{r.id}  {r.status}" for r in shown], fontsize=7)
    plot.xaxis.tick_top()
    plot.tick_params(length=0)
    more = (
        f"; the worst {len(shown)} of {counted_loans(len(ranked))}" if len(ranked) > _MOST else ""
    )
    picture.supxlabel(
        f"hatched: breach, by how much of its threshold; darker where deeper{more}", fontsize=7
    )
    return write_picture(path, png(picture, 140))


def _field(corner: tuple[float, float], status: str, dark: float) -> Any:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - an extra

    colour = (1.0, 0.82 - 0.62 * dark, 0.78 - 0.62 * dark) if status == BREACH else "white"
    colour = "#fde68a" if status == CHECK else colour
    hatch = "///" if status == BREACH else None
    return Rectangle(
        corner, 1, 1, facecolor=colour, edgecolor="#9ca3af", hatch=hatch, linewidth=0.6
    )


def _broken(label: str) -> str:
    return "\n".join(wrap(label, 22))
