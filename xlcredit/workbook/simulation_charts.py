"""Pictures of a simulation: the fan of LTVs, the losses, the first calls; without colour too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from xlcredit.models.simulation import Deal, Result
from xlcredit.workbook.pictures import png, pyplot, write_picture

__all__ = ["write_charts"]

_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


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
        drawn.insert(0, ("ltv", _ltv))
    if result.figures["expected_loss"].value > 0.0:
        drawn.append(("losses", _losses))
    written = []
    for name, draw in drawn:
        figure = figure_class(figsize=(8.0, 4.5), layout="constrained")
        axes = figure.subplots()
        draw(axes, deal, result)
        axes.set_title(f"{title}\n{result.paths:,} paths, seed {result.seed}", loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        written.append(write_picture(folder / f"{name}.png", png(figure, 150)))
    return written


def _ltv(axes: Any, deal: Deal, result: Result) -> None:
    fan, periods = result.fan(_SHARES), np.arange(1, result.periods + 1)
    axes.fill_between(periods, fan[:, 0], fan[:, 4], color="0.88", label="5% to 95%")
    axes.fill_between(periods, fan[:, 1], fan[:, 3], color="0.70", label="25% to 75%")
    axes.plot(periods, fan[:, 2], color="black", label="median")
    axes.axhline(deal.terms.call_ltv, color="black", linestyle="--", label="margin call")
    axes.axhline(deal.terms.liquidation_ltv, color="black", linestyle=":", label="liquidation")
    axes.set_xlabel("period")
    axes.set_ylabel("LTV of the loans that still run")
    axes.set_ylim(bottom=0.0)
    axes.legend(frameon=False, ncols=3)


def _events(axes: Any, deal: Deal, result: Result) -> None:
    periods = np.arange(1, result.periods + 1)
    lines = [("payment_default", "payment default", "-")]
    if deal.terms.call_ltv is not None:
        lines += [("first_call", "first margin call", "--"), ("liquidation", "liquidated", ":")]
    for name, label, style in lines:
        share = np.cumsum(result.by_period[name])
        axes.step(periods, share, where="post", color="black", linestyle=style, label=label)
    axes.set_xlabel("period")
    axes.set_ylabel("share of the paths so far")
    axes.set_ylim(bottom=0.0)
    axes.legend(frameon=False)


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
    for figure, style in (("loss_p95", "--"), ("loss_p99", ":")):
        value = result.figures[figure].value / unit
        axes.axvline(value, color="black", linestyle=style, label=figure)
    axes.set_xlabel(f"loss, {name}; none on {1.0 - np.sum(share[lost]) / len(share):.1%} of paths")
    axes.set_ylabel("share of the paths")
    axes.legend(frameon=False)
