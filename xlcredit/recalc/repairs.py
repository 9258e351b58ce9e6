"""How the strict engine reads formulas: what it reads otherwise than Excel is written otherwise.

formulon 0.18 evaluates arguments as single values where Excel, even in a formula not entered
as an array, takes the whole array: beside an array constant, in the vectors of LOOKUP and INDEX,
in LET. Such a formula is entered as an array in its one cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from openpyxl.formula.tokenizer import Token

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book, Formula, Name
from xlcredit.ooxml.formulas import tokenise
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.tables import plain_references
from xlcredit.recalc.dialect import WHY, Dialect, calls_of
from xlcredit.recalc.displayed import AsDisplayed
from xlcredit.recalc.engine import ArrayText, Refusal, Text
from xlcredit.recalc.masks import SITE, Parts, Translation, numbered, take_apart
from xlcredit.recalc.naming import Naming
from xlcredit.recalc.preflight import Unknown
from xlcredit.recalc.textdates import TextDates

__all__ = ["StrictReader"]

_QUOTED = r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'"
_CLOSED = re.compile(_QUOTED + r"|(?<![\w.$])(?P<word>[A-Za-z][\w.]*)\s+\((?=[^()]*\))")
_OPTIONAL = re.compile(r"_xlop\.([^\s,()]+)")
_PARAM = re.compile(r"_xlpm\.([\w.?\\]+)")
_NO_RANGE = re.compile(r"#REF!:#REF!")
_ONE_CELL = re.compile(
    _QUOTED + r"|(?<![\w.$:])(?P<word>\$?[A-Z]{1,3}\$?\d{1,7}):(?P=word)(?![\w.:(])"
)
_FILE = re.compile(r'(?<![\w.])CELL\(\s*"filename"\s*(?:,\s*([^(),]*))?\)', re.IGNORECASE)
_COUNTER = re.compile(
    r"(?<![\w.])((?:ROW|COLUMN)\(\s*(?:INDIRECT|OFFSET)\((?:[^()\"]|\"[^\"]*\"|\([^()]*\))*\)\s*\))",
    re.IGNORECASE,
)
_SEQUENCE = re.compile(r"(?<![\w.])SEQUENCE\(|_xlfn\.SEQUENCE\(", re.IGNORECASE)
_INDIRECT = re.compile(r"(?<![\w.])INDIRECT\(", re.IGNORECASE)
#: What may need to be entered as an array.
_ARRAYS = re.compile(
    r"[{]|(?<![\w.])(?:LOOKUP|INDEX|AGGREGATE|_xlfn\.(?:HSTACK|LET|MINIFS|MAXIFS|_xlws\.(?:FILTER|SORT)|UNIQUE|XLOOKUP|SORTBY))\(",
    re.IGNORECASE,
)
#: Functions that the engine evaluates in full only in a formula that is an array.
_ALWAYS = {"HSTACK", "LET", "MAXIFS", "MINIFS"}
#: Functions whose arguments Excel computes as arrays.
_VECTORS = {"AGGREGATE", "FILTER", "INDEX", "LOOKUP", "SORT", "SORTBY", "UNIQUE", "XLOOKUP"}
#: Most names among which INDIRECT can choose.
_MOST_NAMES = 400
#: Functions whose arguments may be computed ranges even in a formula not entered as an array.
_TAKE_ARRAYS = frozenset(
    "SUMPRODUCT MMULT MDETERM MINVERSE LOOKUP FREQUENCY CORREL COVAR LINEST LOGEST TREND GROWTH "
    "SUMX2MY2 SUMX2PY2 SUMXMY2 PROB INDEX LET AGGREGATE "
    "FILTER SORT SORTBY UNIQUE XLOOKUP XMATCH".split()
)
#: Functions that take a range for one argument: it is no place where one value belongs.
_TAKE_RANGES = frozenset(
    """SUM COUNT COUNTA COUNTBLANK AVERAGE AVERAGEA MIN MAX MINA MAXA PRODUCT STDEV STDEVP STDEV.S
    STDEV.P VAR VARP VAR.S VAR.P MEDIAN MODE MODE.SNGL LARGE SMALL RANK RANK.EQ RANK.AVG PERCENTILE
    PERCENTILE.INC PERCENTILE.EXC QUARTILE QUARTILE.INC QUARTILE.EXC PERCENTRANK COUNTIF COUNTIFS
    SUMIF SUMIFS AVERAGEIF AVERAGEIFS MINIFS MAXIFS INDEX MATCH LOOKUP VLOOKUP HLOOKUP XLOOKUP
    XMATCH OFFSET ROW ROWS COLUMN COLUMNS AND OR XOR NPV IRR MIRR XNPV XIRR SUBTOTAL AGGREGATE
    SUMPRODUCT SUMSQ DEVSQ AVEDEV GEOMEAN HARMEAN TRIMMEAN CORREL COVAR SLOPE INTERCEPT RSQ FORECAST
    TEXTJOIN CONCAT TRANSPOSE FREQUENCY SUMXMY2 SUMX2MY2 SUMX2PY2 MMULT MDETERM MINVERSE LINEST
    LOGEST TREND GROWTH NETWORKDAYS WORKDAY NETWORKDAYS.INTL WORKDAY.INTL ISREF AREAS CELL SHEET
    FORMULATEXT ISFORMULA CHOOSE HSTACK VSTACK FILTER SORT SORTBY UNIQUE TAKE DROP CHOOSECOLS
    CHOOSEROWS TOCOL TOROW LET GCD LCM MULTINOMIAL SERIESSUM FVSCHEDULE DSUM DGET DCOUNT DCOUNTA
    DAVERAGE DMAX DMIN DPRODUCT""".split()
)


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
        self._book = book
        self._naming = Naming(book)
        self._dates = TextDates(book)
        self._shown = AsDisplayed(book)
        self._dialect = Dialect(book, functions, fits=False)
        lambdas = {n.name.upper() for n in book.names if "LAMBDA(" in n.text.upper()}
        self._unknown = Unknown({*functions, *lambdas}, functions, missing, {})
        self._calls = calls_of(functions)
        self._areas = {n.name: n.text for n in book.names if book.is_area(n.text)}
        # What a translation depends on, besides the formula.
        known = frozenset(functions), frozenset(lambdas), tuple(self._areas.items())
        self._key = numbered(("strict", *known))
        self.sites = self._dialect.sites

    def read(self, formula: Formula, parts: Parts) -> Text | Refusal:
        """Translate a formula, or say why the engine cannot calculate it."""
        if formula.table:
            return Text(formula.text)
        place, text, shape, dynamic, _ = formula
        plain = self._shown.rounded(self._here(text, place), formula)
        if plain != text:
            formula, parts = Formula(place, plain, shape, dynamic), take_apart(plain)
        template, addresses = parts
        key = shape is None, self._key
        kept = template.facts.get(key)
        if kept is None:
            if WHY in template.sample.upper():  # asks about one cell of this workbook
                return self._translated(formula)
            sample = Formula(Place("", 1, 1), template.sample, shape, dynamic)
            kept = template.facts[key] = Translation(template, self._translated(sample, SITE))
        site = self._dialect.note(place) if kept.calls else None
        return kept.filled(addresses, site)  # type: ignore[no-any-return]

    def _translated(self, formula: Formula, site: str = "") -> Text | Refusal:
        """Translate what is the same in every cell."""
        text = self._plain(formula.text)
        if self._calls.search(text):
            read = Formula(formula.place, text, formula.shape, formula.dynamic)
            try:
                text = self._dialect.translate(read, tokenise(read), site)
            except RecalcError:
                return Refusal(f"{formula} cannot be read as a formula")
        if problem := self._unknown.problem(text):
            return Refusal(problem)
        if formula.shape is None and _ARRAYS.search(text) and _is_array(formula, text):
            return ArrayText(text)
        return Text(text)

    def read_name(self, name: Name) -> Name | Refusal:
        """Translate a defined name, or say why the engine cannot use it."""
        try:
            definition = self._naming.definition(name)
        except RecalcError as error:
            return Refusal(f"uses the name {name.name}: {error}")
        text = self._here(definition, Place(name.sheet or "", 1, 1))
        return Name(name.name, self._plain(text), name.sheet)

    def _here(self, text: str, place: Place) -> str:
        """Write out what depends on the cell that a formula stands in."""
        if self._book.tables:
            text = plain_references(text, *place, self._book.tables)
        text = self._dates.plain(self._naming.formula(text, place))
        if "ELL(" in text.upper():
            text = _FILE.sub(lambda m: self._file(m, place), text)
        return text

    def _plain(self, text: str) -> str:
        """Write out what the engine does not read, or reads otherwise."""
        if "_xl" in text:
            text = _parameters(text)
        if "(" in text:
            text = self._calls_plain(text)
        if ":" in text:
            text = _ONE_CELL.sub(_first, _NO_RANGE.sub("#REF!", text))
        return text

    def _calls_plain(self, text: str) -> str:
        if " (" in text:
            text = _CLOSED.sub(_close, text)
        if _INDIRECT.search(text):
            text = self._indirect(text)
        if _SEQUENCE.search(text):
            text = _with_arguments(text, _SEQUENCE, _ones)
        return _COUNTER.sub(r"_xlfn.HSTACK(\1)", text)

    def _file(self, match: re.Match[str], place: Place) -> str:
        """Give the file's name as Excel does: the engine is not told where the file is."""
        sheet = place.sheet
        if match[1] and (found := self._book.locate(match[1].strip(), place.sheet)):
            sheet = found.sheet
        path = self._book.package.path.resolve()
        name = f"{path.parent}/[{path.name}]{sheet}".replace('"', '""')
        return f'"{name}"'

    def _indirect(self, text: str) -> str:
        """Let INDIRECT find defined names: the engine knows addresses only."""
        names = self._areas
        if not 0 < len(names) <= _MOST_NAMES:
            return text
        keys = ",".join(f'"{n}"' for n in names)
        areas = ",".join('"' + t.replace('"', '""') + '"' for t in names.values())

        def choose(inside: str) -> str:
            if len(_split(inside)) > 1 or not inside.strip():
                return inside
            return f"_xlfn.XLOOKUP({inside},{{{keys}}},{{{areas}}},{inside})"

        return _with_arguments(text, _INDIRECT, choose)


