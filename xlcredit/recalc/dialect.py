"""Formula text from the spelling of the host that saved it to the one that engines read.

A call of a worksheet function is stored in as many ways as there are hosts; all become the plain
name. An argument left out becomes a mark, as engines pass 0 for it. Each call is told its site,
so that the reason of an error can be reported for the cell that shows it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from openpyxl.formula.tokenizer import Token

from xlcredit.ooxml.book import Book, Formula
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.spelling import plain_name

__all__ = [
    "COMPARE",
    "FIT",
    "INEXACT",
    "JOIN",
    "OMITTED_MARK",
    "OVER",
    "POWER",
    "SOUND",
    "SUM",
    "WHY",
    "Dialect",
    "calls_of",
    "exact",
    "exact_comparisons",
    "fit",
    "is_sum",
    "over_ranges",
    "snapped",
]

#: Holds the extent of an array formula; see :func:`fit`.
FIT = "XLC_FIT"
#: Compare, join texts, raise to powers and add as Excel does; see :mod:`xlcredit.recalc.digits`.
COMPARE = "XLC_COMPARE"
JOIN = "XLC_JOIN"
POWER = "XLC_POWER"
SUM = "XLC_SUM"
#: Before the name of a function that asks for the kind of a value: asks for each of a range.
OVER = "XLC_"
#: Whether a sum is a number.
SOUND = "XLC_SOUND"
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

    def translate(self, formula: Formula, tokens: list[Token], site: str = "") -> str:
        """Translate one formula.

        Parameters
        ----------
        formula : Formula
            The formula as stored.
        tokens : list of Token
            Its tokens.
        site : str, optional
            What stands for the site of its calls; by default, a new one is noted.

        Returns
        -------
        str
            The text for the engine, without the equals sign.
        """
        call = _Call(self, formula.place, site)
        text = ",".join(call.arguments(iter(tokens)))
        if not self.fits:
            return text
        text = snapped(text)
        if formula.shape is not None and not formula.dynamic:
            rows, columns = formula.shape
            return f"{FIT}({text},{rows},{columns})"
        if call.found and not formula.dynamic:
            # Not entered as an array: Excel shows one value of a block.
            return f"{FIT}({text},1,1)"
        return text

    def note(self, place: Place) -> int:
        """Note a cell that calls functions, or is asked about, and give its number."""
        self.sites.append(place)
        return len(self.sites) - 1


class _Call:
    """The translation of one formula, from left to right."""

    def __init__(self, dialect: Dialect, place: Place, site: str) -> None:
        self.dialect = dialect
        self.place = place
        self.found = False
        self._site = site

    def arguments(self, tokens: Iterator[Token]) -> list[str]:
        """Translate up to the closing bracket (or the end): one text for each argument."""
        arguments = [_Expression(self.dialect.fits)]
        for token in tokens:
            if token.subtype == token.CLOSE:
                break
            if token.type == token.FUNC:
                arguments[-1].operand(self._function(token, tokens))
            elif token.subtype == token.OPEN:
                arguments[-1].operand(self._group(token, tokens))
            elif token.type == token.SEP and token.value == ",":
                arguments.append(_Expression(self.dialect.fits))
            else:
                arguments[-1].add(token)
        return [a.text for a in arguments]

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
            joins = self.dialect.fits and stored.upper() == "CONCATENATE"
            return f"{JOIN if joins else stored}({','.join(arguments)})"
        self.found = True
        given = [a if a.strip() else f'"{OMITTED_MARK}"' for a in arguments]
        if len(arguments) == 1 and not arguments[0].strip():
            given = []
        if name == WHY:
            given.insert(0, self._subject(arguments))
        return f"{name}({','.join([self.site, *given])})"

    def _subject(self, arguments: list[str]) -> str:
        """Give the site of the cell asked about, or -1 if the argument is no single cell."""
        place = self.dialect._book.locate(arguments[0].strip(), self.place.sheet)
        if place is None:
            return "-1"
        return str(self.dialect.note(self.dialect._book.members.get(place, place)))

    @property
    def site(self) -> str:
        self._site = self._site or str(self.dialect.note(self.place))
        return self._site


class _Expression:
    """The text of one argument while it is translated.

    Excel's signs bind closer than its powers, and a power of zero to zero is no number; powers
    are left to Python.
    """

    def __init__(self, exactly: bool) -> None:
        self._pieces: list[str] = []
        self._exactly = exactly
        self._base = 0  # where the operand that comes next, or was the last, begins
        self._power = False
        self._open = False  # signs have been read, and their operand has not

    def operand(self, text: str) -> None:
        """Add a cell, a constant, a call or a bracket."""
        if self._power:
            base = "".join(self._pieces[: self._base][self._start :])
            exponent = "".join(self._pieces[self._base :]) + text
            del self._pieces[self._start :]
            self._pieces.append(f"{POWER}({base.removesuffix('^')},{exponent})")
            self._base, self._power = self._start, False
        else:
            if not self._open:
                self._base = len(self._pieces)
            self._pieces.append(text)
        self._open = False

    def add(self, token: Token) -> None:
        """Add an operator, a sign, a blank or a constant."""
        if token.type == token.OPERAND:
            self.operand(token.value)
        elif token.type == token.OP_IN and token.value == "^" and self._exactly:
            self._start, self._power = self._base, True
            self._pieces.append("^")
            self._base = len(self._pieces)
        else:
            if token.type == token.OP_PRE and not self._open and not self._power:
                self._base, self._open = len(self._pieces), True
            self._pieces.append(token.value)

    @property
    def text(self) -> str:
        """The whole, with comparisons and joined texts left to Python."""
        whole = "".join(self._pieces)
        return exact(whole) if self._exactly else whole

    _start = 0


#: Comparisons of two cells, names or numbers, which make up most of a model's.
_OPERAND = r"(?:(?:'[^']+'!|[^\W\d][\w.]*!)?\$?[^\W\d][\w.$]*|\d+(?:\.\d+)?)"
_SIMPLE = re.compile(rf"(?<=[(,])({_OPERAND})(<=|>=|<>|[=<>])({_OPERAND})(?=[,)])")
#: A question for the kind of value that is asked of a range.
_KIND_OF_RANGE = re.compile(
    r"(?<![\w.])(ISERROR|ISERR|ISNA|ISNUMBER|ISTEXT|ISNONTEXT|ISBLANK|ISLOGICAL)\((?=[^()]*:[^()]*\))"
)
#: The number of errors in a range, as a sheet of checks asks for it.
_ERRORS_OF_RANGE = re.compile(
    rf"(?<![\w.])SUMPRODUCT\(--{OVER}ISERROR\("
    r"((?:(?:'[^']+'|[\w.]+)!)?\$?[A-Z]+\$?\d+:\$?[A-Z]+\$?\d+)\)\)",
    re.IGNORECASE,
)
#: Whether comparisons or texts joined are left, and must be looked at one by one.
INEXACT = re.compile(r"[=<>](?!\s*\")|[&^]|CONCATENATE\(", re.IGNORECASE)


def calls_of(functions: Collection[str]) -> re.Pattern[str]:
    """Compile what finds formulas that may call one of some functions."""
    starts = {"XLC_" if name.startswith("XLC_") else name for name in functions}
    return re.compile("|".join(map(re.escape, sorted(starts))) or r"\Z\A", re.IGNORECASE)


def exact_comparisons(text: str) -> str:
    """Compare two cells, names or numbers in a formula as Excel does, at 15 digits."""

    def write(match: re.Match[str]) -> str:
        left, operator, right = match.groups()
        if "0" in (left, right):
            return match.group()
        return f'{COMPARE}({left},"{operator}",{right})'

    return _SIMPLE.sub(write, text)


def over_ranges(text: str) -> str:
    """Let Python ask for the kind of each cell of a range: the engine looks at none.

    The errors of a sheet are counted only where its sum is no number: each of them makes it one.
    """
    text = _KIND_OF_RANGE.sub(rf"{OVER}\1(", text)
    return _ERRORS_OF_RANGE.sub(rf"IF({SOUND}(SUM(\1)),0,\g<0>)", text)


def is_sum(text: str) -> bool:
    """Whether the last thing a formula does is to add or to subtract."""
    return _last_sign(text) is not None


def snapped(text: str) -> str:
    """Let Python do the addition or subtraction that a formula ends with.

    Excel shows zero where nothing but the last digits of two numbers is left.
    """
    at = _last_sign(text)
    if at is None:
        return text
    return f'{SUM}({text[:at]},"{text[at]}",{text[at + 1 :]})'


_SIGNS = re.compile(
    r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|(?P<open>[({])|(?P<close>[)}])|(?P<sign>[-+])|(?P<other>[<>=&])"
    r"|(?<![\w.])\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\s+|."
)


def _last_sign(text: str) -> int | None:
    """Find the operator + or - that is applied last; a sign before an operand is none."""
    depth, before, found = 0, "", None
    for match in _SIGNS.finditer(text):
        piece = match.group()
        if match["other"] and depth == 0:
            return None
        depth += bool(match["open"]) - bool(match["close"])
        if match["sign"] and depth == 0 and before and before[-1] not in "-+*/^(,":
            found = match.start()
        if not piece.isspace():
            before = piece
    return found


def exact(text: str) -> str:
    """Let Python compare and join where the engine looks at more digits than Excel.

    Excel compares numbers at 15 digits and writes them into text with 15. Nothing is left to
    do where one side of a comparison is text or zero.
    """
    pieces, operators = _apart(text, _COMPARISONS)
    written = _joined(pieces[0])
    for operator, piece in zip(operators, pieces[1:], strict=True):
        right = _joined(piece)
        sides = (written.strip(), right.strip())
        if any(s == "0" or s[:1] == '"' or s == "" for s in sides):
            written += operator + right
        else:
            written = f'{COMPARE}({written},"{operator}",{right})'
    return written


def _joined(text: str) -> str:
    pieces, _ = _apart(text, _JOINS)
    if len(pieces) == 1 or ":" in text or "{" in text:
        return text
    return f"{JOIN}({','.join(pieces)})"


def _parts(operators: str) -> re.Pattern[str]:
    return re.compile(rf"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|([({{])|([)}}])|({operators})")


_COMPARISONS, _JOINS = _parts("<=|>=|<>|[=<>]"), _parts("&")


def _apart(text: str, pattern: re.Pattern[str]) -> tuple[list[str], list[str]]:
    """Split an expression at operators outside of brackets and text."""
    pieces, between, depth, start = [], [], 0, 0
    for match in pattern.finditer(text):
        depth += bool(match[1]) - bool(match[2])
        if match[3] and depth == 0:
            pieces.append(text[start : match.start()])
            between.append(match[3])
            start = match.end()
    return [*pieces, text[start:]], between


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
