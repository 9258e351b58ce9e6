"""Formulas of a workbook in the spelling of another host.

:mod:`xlcredit.recalc.dialect` reads every spelling; this writes one. Only the text of formulas
that call worksheet functions changes.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Collection, Mapping
from xml.sax.saxutils import escape

from openpyxl.formula.tokenizer import Tokenizer, TokenizerError

from xlcredit.errors import RecalcError
from xlcredit.recalc.book import Book
from xlcredit.recalc.dialect import plain_name

__all__ = ["PREFIXES", "respell", "spelled"]

#: What stands before a worksheet function's name in a file: nothing for the classic add-in,
#: LibreOffice and the embedded engine; Office.js's mark for xlwings Lite.
PREFIXES: Mapping[str, str] = {"plain": "", "lite": "_xldudf_"}

#: All elements of sheets and of the workbook that hold formulas.
_FORMULA = re.compile(
    r"(<(?:\w+:)?(?:f|formula|formula1|formula2|definedName)(?:\s[^<>]*)?>)([^<]+)(?=</)"
)


def spelled(formula: str, prefix: str, functions: Collection[str]) -> str:
    """Write one formula's calls of worksheet functions with a prefix.

    Raises
    ------
    RecalcError
        It is no formula.

    Examples
    --------
    >>> spelled("_xll.XLC_DSCR(A1:A9,B1:B9)+SUM(1)", "_xldudf_", {"XLC_DSCR"})
    '_xldudf_XLC_DSCR(A1:A9,B1:B9)+SUM(1)'
    """
    try:
        tokens = Tokenizer(f"={formula}").items
    except (TokenizerError, IndexError):
        tokens = []
    if "".join(token.value for token in tokens) != formula:
        raise RecalcError(f"={formula} cannot be read as a formula")
    text = ""
    for token in tokens:
        opens = token.type == token.FUNC and token.subtype == token.OPEN
        name = plain_name(token.value[:-1], functions) if opens else None
        text += f"{prefix}{name}(" if name else token.value
    return text


def respell(book: Book, host: str, functions: Collection[str]) -> dict[str, bytes]:
    """Write the calls of worksheet functions as a host stores them.

    Parameters
    ----------
    book : Book
        The workbook; its calls may be in any spelling.
    host : str
        A key of :data:`PREFIXES`.
    functions : collection of str
        The worksheet functions, in capitals.

    Returns
    -------
    dict
        The parts that change.

    Raises
    ------
    RecalcError
        A formula that calls a function cannot be read.
    """
    prefix = PREFIXES[host]
    calls = re.compile("|".join(map(re.escape, functions)), re.IGNORECASE)

    def write(match: re.Match[str]) -> str:
        if not calls.search(match[2]):
            return match[0]
        text = spelled(html.unescape(match[2]), prefix, functions)
        return match[1] + escape(text, {"\r": "&#13;"})

    parts = {}
    for part in (*book.parts.values(), book.part):
        old = book.package.read(part)
        new = _FORMULA.sub(write, old.decode("utf-8-sig")).encode()
        if new != old.removeprefix(codecs.BOM_UTF8):
            parts[part] = new
    return parts
