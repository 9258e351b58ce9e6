"""What a workbook says of its making, and which functions have changed since."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from dataclasses import dataclass

from xlcredit._version import __version__
from xlcredit.errors import FileError
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.properties import created, read_properties, template_of
from xlcredit.recalc import Recalculation

__all__ = ["ChangedFunctions", "Stamp", "changed_functions", "read_stamp"]

_WORKSHEET_FUNCTION = re.compile(r"\bXLC_[A-Z_0-9]+(?=\()", re.IGNORECASE)


@dataclass(frozen=True)
class Stamp:
    """What made a workbook, of what, and as of when."""

    version: str
    template: str
    deal: str
    as_of: datetime.date


@dataclass(frozen=True)
class ChangedFunctions:
    """Worksheet functions in the cells that another version of xlcredit had saved differently."""

    saved_by: str
    running: str
    cells: dict[str, int]
    """How many differing cells call each function."""
    other: int
    """Differing cells that call none, and mostly follow from those that do."""


def read_stamp(package: Package) -> Stamp:
    """Read what made a workbook.

    Raises
    ------
    FileError
        The workbook was not made by xlcredit, or another program has dropped what says so.
    """
    known, template, day = read_properties(package), template_of(package), created(package)
    if not template or day is None:
        raise FileError(
            f"{package.path}: was not made by xlcredit new or demo, or its properties are lost"
        )
    version, deal = known.get("xlcredit version", ""), known.get("xlcredit deal", "")
    return Stamp(version, template, deal, day)


def changed_functions(package: Package, result: Recalculation) -> ChangedFunctions | None:
    """Say which worksheet functions stand in the cells that differ from what was saved.

    Parameters
    ----------
    package : Package
        The workbook as it was saved.
    result : Recalculation
        Its recalculation, with no inputs changed.

    Returns
    -------
    ChangedFunctions or None
        None if nothing differs, or this very version has saved the workbook.
    """
    saved_by = read_properties(package).get("xlcredit version", "")
    changed = [c for c in result.changes if c.saved is not None]
    if not saved_by or saved_by == __version__ or not changed:
        return None
    calls = [{n.upper() for n in _WORKSHEET_FUNCTION.findall(c.formula)} for c in changed]
    cells = Counter(name for names in calls for name in names)
    return ChangedFunctions(saved_by, __version__, dict(sorted(cells.items())), calls.count(set()))
