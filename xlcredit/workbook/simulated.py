"""What a file says of a simulation: a workbook, a deal file, or a file of terms and series."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xlcredit.deals import load, read_deal, read_toml
from xlcredit.errors import CellError, DealError, UserError
from xlcredit.functions import call
from xlcredit.functions.simulation import SERIES, deal_of, on_market
from xlcredit.hints import did_you_mean
from xlcredit.models.simulation import Deal, Result
from xlcredit.models.simulation import simulate as run
from xlcredit.recalc import recalculate
from xlcredit.recalc.calls import default_functions
from xlcredit.workbook.build import build

__all__ = ["most_asked", "read_simulation", "simulate"]

_FUNCTION = "XLC_DUAL_SIM"
#: Place of the argument that says which figure is asked for.
_MEASURE = 9


def read_simulation(path: Path, market: Mapping[str, float] | None = None) -> tuple[Deal, int, int]:
    """Read a deal that can be simulated, with the paths and the seed that its file asks for.

    Parameters
    ----------
    path : Path
        A workbook with cells that call XLC_DUAL_SIM: the simulation that most of them ask for
        counts, the first of equals; the deal file of a template whose workbook has such cells;
        or a TOML file with a table ``[terms]`` of labels and values and a table ``[series]`` of
        numbers or lists.
    market : mapping, optional
        Terms in place of those that the file says, by label.

    Raises
    ------
    UserError
        If the file cannot be read, has nothing to simulate, or what it says is contradictory.
    """
    raw = _from_toml(path) if path.suffix.lower() == ".toml" else _from_workbook(path, path)
    try:
        return deal_of(*on_market(raw, market or {}))
    except CellError as error:
        raise DealError(f"{path}: {error.reason}") from None


def simulate(
    path: str | os.PathLike[str],
    *,
    paths: int | None = None,
    seed: int | None = None,
    courses: bool = False,
    kernel: str = "auto",
) -> Result:
    """Simulate what a file says.

    Parameters
    ----------
    path : str or Path
        As in :func:`read_simulation`.
    paths, seed : int, optional
        In place of what the file says, or of 100,000 and 1.
    courses : bool
        Whether to record LTV and cash by period, for ``Result.fan`` and ``Result.lender_cash``.
    kernel : {"auto", "numpy", "compiled"}
        The figures are the same.

    Returns
    -------
    Result
        Figures with their standard errors, losses, and the courses if asked for.

    Raises
    ------
    UserError
        As in :func:`read_simulation`.

    Examples
    --------
    >>> found = simulate("loan.toml", paths=1_000_000)  # doctest: +SKIP
    >>> found.figures["spread"]  # doctest: +SKIP
    Estimate(value=0.0357, error=0.0001)
    """
    deal, said_paths, said_seed = read_simulation(Path(path))
    return run(
        deal,
        said_paths if paths is None else paths,
        said_seed if seed is None else seed,
        courses=courses,
        kernel=kernel,
    )


def _from_toml(path: Path) -> list[Any]:
    content = read_toml(path)
    if "template" in content:
        template, _ = load(str(content["template"]))
        return _from_workbook(build(template, read_deal(path, template)), path)
    terms, series = content.get("terms"), content.get("series", {})
    if not isinstance(terms, dict) or not isinstance(series, dict):
        message = "a deal file names a template; a file to simulate has a table [terms]"
        raise DealError(f"{path}: {message}, and may have one [series]")
    for name in series:
        if name not in SERIES:
            raise DealError(f"{path}: {name} is no series{did_you_mean(name, SERIES)}")
    return [
        [[label, value] for label, value in terms.items()],
        *(series.get(name) for name in SERIES),
        content.get("paths"),
        content.get("seed"),
    ]


def _from_workbook(source: Path | bytes, name: Path) -> list[Any]:
    """Recalculate, and listen to what is asked of the function."""
    heard: list[list[Any]] = []

    def listen(*raw: Any) -> Any:
        heard.append(list(raw))
        return call(_FUNCTION, *raw)

    recalculate(source, functions=default_functions() | {_FUNCTION: listen})
    if not heard:
        message = f"no cell calls {_FUNCTION}; what it needs: xlcredit functions {_FUNCTION}"
        raise UserError(f"{name}: {message}")
    return most_asked(heard)


def most_asked(heard: Sequence[Sequence[Any]]) -> list[Any]:
    """Of the arguments of several cells, those of the simulation that most of them ask for.

    A sheet asks one simulation for many figures; beside them an audit may ask another one for a
    single figure, on other terms.
    """
    counts = Counter(repr(list(raw)[:_MEASURE]) for raw in heard)
    wanted = counts.most_common(1)[0][0]
    return next(list(raw) for raw in heard if repr(list(raw)[:_MEASURE]) == wanted)
