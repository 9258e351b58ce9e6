"""Pictures of a simulation: the fan of LTVs, the losses, the first calls; without colour too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from xlcredit.models.simulation import Deal, Result
from xlcredit.workbook.pictures import png, pyplot, write_picture

__all__ = ["draw_fan", "write_charts"]

_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: A level this many times above the fan is not drawn.
_OUT_OF_SIGHT = 2.0


def write_charts(deal: Deal, result: Result, folder: Path, title: str) -> list[Path]:
    """Draw what a simulation found, one PNG each.

    Parameters
    ----------
    deal : Deal
        The deal.
    result : Result
        Its simulation, with courses.
    folder : Path
        Where the pictures go; it is made if need be.
    title : str
        What stands above each.

    Returns
    -------
    list of Path
        The pictures: LTV by period where the loan has margin levels, the distribution of the loss
        where there is one, first calls and defaults by period.
    """
    figure_class = pyplot()
    drawn = [("events", _events)]
    if deal.terms.call_ltv is not None:
        drawn.insert(0, ("ltv", draw_fan))
    if result.figures["expected_loss"].value > 0.0:
        drawn.append(("losses", _losses))
    written = []
    for name, draw in drawn:
        figure = figure_class(figsize=(8.0, 4.5), layout="constrained")
        axes = figure.subplots()
        draw(axes, deal, result)
        axes.set_title(f"{title}\n{result.paths:,} paths, seed {result.seed}", loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside lower center", ncols=5, frameon=False)
        written.append(write_picture(folder / f"{name}.png", png(figure, 150)))
    return written


def draw_fan(axes: Any, deal: Deal, result: Result) -> None:
    """Draw the quantiles of the LTV by period, and the margin levels that are within sight."""
    fan, periods = result.fan(_SHARES), np.arange(1, result.periods + 1)
    axes.fill_between(periods, fan[:, 0], fan[:, 4], color="0.88", label="5% to 95%")
    axes.fill_between(periods, fan[:, 1], fan[:, 3], color="0.70", label="25% to 75%")
    axes.plot(periods, fan[:, 2], color="black", label="median")
    highest = float(np.nanmax(fan)) if np.any(np.isfinite(fan)) else 0.0
    levels = (("margin call", deal.terms.call_ltv), ("liquidation", deal.terms.liquidation_ltv))
    for (label, level), style in zip(levels, ("--", ":"), strict=True):
        # a level far above all paths, such as one that is never to be reached, would flatten them
        if level is not None and level <= _OUT_OF_SIGHT * max(highest, 1.0):
            axes.axhline(level, color="black", linestyle=style, label=label)
    axes.set_xlabel("period")
    axes.set_ylabel("LTV of the loans that still run")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_ylim(bottom=0.0)


def _events(axes: Any, deal: Deal, result: Result) -> None:
    periods = np.arange(1, result.periods + 1)
    lines = [("payment_default", "payment default", "-")]
    if deal.terms.call_ltv is not None:
        lines += [("first_call", "first margin call", "--"), ("liquidation", "liquidated", ":")]
    for name, label, style in lines:
        share = np.cumsum(result.by_period[name])
        if name != "payment_default" and share[-1] == 0.0:
            continue  # a line along the axis is not seen, and its name asks where it is
        axes.step(periods, share, where="post", color="black", linestyle=style, label=label)
    axes.set_xlabel("period")
    axes.set_ylabel("share of the paths so far")
    axes.yaxis.set_major_formatter("{x:.1%}")
    axes.set_ylim(bottom=0.0)


def _losses(axes: Any, deal: Deal, result: Result) -> None:
    lost = result.losses.values > 0.0
    weights = result.losses.weights
    share = np.ones(result.losses.count) if weights is None else weights
    unit, name = (1e6, "million") if deal.terms.loan >= 1e7 else (1.0, "in the money of the loan")
    axes.hist(
        result.losses.values[lost] / unit,
        bins=40,
        weights=share[lost] / result.losses.count,
        color="0.75",
        edgecolor="black",
        linewidth=0.5,
    )
    for share_below, style in ((95, "--"), (99, ":")):
        value = result.figures[f"loss_p{share_below}"].value / unit
        label = f"{share_below}% of the paths lose less"
        axes.axvline(value, color="black", linestyle=style, label=label)
    axes.set_xlabel(f"loss, {name}; none on {1.0 - np.sum(share[lost]) / len(share):.1%} of paths")
    axes.set_ylabel("share of the paths")
    axes.yaxis.set_major_formatter("{x:.1%}")
