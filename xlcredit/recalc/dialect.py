"""Formula text from the spelling of the host that saved it to the one that engines read.

A call of a worksheet function is stored in as many ways as there are hosts; all become the plain
name. An argument left out becomes a mark, as engines pass 0 for it. Each call is told its site,
so that the reason of an error can be reported for the cell that shows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from openpyxl.formula.tokenizer import Token

from xlcredit.ooxml.book import Book, Formula, Place
from xlcredit.ooxml.spelling import plain_name

__all__ = ["FIT", "OMITTED_MARK", "WHY", "Dialect", "fit"]

#: Holds the extent of an array formula; see :func:`fit`.
FIT = "XLC_FIT"
#: The one function that asks about a cell rather than for its value.
WHY = "XLC_WHY"
#: Stands for an argument left out: a character that nobody types (private use area).
OMITTED_MARK = "\uf8ff"


class Dialect:
    """The translation for one workbook.

    Parameters
    ----------
    book : Book
        The workbook, which knows its names.
    functions : collection of str
        Worksheet functions and replaced built-ins, in capitals.
    fits : bool
        Whether results must be given the extent of their formula: the engine does not.
    """

    def __init__(self, book: Book, functions: Collection[str], *, fits: bool) -> None:
        self._book = book
        self.fits = fits
        self._functions = functions
        self.sites: list[Place] = []
        """The cells that call functions: the first argument of a call is a place in this list."""

    def translate(self, formula: Formula, tokens: list[Token]) -> str:
        """Translate one formula.

        Parameters
        ----------
        formula : Formula
            The formula as stored.
        tokens : list of Token
            Its tokens.

        Returns
        -------
        str
            The text for the engine, without the equals sign.
        """
        call = _Call(self, formula.place)
        text = ",".join(call.arguments(iter(tokens)))
        if not self.fits:
            return text
        if formula.shape is not None and not formula.dynamic:
            rows, columns = formula.shape
            return f"{FIT}({text},{rows},{columns})"
        if call.found and not formula.dynamic:
            # Not entered as an array: Excel shows one value of a block.
            return f"{FIT}({text},1,1)"
        return text


class _Call:
    """The translation of one formula, from left to right."""

    def __init__(self, dialect: Dialect, place: Place) -> None:
        self.dialect = dialect
        self.place = place
        self.found = False
        self._site: int | None = None

    def arguments(self, tokens: Iterator[Token]) -> list[str]:
        """Translate up to the closing bracket (or the end): one text for each argument."""
        arguments = [""]
        for token in tokens:
            if token.subtype == token.CLOSE:
                break
            if token.type == token.FUNC:
                arguments[-1] += self._function(token, tokens)
            elif token.subtype == token.OPEN:
                arguments[-1] += self._group(token, tokens)
            elif token.type == token.SEP and token.value == ",":
                arguments.append("")
            else:
                arguments[-1] += token.value
        return arguments

    def _group(self, token: Token, tokens: Iterator[Token]) -> str:
        close = ")" if token.type == token.PAREN else "}"
        return f"{token.value}{','.join(self.arguments(tokens))}{close}"

    def _function(self, token: Token, tokens: Iterator[Token]) -> str:
        stored = token.value[:-1]
        arguments = self.arguments(tokens)
        name = plain_name(stored, self.dialect._functions)
        if stored.upper() == "_XLFN.SINGLE" and self.dialect.fits:
            return f"{FIT}({','.join(arguments)},1,1)"
        if name is None:
            return f"{stored}({','.join(arguments)})"
        self.found = True
        given = [a if a.strip() else f'"{OMITTED_MARK}"' for a in arguments]
        if len(arguments) == 1 and not arguments[0].strip():
            given = []
        if name == WHY:
            given.insert(0, self._subject(arguments))
        return f"{name}({','.join([str(self.site), *given])})"

    def _subject(self, arguments: list[str]) -> str:
        """Give the site of the cell asked about, or -1 if the argument is no single cell."""
        place = self.dialect._book.locate(arguments[0].strip(), self.place.sheet)
        if place is None:
            return "-1"
        place = self.dialect._book.members.get(place, place)
        sites = self.dialect.sites
        sites.append(place)
        return str(len(sites) - 1)

    @property
    def site(self) -> int:
        if self._site is None:
            self._site = len(self.dialect.sites)
            self.dialect.sites.append(self.place)
        return self._site


def fit(block: list[list[object]], rows: int, columns: int, absent: object) -> list[list[object]]:
    """Give a block the extent of the array formula that shows it, as Excel does.

    A single value, row or column is repeated; what is too large is cut off.

    Parameters
    ----------
    block : list of lists
        The result, rows of equal length.
    rows, columns : int
        The extent.
    absent : object
        What cells beyond the block show: ``#N/A``.

    Returns
    -------
    list of lists
        ``rows`` lists of ``columns`` values.
    """
    tall = block * rows if len(block) == 1 else block[:rows]
    wide = [row * columns if len(row) == 1 else row[:columns] for row in tall]
    wide = [row + [absent] * (columns - len(row)) for row in wide]
    return wide + [[absent] * columns for _ in range(rows - len(wide))]
