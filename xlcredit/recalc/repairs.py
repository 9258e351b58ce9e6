"""How the strict engine reads formulas: what it reads otherwise than Excel is written otherwise.

formulon 0.18 evaluates arguments as single values where Excel, even in a formula not entered
as an array, takes the whole array: beside an array constant, in the vectors of LOOKUP and INDEX,
in LET. Such a formula is entered as an array in its one cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book, Formula, Name
from xlcredit.ooxml.formulas import tokenise
from xlcredit.recalc.dialect import Dialect
from xlcredit.recalc.engine import ArrayText, Refusal, Text
from xlcredit.recalc.preflight import Unknown

__all__ = ["StrictReader"]


class StrictReader:
    """How the strict engine reads a workbook's formulas.

    Parameters
    ----------
    book : Book
        The workbook.
    functions : collection of str
        The worksheet functions, in capitals.
    missing : callable
        Tells which of some built-in functions the engine does not have.
    """

    def __init__(
        self,
        book: Book,
        functions: Collection[str],
        missing: Callable[[Collection[str]], set[str]],
    ) -> None:
        self._dialect = Dialect(book, functions, fits=False)
        self._unknown = Unknown(functions, functions, missing, {})
        self._calls = re.compile("|".join(map(re.escape, functions)) or r"\Z\A", re.IGNORECASE)
        self.sites = self._dialect.sites

    def read(self, formula: Formula) -> Text | Refusal:
        """Translate a formula, or say why the engine cannot calculate it."""
        if formula.table:
            return Text(formula.text)
        text = formula.text
        if self._calls.search(text):
            try:
                tokens = tokenise(formula)
            except RecalcError:
                return Refusal("cannot be read as a formula")
            text = self._dialect.translate(formula, tokens)
        if problem := self._unknown.problem(text):
            return Refusal(problem)
        return Text(text)

    def read_name(self, name: Name) -> Name | Refusal:
        """Translate a defined name, or say why the engine cannot use it."""
        return name
