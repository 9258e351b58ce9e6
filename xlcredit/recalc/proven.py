"""The dialect in which the embedded engine is proven: what it may calculate alone.

Functions, the shapes of their arguments, and constructs for which tests hold it to Excel's values
and to the strict engine's. Our templates never leave it. A workbook with one formula outside goes
to the strict engine as a whole, so that no cell stands on one that is not proven.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from xlcredit.ooxml.book import Book, Formula
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.spelling import plain_name
from xlcredit.recalc.masks import Parts, numbered, take_apart
from xlcredit.recalc.numerictexts import NumericTexts

__all__ = ["FORMATS", "RANGE_FUNCTIONS", "SCALAR_FUNCTIONS", "Proven", "all_outside", "outside"]

#: Functions of single values: a cell, a constant, or an expression of them.
SCALAR_FUNCTIONS = frozenset(
    """ABS AND CHOOSE DAY EDATE EOMONTH EXP GAMMADIST GAMMALN IF IFERROR _XLFN.IFNA INT ISERROR ISNA
    ISNUMBER LN MAX MIN MONTH NA NORMSDIST NOT OR PI PMT ROUND SIGN SQRT TEXT YEAR""".split()
)
#: Functions that may be given ranges, each as an argument of its own.
RANGE_FUNCTIONS = frozenset(
    """AVERAGE COLUMNS COUNT COUNTIF INDEX IRR MATCH MAX MIN ROWS SUM SUMPRODUCT VLOOKUP
    _XLFN.MAXIFS _XLFN.MINIFS""".split()
)
#: Around a range inside SUMPRODUCT, besides operators.
_OVER = {"", "ISERROR", "ISNUMBER", "SUMPRODUCT"}
#: Formats that TEXT may be given.
FORMATS = frozenset('"#,##0" "#,##0,," "#,##0.0,," "0" "0%" "0.0" "0.0%" "0.00" "0.00%"'.split())
FORMATS |= {'"d mmm yyyy"'}

_REFERENCE = re.compile(
    r"(?:'(?:[^']|'')+'!|[^\W\d][\w.]*!)?\$?[A-Z]{1,3}\$?[0-9]{1,7}"
    r"(?P<range>:\$?[A-Z]{1,3}\$?[0-9]{1,7})?(?![\w.(!:])"
)
#: The first cell of a range whose last one INDEX finds.
_SPAN = re.compile(
    r"(?:'(?:[^']|'')+'!|(?<![\w.])[^\W\d][\w.]*!)?\$?[A-Z]{1,3}\$?[0-9]{1,7}:(?=INDEX\()"
)
_PIECE = re.compile(
    r"(?P<span>~)|(?P<text>\"(?:[^\"]|\"\")*\")|(?P<call>[^\W\d][\w.]*)\(|(?P<cell>@)|(?P<area>#)"
    r"|(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<name>[^\W\d][\w.]*)|(?P<open>\()|(?P<close>\))"
    r"|(?P<comma>,)|(?P<operator><=|>=|<>|[-+*/^&=<>])"
)
#: Functions that may be given text.
_TAKE_TEXT = {
    "",
    "CHOOSE",
    "COUNTIF",
    "IF",
    "IFERROR",
    "_XLFN.IFNA",
    "ISERROR",
    "ISNUMBER",
    "MATCH",
    "TEXT",
    "VLOOKUP",
}
#: Functions that may be given TRUE or FALSE.
_TAKE_TRUTH = {
    "",
    "AND",
    "CHOOSE",
    "GAMMADIST",
    "IF",
    "IFERROR",
    "_XLFN.IFNA",
    "NOT",
    "OR",
    "VLOOKUP",
}
#: What a criterion of COUNTIF may be: a word, no pattern and no comparison.
_WORD = re.compile(r'"[\w ]+"\Z')
_CONSTANT = re.compile(r'-?\d+(?:\.\d+)?%?\Z|"[^"]*"\Z')


class Proven:
    """What leads out of the proven dialect in one workbook.

    Parameters
    ----------
    book : Book
        The workbook.
    functions : collection of str
        The worksheet functions, in capitals: Python calculates those for every engine.
    """

    def __init__(self, book: Book, functions: Collection[str]) -> None:
        self._book = book
        self._functions = functions
        self._key = numbered(("proven", frozenset(functions)))
        self._texts = NumericTexts(book)

    def problem_of_book(self) -> str:
        """Say what leads out of it, besides formulas; nothing if all stays inside."""
        book = self._book
        if book.uses_1904_dates or book.iteration or book.tables or book.as_displayed:
            return "the workbook has tables, iterates, or counts or shows numbers in its own way"
        for name in book.names:
            if not (book.is_area(name.text) or _CONSTANT.match(name.text)):
                return f"the name {name.name} is neither a range nor a constant"
        return ""

    def problem(self, formula: Formula, parts: Parts) -> str:
        """Say what in a formula leads out of it."""
        template, addresses = parts
        if template.gaps < 0:
            return "a formula that reads more cells than are looked through"
        if self._texts and (sheet := self._texts.read(formula, template, addresses)):
            return f"formulas may read numbers stored as text on the sheet {sheet}"
        facts = template.facts
        key = self._key, formula.shape is None, formula.dynamic or formula.table
        if key not in facts:
            sample = formula._replace(text=template.sample)
            facts[key] = _outside(sample, self._functions)
        told: str = facts[key]
        return told


def outside(book: Book, functions: Collection[str]) -> str:
    """Say what first leads out of the proven dialect; nothing if a workbook stays inside.

    Parameters
    ----------
    book : Book
        The workbook.
    functions : collection of str
        The worksheet functions, in capitals.
    """
    return next((f"{at}: {told}" if at else told for at, told in _problems(book, functions)), "")


def all_outside(book: Book, functions: Collection[str]) -> dict[str, list[Place]]:
    """Say all that leads out of the proven dialect, each with its cells; see :func:`outside`.

    What lies in the workbook as a whole has no cell.
    """
    found: dict[str, list[Place]] = {}
    for place, told in _problems(book, functions):
        found.setdefault(told, []).extend([place] if place else [])
    return found


def _problems(book: Book, functions: Collection[str]) -> Iterator[tuple[Place | None, str]]:
    proven = Proven(book, functions)
    if problem := proven.problem_of_book():
        yield None, problem
    for place, formula in book.formulas.items():
        if problem := proven.problem(formula, take_apart(formula.text)):
            yield place, problem


def _kind(match: re.Match[str]) -> str:
    return "#" if match["range"] else "@"


def _masked(text: str) -> str:
    """Write ``@`` for a cell, ``#`` for a range and ``~`` for the start of one."""
    return _REFERENCE.sub(_kind, _SPAN.sub("~", text) if ":INDEX(" in text else text)


