"""What the embedded engine cannot do, or does wrongly, found before anything is calculated.

Most formulas need no close look: one regular expression finds those that do, and only they are
split into tokens.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping

from openpyxl.formula.tokenizer import Token

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book, Formula, Name
from xlcredit.ooxml.formulas import is_unfinished, tokenise
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.tables import plain_references
from xlcredit.recalc.abroad import in_english
from xlcredit.recalc.dialect import (
    COMPARE,
    FIT,
    INEXACT,
    JOIN,
    POWER,
    SOUND,
    SUM,
    WHY,
    Dialect,
    calls_of,
    exact_comparisons,
    is_sum,
    over_ranges,
)
from xlcredit.recalc.digits import OVER_RANGES
from xlcredit.recalc.displayed import AsDisplayed
from xlcredit.recalc.engine import Refusal, Text
from xlcredit.recalc.masks import SITE, Parts, Template, Translation, numbered, take_apart
from xlcredit.recalc.naming import Naming
from xlcredit.recalc.textdates import TextDates

__all__ = ["EmbeddedReader", "Unknown"]

#: Whatever stands before an opening bracket, in a formula that is not split into tokens.
FUNCTION_NAME = re.compile(r"([^\W\d][\w.\\]*)\(")

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

#: Functions of the adapter's own; see :mod:`xlcredit.recalc.formualizer`.
_OURS = {COMPARE, FIT, JOIN, POWER, SOUND, SUM, *OVER_RANGES}
#: Functions that the engine knows and gets wrong, and what to do about it.
_WRONG = """
    ACCRINT ACCRINTM BESSELI BESSELJ BESSELK BESSELY BETA.INV BIN2DEC BIN2HEX BIN2OCT BINOM.INV
    BITLSHIFT CEILING CEILING.MATH CEILING.PRECISE CHAR COMPLEX CONCAT CONVERT DAVERAGE DCOUNT
    DCOUNTA DEC2BIN DEC2HEX DEC2OCT DGET DMAX DMIN DOLLARDE DOLLARFR DPRODUCT DSTDEV DSTDEVP
    DSUM DVAR DVARP FLOOR FLOOR.MATH FLOOR.PRECISE FORMULATEXT GAMMA.INV HEX2BIN HEX2DEC HEX2OCT
    IMABS IMAGINARY IMARGUMENT IMCONJUGATE IMCOS IMDIV IMEXP IMLN IMLOG10 IMLOG2 IMPOWER
    IMPRODUCT IMREAL IMSIN IMSQRT IMSUB IMSUM ISFORMULA MODE MODE.MULT MODE.SNGL OCT2BIN OCT2DEC
    OCT2HEX REPT ROMAN SUBSTITUTE TEXTAFTER TEXTBEFORE TEXTJOIN TEXTSPLIT YEARFRAC
