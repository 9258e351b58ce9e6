"""``XLC_WHY`` where the host does not tell which cell is asked about.

Office.js hands over the error, not the address of the cell that shows it. So the answer names
the cells whose latest answer was such an error, each with its reason.
"""

from __future__ import annotations

from xlcredit.errors import CellError
from xlcredit.hosts.reasons import CallSite, Reasons

__all__ = ["Candidates"]

#: A cell that shows more of them is no answer any more.
_MOST = 3


class Candidates(Reasons):
    """Reasons that can be found by the error's code within a workbook."""

    def explain(self, error: CellError, book: str) -> CellError:
        """Return the error with the reasons of the cells that may have shown it.

        Parameters
        ----------
        error : CellError
            The error as it came: a code without a reason.
        book : str
            Name of the workbook that asks, in brackets as places hold it.
        """
        reasons: dict[str, CallSite] = {}
        for caller, errors in self._errors.items():
            for (row, column), kept in errors.items():
                # An error that was passed on says nothing of its own.
                passed_on = kept.reason.endswith(f"holds {error.code}")
                if kept.code == error.code and caller.sheet.startswith(book) and not passed_on:
                    reasons.setdefault(kept.reason, caller.moved(row, column))
        message = [
            f"{_address(place, book)}: {reason}" for reason, place in list(reasons.items())[-_MOST:]
        ]
        return CellError(error.code, "; or ".join(message))


def _address(place: CallSite, book: str) -> str:
    """Name a cell; xlcredit.recalc could, but it needs what Pyodide does not have."""
    letters, column = "", place.column
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{place.sheet.removeprefix(book)}!{letters}{place.row}"