def _first(match: re.Match[str]) -> str:
    """Write a range of one cell as the cell."""
    return match["word"] or match.group()


def _close(match: re.Match[str]) -> str:
    """Take the blank from between a function and its bracket; ``A1 (B1)`` is an intersection."""
    word = match["word"]
    if word is None:
        return match.group()
    is_cell = re.fullmatch(r"[A-Za-z]{1,3}\d{1,7}", word) is not None
    return match.group() if is_cell else f"{word}("


def _parameters(text: str) -> str:
    """Spell the parameters of LAMBDA: optional ones in square brackets, and no question marks."""
    if "_xlop." in text or "?" in text:
        text = _OPTIONAL.sub(lambda m: f"[{m[1].replace('?', '_q')}]", text)
        text = _PARAM.sub(lambda m: m[1].replace("?", "_q"), text)
    return text


def _with_arguments(text: str, opening: re.Pattern[str], write: Callable[[str], str]) -> str:
    """Write the arguments of each call of a function anew."""
    at = 0
    either = re.compile(f"{_QUOTED}|(?P<opening>{opening.pattern})", opening.flags)
    while match := either.search(text, at):
        end = _end(text, match.end())
        at = match.end()
        if end < 0 or match["opening"] is None:
            continue
        text = text[:at] + write(text[at:end]) + text[end:]
    return text