""".split()
_REFUSED = dict.fromkeys(_WRONG, "use the strict engine") | {
    "LAMBDA": "write the formula out, or use one worksheet function for the whole column",
    "COUPDAYS": "compute the days from the coupon dates",
}


class EmbeddedReader:
    """How the embedded engine reads a workbook's formulas.

    Parameters
    ----------
    book : Book
        The workbook.
    functions : collection of str
        Worksheet functions and corrected built-ins, in capitals.
    own : collection of str
        The worksheet functions alone, for the nearest name.
    missing : callable
        Tells which of some built-in functions the engine does not have.
    """

    def __init__(
        self,
        book: Book,
        functions: Collection[str],
        own: Collection[str],
        missing: Callable[[Collection[str]], set[str]],
    ) -> None:
        self._ranges = {n.name.upper() for n in book.names if ":" in n.text and "(" not in n.text}
        pattern = _SUSPECT
        if self._ranges:
            pattern += r" | \b(?:" + "|".join(map(re.escape, sorted(self._ranges))) + r")\b"
        self._suspect = re.compile(pattern, re.VERBOSE | re.IGNORECASE)
        self._book = book
        self._naming = Naming(book)
        self._dates = TextDates(book)
        self._shown = AsDisplayed(book)
        self._dialect = Dialect(book, functions, fits=True)
        self._unknown = Unknown(functions, own, missing, _REFUSED)
        self._calls = calls_of(functions)
        # What a translation depends on, besides the formula.
        self._key = numbered(
            ("embedded", frozenset(functions), frozenset(own), frozenset(self._ranges))
        )
        self.sites = self._dialect.sites

    def read(self, formula: Formula, parts: Parts) -> Text | Refusal:
        """Translate a formula, or say why the engine cannot calculate it."""
        if self._book.uses_1904_dates:
            return Refusal("the embedded engine counts dates from 1900, this workbook from 1904")
        if formula.table:
            return Refusal("data tables are not calculated; write the grid as formulas")
        place, text, shape, dynamic, _ = formula
        if place.row and (plain := self._plain(formula)) != text:
            formula, parts = Formula(place, plain, shape, dynamic), take_apart(plain)
        template, addresses = parts
        key = shape, dynamic, self._key
        kept = template.facts.get(key)
        if kept is None:
            if WHY in template.sample.upper():  # asks about one cell of this workbook
                return self._translated(formula)
            kept = template.facts[key] = self._translation(template, formula)
        site = self._dialect.note(place) if kept.calls else None
        return kept.filled(addresses, site)  # type: ignore[no-any-return]

    def _plain(self, formula: Formula) -> str:
        """Write out tables and names, dates as text and what is rounded as it is displayed."""
        text = formula.text
        if self._book.tables:
            text = plain_references(text, *formula.place, self._book.tables)
        text = self._dates.plain(self._naming.formula(text, formula.place))
        return self._shown.rounded(text, formula)

    def _translation(self, template: Template, formula: Formula) -> Translation:
        sample = Formula(Place("", 1, 1), template.sample, formula.shape, formula.dynamic)
        return Translation(template, self._translated(sample, SITE))

    def _translated(self, formula: Formula, site: str = "") -> Text | Refusal:
        text = formula.text
        if is_unfinished(text):
            return Refusal(f"{formula} cannot be read as a formula: it ends in the middle")
        if "=" in text or ">" in text or "<" in text:
            text = exact_comparisons(text)
        if "IS" in text and ":" in text:
            text = over_ranges(text)
        looks = (INEXACT, self._calls, self._suspect)
        if formula.shape is not None or is_sum(text) or any(look.search(text) for look in looks):
            plain = Formula(formula.place, text, formula.shape, formula.dynamic)
            try:
                tokens = tokenise(plain)
            except RecalcError:
                return Refusal(f"{formula} cannot be read as a formula")
            if problem := next(self._problems(plain, tokens), None):
                return Refusal(problem)
            text = self._dialect.translate(plain, tokens, site)
        if problem := self._unknown.problem(text):
            return Refusal(problem)
        return Text(text)

    def read_name(self, name: Name) -> Name | Refusal:
        """Translate a defined name, or say why the engine cannot use it."""
        if self._book.locate(name.text, ""):
            return name
        # A range has a shape: in a name, it is not asked for a single value.
        try:
            text = self._naming.definition(name)
        except RecalcError as error:
            return Refusal(f"uses the name {name.name}: {error}")
        formula = Formula(Place(name.name, 0, 0), text, (1, 1), dynamic=True)
        read = self.read(formula, take_apart(text))
        if isinstance(read, Refusal):
            return Refusal(f"uses the name {name.name}: {read}")
        return Name(name.name, read, name.sheet)

    def _problems(self, formula: Formula, tokens: list[Token]) -> Iterator[str]:
        yield from _problems(formula, tokens)
        if formula.shape is None:
            yield from self._intersections(tokens)

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


class Unknown:
    """The functions that an engine does not have.

    Parameters
    ----------
    functions : collection of str
        Those that are registered with it, in capitals.
    own : collection of str
        The worksheet functions, for the nearest name.
    missing : callable
        Tells which of some built-in functions the engine does not have.
    refused : mapping
        Built-in functions that it has and gets wrong, and what to do about it.
    """

    def __init__(
        self,
        functions: Collection[str],
        own: Collection[str],
        missing: Callable[[Collection[str]], set[str]],
        refused: Mapping[str, str],
    ) -> None:
        self._functions = functions
        self._own = own
        self._missing = missing
        self._refused = refused
        self._told: dict[str, str] = {}

    def problem(self, text: str) -> str:
        """Say which function of a formula cannot be calculated; nothing if all can."""
        quoted = '"' in text or "'" in text
        for name in FUNCTION_NAME.findall(_QUOTED.sub("", text) if quoted else text):
            if name not in self._told:
                self._told[name] = self._problem(name.upper())
            if self._told[name]:
                return self._told[name]
        return ""

    def _problem(self, name: str) -> str:
        bare = name.removeprefix("_XLFN.").removeprefix("_XLWS.")
        if name in self._functions or name in _OURS:
            return ""
        if bare in self._refused:
            return f"{bare} cannot be calculated here; {self._refused[bare]}"
        if not self._missing({name}):
            return ""
        if english := in_english(bare):
            return f"{bare} is {english} in a file, whatever language Excel speaks"
        if near := difflib.get_close_matches(bare, self._own, 1, 0.75):
            return f"there is no function {bare}; did you mean {near[0]}?"
        return f"the function {bare} is not known here; use another formula"


#: Text, and the names of sheets and files, which may hold anything.
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
