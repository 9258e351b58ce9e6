"""Formulas of a workbook in the spelling of another host.

:mod:`xlcredit.recalc.dialect` reads every spelling; this writes one. Only the text of formulas
that call worksheet functions changes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from openpyxl.formula.tokenizer import Tokenizer, TokenizerError

from xlcredit.errors import RecalcError
from xlcredit.recalc.book import Book
from xlcredit.recalc.dialect import plain_name
from xlcredit.recalc.rewriting import rewritten

__all__ = ["PREFIXES", "respell", "spelled"]

#: What stands before a worksheet function's name in a file: nothing for the classic add-in,
#: LibreOffice and the embedded engine; Office.js's mark for xlwings Lite.
PREFIXES: Mapping[str, str] = {"plain": "", "lite": "_xldudf_"}


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

    def write(formula: str) -> str:
        return spelled(formula, prefix, functions) if calls.search(formula) else formula

    parts = {}
    for part in (*book.parts.values(), book.part):
        old = book.package.read(part)
        new = rewritten(old, write)
        if new != old:
            parts[part] = new
    return parts
