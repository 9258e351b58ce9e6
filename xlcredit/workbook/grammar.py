"""What is wrong with a template's formula before any engine reads it, and what to write instead.

A spreadsheet program would refuse the formula while it is typed; a file has nobody to refuse it,
and would be built with an error in every month.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token, TokenizerError
from openpyxl.utils import FORMULAE

from xlcredit.functions import REGISTRY
from xlcredit.hints import did_you_mean
from xlcredit.recalc.abroad import in_english

__all__ = ["YOUNG", "problems_of", "tokens_of", "verdicts_counted"]

#: Functions younger than the file format, which carry a prefix in the file.
YOUNG = ("IFNA", "MINIFS", "MAXIFS", "NORM.S.DIST", "GAMMA.DIST", "GAMMALN.PRECISE")
_NATIVE = frozenset(FORMULAE) | frozenset(YOUNG)
#: How many arguments a function takes; where there is no limit, the second number is missing.
_ARGUMENTS = {
    name: tuple(map(int, counts.split("-")))
    for counts, names in {
        "0-0": "NA PI TODAY NOW TRUE FALSE",
        "1-1": "ABS COLUMNS DAY EXP GAMMALN INT ISBLANK ISERROR ISNA ISNUMBER ISTEXT LN MONTH NOT "
        "NORMSDIST ROWS SIGN SQRT YEAR",
        "2-2": "COUNTIF EDATE EOMONTH IFERROR IFNA MOD ROUND ROUNDDOWN ROUNDUP TEXT",
        "1-2": "IRR",
        "2-3": "IF MATCH SUMIF",
        "2-4": "INDEX",
        "3-3": "DATE",
        "3-4": "VLOOKUP HLOOKUP",
        "3-5": "PMT PV FV",
        "4-4": "GAMMADIST",
        "1": "AND AVERAGE COUNT MAX MIN OR SUM SUMPRODUCT",
        "2": "CHOOSE",
        "3": "MAXIFS MINIFS SUMIFS",
    }.items()
    for name in names.split()
}
_TEXT = re.compile(r'"(?:[^"]|"")*"')
#: What other languages write, and Excel's word for it.
_FOREIGN = {
    "**": "write ^ for a power",
    "==": "write = to compare",
    "!=": "write <> for unequal",
    "=>": "write >=",
    "=<": "write <=",
    "&&": "write AND(..., ...)",
    "||": "write OR(..., ...)",
}
_FOREIGN_WORD = re.compile(r"(?<=[\w)}\s])\s(and|or|not)\s(?=[\w({])", re.IGNORECASE)
_CURLY = re.compile("[\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb]")


@lru_cache(maxsize=4_096)
def tokens_of(formula: str) -> tuple[Token, ...]:
    """Take a formula apart, once for all that look at it.

    Parameters
    ----------
    formula : str
        The formula without ``=``.

    Raises
    ------
    TokenizerError, IndexError
        It cannot be read.
    """
    return tuple(Tokenizer("=" + formula).items)


def problems_of(formula: str, sheets: Collection[str]) -> list[str]:
    """Say what is wrong with a formula, and the remedy; nothing if it can be read.

    Of what cannot be read the first is told, since the rest may follow from it; of functions and
    sheets that do not exist, every one.

    Parameters
    ----------
    formula : str
        The formula without ``=``, names in braces resolved.
    sheets : collection of str
        The sheets of the workbook.

    Examples
    --------
    >>> problems_of("MAX(0;A1)", [])
    ['a semicolon stands between the arguments of MAX; write a comma']
    >>> problems_of("MAXX(0,A1)", [])
    ['there is no function MAXX; did you mean MAX?']
    >>> problems_of("MAX(0,A1)", [])
    []
    """
    try:
        tokens = tokens_of(formula)
    except (TokenizerError, IndexError):
        return [next(_words(formula), "brackets or quotes do not match")]
    unread = next((p for part in (_words(formula), _shape(tokens)) for p in part), "")
    missing = [*_functions(tokens), *_sheets(tokens, sheets)]
    return list(dict.fromkeys([*([unread] if unread else []), *missing]))


def verdicts_counted(formula: str, verdicts: Collection[str]) -> list[str]:
    """Find the verdicts of covenants that a formula calculates with, as if they were numbers.

    Parameters
    ----------
    formula : str
        A formula that can be read.
    verdicts : collection of str
        The names of covenants, tests and certificates.

    Examples
    --------
    >>> verdicts_counted('IF(cover="PASS",1,0)', ["cover"])
    []
    >>> verdicts_counted("cover*2", ["cover"])
    ['cover is a verdict and no number; the figure that it tests is cover.value']
    """
    tokens = [t for t in tokens_of(formula) if t.type != Token.WSPACE]
    around = zip([None, *tokens], tokens, [*tokens[1:], None], strict=False)
    counted = [
        token.value
        for before, token, after in around
        if token.type == Token.OPERAND
        and token.value in verdicts
        and (_counts(before, tokens) or _counts(after, tokens))
    ]
    return [
        f"{name} is a verdict and no number; the figure that it tests is {name}.value"
        for name in dict.fromkeys(counted)
    ]


def _counts(sign: Token | None, tokens: list[Token]) -> bool:
    """Whether a sign beside a value takes it for a number."""
    if sign is None or sign.type not in (Token.OP_IN, Token.OP_PRE, Token.OP_POST):
        return False
    if sign.value in ("=", "<>"):  # compared with a text, or with another verdict
        at = tokens.index(sign)
        return Token.NUMBER in {t.subtype for t in tokens[max(0, at - 1) : at + 2]}
    return bool(sign.value != "&")


def _words(formula: str) -> Iterator[str]:
    """Signs and words of other languages."""
    bare = _TEXT.sub('""', formula)
    if curly := _CURLY.search(bare):
        yield f'{curly[0]} is a typographic quote; write "'
    if left := re.search(r"\{[A-Za-z_][^{}]*\}?", bare):
        closed = left[0].endswith("}")
        told = "is not a name in braces" if closed else "opens a brace that is not closed"
        yield f"{left[0][:40]} {told}; write {{name}} or {{name.part}}"
    for sign, remedy in _FOREIGN.items():
        if sign in bare:
            yield f"{sign} is not Excel's; {remedy}"
    if word := _FOREIGN_WORD.search(bare):
        yield f"{word[1]} stands between two values; write {word[1].upper()}(..., ...)"


def _shape(tokens: Sequence[Token]) -> Iterator[str]:
    """Brackets, arguments and operators that do not make a formula."""
    kinds = [token.subtype for token in tokens]
    if kinds.count(Token.OPEN) != kinds.count(Token.CLOSE):
        yield "brackets do not match"
    yield from _calls(tokens)
    yield from _operators([t for t in tokens if t.type != Token.WSPACE])


def _calls(tokens: Sequence[Token]) -> Iterator[str]:
    """Semicolons, and too few or too many arguments."""
    opened: list[tuple[str, list[bool]]] = []  # each function, and which arguments hold anything
    for token in tokens:
        if token.subtype == Token.OPEN:
            name = _called(token) if token.type == Token.FUNC else token.value
            if opened:
                opened[-1][1][-1] = True
            opened.append((name, [False]))
        elif token.subtype == Token.CLOSE and opened:
            name, given = opened.pop()
            yield from _count(name, 0 if given == [False] else len(given))
        elif token.type == Token.SEP and opened and opened[-1][0] != "{":
            name = opened[-1][0]
            if token.value == ";":
                yield f"a semicolon stands between the arguments of {name}; write a comma"
            opened[-1][1].append(False)
        elif opened and token.type != Token.WSPACE:
            opened[-1][1][-1] = True
        elif token.value == ";":
            yield "a semicolon stands between the arguments; write a comma"


def _called(token: Token) -> str:
    """The function that a bracket opens; A1:INDEX( is read as one word."""
    return str(token.value[:-1].rpartition(":")[2].upper())


def _functions(tokens: Sequence[Token]) -> Iterator[str]:
    """Functions that do not exist."""
    for token in tokens:
        if token.subtype == Token.OPEN and token.type == Token.FUNC:
            yield from _unknown(_called(token))


def _unknown(name: str) -> Iterator[str]:
    if name in _NATIVE or name in REGISTRY or not name:
        return
    if name.startswith("XLC_"):
        hint = did_you_mean(name, REGISTRY) or "; xlcredit functions lists them"
        yield f"there is no worksheet function {name}{hint}"
        return
    if english := in_english(name):
        yield f"{name} is {english} in a file, whatever language Excel speaks; write {english}"
        return
    hint = did_you_mean(name, [*_ARGUMENTS, *sorted(_NATIVE)])
    told = "; Excel 2019 must have it, and LibreOffice too"
    yield f"there is no function {name}{hint or told}"


def _count(name: str, given: int) -> Iterator[str]:
    """Too few or too many arguments; with a decimal comma, one number is two."""
    if function := REGISTRY.get(name):
        least, most = function.required, len(function.parameters)
        if not least <= given <= most:
            yield f"{name} has {given} arguments; write {function.signature}"
        return
    least, *ends = _ARGUMENTS.get(name, (0,))
    if name in _ARGUMENTS and not least <= given <= (ends[0] if ends else given):
        wanted = f"{least} or more" if not ends else "-".join(map(str, sorted({least, *ends})))
        comma = "; a decimal comma is two arguments" if given > least else ""
        yield f"{name} takes {wanted.replace('-', ' to ')} arguments; got {given}{comma}"


def _operators(tokens: list[Token]) -> Iterator[str]:
    """Operators without the value after or before them."""
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        ends = after is None or after.subtype == Token.CLOSE or after.type == Token.SEP
        if token.type in (Token.OP_IN, Token.OP_PRE) and (
            after is None or ends or after.type == Token.OP_IN
        ):
            yield f"nothing stands after {token.value}"


def _sheets(tokens: Sequence[Token], sheets: Collection[str]) -> Iterator[str]:
    known = {sheet.lower() for sheet in sheets}
    for token in tokens:
        if token.type == Token.OPERAND and token.subtype == Token.RANGE and "!" in token.value:
            sheet = token.value.rpartition("!")[0].strip("'").replace("''", "'")
            if known and sheet.lower() not in known:
                yield f"there is no sheet {sheet}{did_you_mean(sheet, sheets)}"