def _outside(formula: Formula, functions: Collection[str]) -> str:  # noqa: PLR0911, PLR0912
    text = _masked(formula.text)
    if formula.table or (formula.shape and not _is_one_call(text, functions)):
        return "an array formula"
    stack: list[tuple[str, list[str]]] = []  # open functions, and what each argument begins with
    at, before = 0, ""
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            return f"{text[at : at + 10]} is not read here"
        kind, piece = str(match.lastgroup), match.group()
        if kind == "call":
            name = match["call"].upper()
            if not (
                name in SCALAR_FUNCTIONS | RANGE_FUNCTIONS or plain_name(match["call"], functions)
            ):
                return f"the function {name}"
            stack.append((name, [""]))
        elif kind == "open":
            stack.append(("", [""]))
        elif kind == "close":
            if not stack:
                return "a bracket without its other one"
            if problem := _call(*stack.pop()):
                return problem
        elif stack and kind == "comma":
            stack[-1][1].append("")
        elif kind == "comma":
            return "a union"
        elif kind == "text" and _is_wrong_text(stack, before, text, match.end(), functions):
            return f"the text {piece} given to {stack[-1][0]}"
        elif kind == "span" and not _alone(stack, before, ",", 0, functions):
            return "a range where one value belongs"
        elif kind == "name" and piece.upper() in ("TRUE", "FALSE") and not _is_truth(stack):
            return f"{piece} given to {stack[-1][0]}"
        elif kind == "area" and not _alone(stack, before, text, match.end(), functions):
            return "a range where one value belongs"
        if stack and kind not in ("comma", "call", "open"):
            stack[-1][1][-1] += piece
        before, at = piece, match.end()
        while at < len(text) and text[at] in " \n\r\t":
            at += 1
            before = " " if before in ("@", "#") else before
    return ""


def _is_truth(stack: list[tuple[str, list[str]]]) -> bool:
    """Whether TRUE or FALSE stands where a truth value belongs."""
    return not stack or stack[-1][0] in _TAKE_TRUTH or stack[-1][0].startswith("XLC_")


def _is_wrong_text(
    stack: list[tuple[str, list[str]]],
    before: str,
    text: str,
    end: int,
    functions: Collection[str],
) -> bool:
    """Whether text is an argument where a number or a truth value belongs."""
    if not stack or stack[-1][0] in _TAKE_TEXT or plain_name(stack[-1][0], functions):
        return False
    return (before.endswith("(") or before == ",") and text[end : end + 1] in (",", ")")


def _alone(
    stack: list[tuple[str, list[str]]],
    before: str,
    text: str,
    end: int,
    functions: Collection[str],
) -> bool:
    """Whether a range is an argument of its own, of a function that takes ranges."""
    if not stack:
        return False
    if any(name == "SUMPRODUCT" for name, _ in stack) and stack[-1][0] in _OVER:
        return True
    takes = stack[-1][0] in RANGE_FUNCTIONS or plain_name(stack[-1][0], functions)
    first = before.endswith("(") or before == ","
    return bool(takes) and first and text[end : end + 1] in (",", ")")


def _call(name: str, arguments: list[str]) -> str:
    """Check the arguments of a call whose meaning depends on them."""
    given = [a.strip() for a in arguments]
    if name == "TEXT" and (len(given) != 2 or given[1] not in FORMATS):
        return f"TEXT with the format {given[-1]}"
    if name == "COUNTIF" and (len(given) != 2 or not _WORD.match(given[1])):
        return "COUNTIF with a criterion that is no word"
    if name == "MATCH" and (len(given) != 3 or given[2] != "0"):
        return "MATCH that is not exact"
    if name == "VLOOKUP" and (len(given) != 4 or given[3] not in ("0", "FALSE")):
        return "VLOOKUP that is not exact"
    if name in ("_XLFN.MAXIFS", "_XLFN.MINIFS") and any(
        c not in ("0", "1", '"<="&@') for c in given[2::2]
    ):
        return f'{name} with a criterion other than 0, 1 or "<="&a cell'
    return ""


def _is_one_call(text: str, functions: Collection[str]) -> bool:
    """Whether a formula is one call of a worksheet function, whose block fills the cells."""
    name, bracket, _ = text.partition("(")
    return bool(bracket and plain_name(name, functions) and text.endswith(")"))
