"""The engines that a user can name, those of other programs among them."""

from __future__ import annotations

from xlcredit.errors import RecalcError
from xlcredit.hints import did_you_mean
from xlcredit.recalc.engine import Engine
from xlcredit.recalc.routing import ENGINES

__all__ = ["engine_called", "engine_names"]


def engine_names() -> list[str]:
    """Give every name that ``--engine`` takes, those of other programs last."""
    return ["auto", *ENGINES, "libreoffice", "excel"]


def engine_called(name: str) -> str | Engine:
    """Give what :func:`xlcredit.recalculate` takes for an engine.

    Parameters
    ----------
    name : str
        One of :func:`engine_names`.

    Returns
    -------
    str or Engine
        The name itself for the engines of our own process; LibreOffice or Excel is started.

    Raises
    ------
    HostError
        If LibreOffice or Excel is missing.
    RecalcError
        If there is no engine of that name.
    """
    if name == "libreoffice":
        from xlcredit.hosts.libreoffice.engine import Calc  # noqa: PLC0415 - it costs a start

        return Calc()
    if name == "excel":
        from xlcredit.hosts.classic.engine import Excel  # noqa: PLC0415 - it costs a start

        return Excel()
    if name not in engine_names():
        names = ", ".join(engine_names())
        near = did_you_mean(name, engine_names()) or f"; there are {names}"
        raise RecalcError(f"there is no engine {name!r}{near}")
    return name
