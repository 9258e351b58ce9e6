"""What the embedded engine cannot do, or does wrongly, found before anything is calculated.

Most formulas need no close look: one regular expression finds those that do, and only they are
split into tokens.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping

from openpyxl.formula.tokenizer import Token

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book, Formula

__all__ = ["FUNCTION_NAME", "Preflight", "volatile_warning"]

#: Whatever stands before an opening bracket, in a formula that is not split into tokens.
FUNCTION_NAME = re.compile(r"([A-Za-z_\\][A-Za-z0-9_.\\]*)\(")

_RANGE = r"(?:(?:'[^']+'|[\w.]+)!)?\$?(?:[A-Za-z]{1,3}\$?\d*|\d+):\$?(?:[A-Za-z]{1,3}\$?\d*|\d+)"
_SUSPECT = rf"""
    XLC_ | _xll\. | _xl(?:du|u)df | SINGLE\( | \[          # worksheet functions, links, tables
  | (?:IPMT|PPMT|CUMPRINC|\bDB|DDB|INDIRECT)\(              # wrong or incomplete built-ins
  | [-+*/^&=<>]\s*{_RANGE} | ^\s*\(*\s*{_RANGE}             # a range where one value belongs
  | :\$?[A-Za-z]*\$?\d+\s*[-+*/^&=<>] | :\$?[A-Za-z]+\s*[-+*/^&=<>]
  | (?<![\w.])\([^()]*[,:]                                  # a union, or a range in brackets
  | [\w)]\s+[\w$'(]                                         # an intersection
  | [\w'.]:[^!(),]*!                                        # several sheets at once
"""

_LINK = re.compile(r"\[\d+\]|\[[^\]]+\.xl\w+\]|\.xl\w+'?!", re.IGNORECASE)
_SEVERAL_SHEETS = re.compile(r"(?:'[^']*:[^']*'|[^'!:]+:[^'!:]+)!")

#: Functions whose arguments may be computed ranges even in a formula not entered as an array.
_TAKE_ARRAYS = frozenset(
    "SUMPRODUCT MMULT MDETERM MINVERSE LOOKUP FREQUENCY CORREL COVAR LINEST LOGEST TREND GROWTH "
    "SUMX2MY2 SUMX2PY2 SUMXMY2 PROB".split()
)
_VOLATILE = frozenset({"NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY"})

#: Functions that the engine knows and gets wrong, and what to do about it.
_REFUSED = {
    "LAMBDA": "write the formula out, or use one worksheet function for the whole column",
    "COUPDAYS": "compute the days from the coupon dates",
}


class Preflight:
    """The checks for one workbook.

    Parameters
    ----------
    book : Book
        The workbook.
    """

    def __init__(self, book: Book) -> None:
        self._ranges = {n.name.upper() for n in book.names if ":" in n.text and "(" not in n.text}
        pattern = _SUSPECT
        if self._ranges:
            pattern += r" | \b(?:" + "|".join(map(re.escape, sorted(self._ranges))) + r")\b"
        self._suspect = re.compile(pattern, re.VERBOSE | re.IGNORECASE)
        self.problems: list[str] = []
        if book.uses_1904_dates:
            self.problems.append(
                f"{book.package.path} counts dates from 1904; switch it off in Excel "
                "(File > Options > Advanced) and save again"
            )

    def suspicious(self, formula: Formula) -> bool:
        """Tell whether a formula needs a close look, and perhaps a translation."""
        return formula.table or self._suspect.search(formula.text) is not None

    def inspect(self, formula: Formula, tokens: list[Token]) -> None:
        """Note what keeps a formula from being calculated."""
        self.problems += [f"{formula.place}: {p}" for p in _problems(formula, tokens)]
        if formula.shape is None:
            self.problems += [f"{formula.place}: {p}" for p in self._intersections(tokens)]

    def inspect_table(self, formula: Formula) -> None:
        """Note a data table: it has no formula that could be calculated."""
        self.problems.append(
            f"{formula.place}: data tables are not calculated; write the grid as formulas"
        )

    def inspect_functions(
        self,
        used: Mapping[str, Formula],
        missing: Collection[str],
        functions: Collection[str],
    ) -> None:
        """Note built-in functions that the engine lacks, and names that are misspelt.

        Parameters
        ----------
        used : mapping
            Each function in use, with the first formula that uses it.
        missing : collection of str
            Those that the engine does not have.
        functions : collection of str
            The worksheet functions, for the nearest name.
        """
        for name, formula in used.items():
            bare = name.removeprefix("_XLFN.").removeprefix("_XLWS.")
            if bare in _REFUSED:
                problem = f"{bare} cannot be calculated here; {_REFUSED[bare]}"
            elif name not in missing:
                continue
            elif near := difflib.get_close_matches(bare, functions, 1, 0.75):
                problem = f"there is no function {bare}; did you mean {near[0]}?"
            else:
                problem = f"the function {bare} is not known here; use another formula"
            self.problems.append(f"{formula.place}: {problem}")

    def raise_problems(self) -> None:
        """Raise the first problem, if there is one, and tell how many more there are."""
        if self.problems:
            more = len(self.problems) - 1
            others = f" (and {more} more)" if more else ""
            raise RecalcError(self.problems[0] + others)

    def _intersections(self, tokens: list[Token]) -> Iterator[str]:
        """Find ranges where a formula not entered as an array computes with a single value.

        Excel then takes the one cell in the formula's own row or column, the engine all of them.
        """
        inside: list[str] = []
        for i, token in enumerate(tokens):
            if token.subtype == token.OPEN:
                inside.append(token.value[:-1].upper())
            elif token.subtype == token.CLOSE and inside:
                inside.pop()
            elif self._is_range(token) and not _TAKE_ARRAYS & set(inside):
                beside = (_neighbour(tokens, i, -1), _neighbour(tokens, i, 1))
                if not any(inside) or any(t is not None and _computes(t) for t in beside):
                    yield (
                        f"{token.value} is several cells where one value is needed; name one "
                        "cell, or enter the formula as an array (Ctrl+Shift+Enter)"
                    )
                    return

    def _is_range(self, token: Token) -> bool:
        if token.type != token.OPERAND or token.subtype != token.RANGE:
            return False
        text = token.value.rpartition("!")[2]
        first, _, last = text.replace("$", "").upper().partition(":")
        whole = first.isalpha() or first.isdigit()  # A:A is a column, A1:A1 a cell
        return bool(last and (whole or last != first)) or text.upper() in self._ranges


def _problems(formula: Formula, tokens: list[Token]) -> Iterator[str]:
    for i, token in enumerate(tokens):
        if token.type == token.OPERAND and token.subtype == token.RANGE:
            yield from _reference_problems(token.value)
            after = tokens[i + 1 : i + 3]
            if len(after) == 2 and after[0].type == after[0].WSPACE and _refers(after[1]):
                yield f"the intersection of {token.value} and {after[1].value} is not calculated"
        elif token.type == token.OP_IN and token.value == ",":
            yield f"{formula} joins ranges with a comma; use one range for each argument"
        elif token.type == token.FUNC and token.subtype == token.OPEN:
            yield from _function_problems(token.value[:-1].upper(), tokens, i)


def _reference_problems(text: str) -> Iterator[str]:
    if _LINK.search(text):
        yield f"{text} reads another workbook; copy the value into this one"
    elif "[" in text:
        yield f"the table reference {text} is not calculated; use a cell range instead"
    elif _SEVERAL_SHEETS.match(text):
        yield f"{text} reads several sheets at once; add the sheets one by one"


def _function_problems(name: str, tokens: list[Token], i: int) -> Iterator[str]:
    if name == "INDIRECT" and _separators(tokens, i):
        yield "INDIRECT with a second argument is not calculated; use INDEX"
    elif name == "_XLFN.SINGLE" and tokens[i + 1].type != tokens[i].FUNC:
        yield f"@{tokens[i + 1].value} is not calculated; name the cell that is meant"


def _separators(tokens: list[Token], opening: int) -> int:
    """Count the commas between the arguments of the function that opens at a token."""
    depth = commas = 0
    for token in tokens[opening:]:
        depth += (token.subtype == token.OPEN) - (token.subtype == token.CLOSE)
        if depth == 0:
            break
        commas += depth == 1 and token.type == token.SEP
    return commas


def _neighbour(tokens: list[Token], i: int, step: int) -> Token | None:
    """Find the next token that is neither white space nor a bracket."""
    i += step
    while 0 <= i < len(tokens) and tokens[i].type in (tokens[i].WSPACE, tokens[i].PAREN):
        i += step
    return tokens[i] if 0 <= i < len(tokens) else None


def _computes(token: Token) -> bool:
    operators = (token.OP_IN, token.OP_PRE, token.OP_POST)
    return bool(token.type in operators) and token.value not in {":", ","}


def _refers(token: Token) -> bool:
    return bool(token.type == token.OPERAND and token.subtype == token.RANGE)


def volatile_warning(used: Mapping[str, Formula]) -> list[str]:
    """Warn of functions that give another answer each time, so that no two runs agree."""
    return [
        f"{formula.place}: {name} gives another answer each time; enter the date as an input"
        for name, formula in used.items()
        if name.removeprefix("_XLFN.") in _VOLATILE
    ]
