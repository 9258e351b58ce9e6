"""The exceptions of xlcredit.

XlcreditError
 +-- CellError        one cell has no answer: an Excel error code and the reason
 +-- UserError        the command cannot do what was asked; one line, exit code 2
      +-- FileError       a file is missing, unreadable, encrypted or no workbook
      +-- DealError       a deal or template file has a wrong key, unit or value
      |    +-- FormulaError    a formula of a template names what does not exist
      |    +-- TemplateError   the tables of a template have mistakes
      +-- RecalcError     a workbook cannot be recalculated as asked
      +-- HostError       a spreadsheet host is missing or refuses
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "CODES",
    "CellError",
    "DealError",
    "FileError",
    "FormulaError",
    "HostError",
    "RecalcError",
    "TemplateError",
    "UserError",
    "XlcreditError",
]

#: The error values that every host and every version of the file format can hold.
CODES = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")


class XlcreditError(Exception):
    """Base of every error that xlcredit raises on purpose."""


class CellError(XlcreditError):
    """A cell has no answer.

    Parameters
    ----------
    code : str
        One of the seven Excel error values, for example ``"#NUM!"``.
    reason : str
        One sentence that names the argument, what was expected and what was got.

    Examples
    --------
    >>> raise CellError("#NUM!", "decline must be below 1; got 1.2")
    Traceback (most recent call last):
        ...
    xlcredit.errors.CellError: #NUM! decline must be below 1; got 1.2
    """

    def __init__(self, code: str, reason: str = "") -> None:
        if code not in CODES:
            raise ValueError(f"{code!r} is not an Excel error value")
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.code} {self.reason}".rstrip()

    def __repr__(self) -> str:
        return f"CellError({self.code!r}, {self.reason!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CellError) and other.code == self.code

    def __hash__(self) -> int:
        return hash(self.code)


class UserError(XlcreditError):
    """The command cannot do what was asked: one line that names the place and the remedy."""


class FileError(UserError):
    """A file is missing, unreadable, encrypted, or no workbook."""


class DealError(UserError):
    """A deal or template file has an unknown key, a wrong unit or a value out of range."""


class FormulaError(DealError):
    """A formula of a template names something that does not exist.

    Parameters
    ----------
    problem : str
        One sentence.
    formula : str
        The formula as the template has it.
    others : sequence of FormulaError
        What else is wrong with the same template.
    """

    def __init__(self, problem: str, formula: str, others: Sequence[FormulaError] = ()) -> None:
        super().__init__(problem)
        self.formula = formula
        self.all: list[FormulaError] = [self, *others]
        """This one and the others."""


class TemplateError(DealError):
    """The tables of a template have mistakes.

    Parameters
    ----------
    told : str
        All of them in one line.
    path : Path
        The template's file.
    found : sequence of (str, str)
        Where each stands, and what it is.
    template : Template, optional
        The template without them, if there is one: its formulas can be looked at as well.
    """

    def __init__(
        self, told: str, path: Path, found: Sequence[tuple[str, str]], template: Any = None
    ) -> None:
        super().__init__(told)
        self.path, self.found, self.template = path, list(found), template


class RecalcError(UserError):
    """A workbook cannot be recalculated as asked."""


class HostError(UserError):
    """A spreadsheet host is missing, too old, or refuses."""