def _end(text: str, start: int) -> int:
    """Find the bracket that closes a call."""
    depth = 1
    for match in re.finditer(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|[(){}]", text[start:]):
        depth += match.group() in "({"
        depth -= match.group() in ")}"
        if depth == 0:
            return start + match.start()
    return -1


def _split(text: str) -> list[str]:
    """Split arguments at the commas between them."""
    pieces, depth, start = [], 0, 0
    for match in re.finditer(_QUOTED + r"|[(){},]", text):
        depth += match.group() in ("(", "{")
        depth -= match.group() in (")", "}")
        if match.group() == "," and depth == 0:
            pieces.append(text[start : match.start()])
            start = match.end()
    return [*pieces, text[start:]]


def _ones(inside: str) -> str:
    """Give SEQUENCE its default for an argument left out."""
    return ",".join(piece if piece.strip() else "1" for piece in _split(inside))


# --- formulas to be entered as arrays ---------------------------------------------------------


def _is_array(formula: Formula, text: str) -> bool:
    """Whether Excel takes whole arrays in a formula, and nowhere one cell of a range."""
    try:
        tokens = tokenise(Formula(formula.place, text))
    except RecalcError:
        return False
    return _computes_arrays(tokens) and not _intersects(tokens)


def _computes_arrays(tokens: list[Token]) -> bool:
    """Whether there is an array constant, or an array computed inside a function that takes one."""
    inside: list[str] = []
    for i, token in enumerate(tokens):
        if token.type == token.ARRAY and token.subtype == token.OPEN:
            return True
        if token.subtype == token.OPEN:
            inside.append(_bare(token.value))
            if inside[-1] in _ALWAYS:
                return True
        elif token.subtype == token.CLOSE and inside:
            inside.pop()
        elif (
            _is_range(token)
            and _VECTORS & set(inside)
            and (_beside_operator(tokens, i) or inside[-1] not in _VECTORS | {""})
        ):
            return True
    return False


def _intersects(tokens: list[Token]) -> bool:
    """Whether a range stands where one value belongs, so that Excel takes one of its cells."""
    inside: list[str] = []
    for i, token in enumerate(tokens):
        if token.subtype == token.OPEN:
            inside.append(_bare(token.value))
        elif token.subtype == token.CLOSE and inside:
            inside.pop()
        elif _is_range(token) and not _TAKE_ARRAYS & set(inside):
            functions = [f for f in inside if f]
            taken = functions and functions[-1] in _TAKE_RANGES
            if _beside_operator(tokens, i) or not taken:
                return True
    return False


def _bare(opening: str) -> str:
    return opening[:-1].upper().removeprefix("_XLFN.").removeprefix("_XLWS.")


def _is_range(token: Token) -> bool:
    if token.type != token.OPERAND or token.subtype != token.RANGE:
        return False
    first, _, last = token.value.rpartition("!")[2].replace("$", "").partition(":")
    return bool(last) and (first != last or not first[-1].isdigit())


def _beside_operator(tokens: list[Token], i: int) -> bool:
    return any(
        t is not None and t.type in (t.OP_IN, t.OP_PRE, t.OP_POST) and t.value not in (":", ",")
        for t in (_neighbour(tokens, i, -1), _neighbour(tokens, i, 1))
    )


def _neighbour(tokens: list[Token], i: int, step: int) -> Token | None:
    """Find the next token that is neither white space nor a bracket."""
    i += step
    while 0 <= i < len(tokens) and tokens[i].type in (tokens[i].WSPACE, tokens[i].PAREN):
        i += step
    return tokens[i] if 0 <= i < len(tokens) else None
