"""The engines that a user can name, those of other programs among them."""

from __future__ import annotations

from xlcredit.errors import HostError, RecalcError
from xlcredit.hints import did_you_mean
from xlcredit.recalc.engine import Engine
from xlcredit.recalc.routing import ENGINES

__all__ = ["engine_called"]


def engine_called(name: str) -> str | Engine:
    """Give what :func:`xlcredit.recalculate` takes for an engine.

    Parameters
    ----------
    name : str
        ``auto``, ``embedded``, ``strict`` or ``libreoffice``.

    Returns
    -------
    str or Engine
        The name itself for the engines of our own process; LibreOffice is started.

    Raises
    ------
    HostError
        If LibreOffice is missing, or for Excel, which no engine here drives.
    RecalcError
        If there is no engine of that name.
    """
    if name == "libreoffice":
        from xlcredit.hosts.libreoffice.engine import Calc  # noqa: PLC0415 - it costs a start

        return Calc()
    if name == "excel":
        raise HostError(
            "Excel is no engine of ours yet: open the workbook in it with the add-in "
            "(xlcredit excel install), or take libreoffice for a spreadsheet's opinion"
        )
    names = ["auto", *ENGINES, "libreoffice"]
    if name not in names:
        near = did_you_mean(name, names) or f"; there are {', '.join(names)}"
        raise RecalcError(f"there is no engine {name!r}{near}")
    return name
