r"""How hosts spell the name of a worksheet function: read, written, and stripped.

A workbook saved where the add-in lies elsewhere holds ``'C:\...\xlcredit.xlam'!XLC_DSCR`` or
``[1]!XLC_DSCR``, and shows ``#NAME?``. Here such names are read, taken out of the XML, or written
as another host stores them; only the text of formulas that call worksheet functions changes. A
link that is of no more use goes with its prefix, for Excel would ask about it at each opening.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import PurePosixPath

from openpyxl.formula.tokenizer import Token

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.formulas import formulas_in, rewritten, tokens_of
from xlcredit.ooxml.relations import TYPES, relations_of, without
from xlcredit.ooxml.tags import PREFIX

__all__ = [
    "ADD_IN_PREFIX",
    "PREFIXES",
    "plain_calls",
    "plain_name",
    "respell",
    "spelled",
    "strip_prefixes",
    "without_prefixes",
]

#: What stands before a worksheet function's name in a file: nothing for the classic add-in,
#: LibreOffice and the embedded engine; Office.js's mark for xlwings Lite.
PREFIXES: Mapping[str, str] = {"plain": "", "lite": "_xldudf_"}

#: What hosts glue before the name of an add-in's function: a link's number or a path.
_LINK = r"\[\d+\]!|'(?:[^']|'')*'!|[^'!(]+\.(?:xlam?|xll)!"
ADD_IN_PREFIX = re.compile(rf"@?(?:{_LINK})", re.IGNORECASE)
#: The same, and the marks of files for a function that Excel does not know.
_PREFIX = re.compile(rf"@?(?:{_LINK}|_xll\.|_xludf\.|_xlfn\.|(_xldudf_))", re.IGNORECASE)

_LINK_NUMBER = re.compile(r"\[\d+\]")
_LINKS = re.compile(
    rb"<" + PREFIX + rb"externalReferences\b.*?</" + PREFIX + rb"externalReferences\s*>", re.S
)
_ADD_IN = re.compile(r"\.(?:xla|xlam|xll)\Z", re.IGNORECASE)


def plain_name(stored: str, functions: Collection[str]) -> str | None:
    """Find the worksheet function that a stored name stands for.

    Parameters
    ----------
    stored : str
        The name as a formula holds it, for example ``_xldudf_BANK_XLC_DSCR``.
    functions : collection of str
        The names that exist, in capitals.

    Returns
    -------
    str or None
        The plain name, or None if this is no worksheet function.

    Examples
    --------
    >>> plain_name("[1]!XLC_DSCR", {"XLC_DSCR"})
    'XLC_DSCR'
    """
    name = stored.upper().lstrip("@")
    if name in functions:
        return name
    prefix = _PREFIX.match(stored)
    if not prefix:
        return None
    rest = stored[prefix.end() :].upper()
    while rest and rest not in functions:
        # Only Office.js puts a namespace before the name.
        rest = rest.partition("_")[2] if prefix[1] else ""
    return rest or None


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

    def write(stored: str) -> str:
        name = plain_name(stored, functions)
        return f"{prefix}{name}" if name else stored

    tokens = tokens_of(formula) or []
    if "".join(token.value for token in tokens) != formula:
        raise RecalcError(f"={formula} cannot be read as a formula")
    return _with_calls(tokens, write)


def _with_calls(tokens: Iterable[Token], write: Callable[[str], str]) -> str:
    """Put a formula together again, the name of each call written anew."""
    return "".join(
        f"{write(token.value[:-1])}("
        if token.type == token.FUNC and token.subtype == token.OPEN
        else token.value
        for token in tokens
    )


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


# --- without the prefixes ---------------------------------------------------------------------


def plain_calls(formula: str, known: Collection[str]) -> tuple[str, int]:
    """Strip what hosts glue before the names of known functions, and count the calls.

    Examples
    --------
    >>> plain_calls("[1]!XLC_DSCR(A1:A9,B1:B9)+[1]!OTHER(1)", {"XLC_DSCR"})
    ('XLC_DSCR(A1:A9,B1:B9)+[1]!OTHER(1)', 1)
    """
    if "!" not in formula:
        return formula, 0
    count = 0

    def write(stored: str) -> str:
        nonlocal count
        prefix = ADD_IN_PREFIX.match(stored)
        if not prefix or stored[prefix.end() :].upper() not in known:
            return stored
        count += 1
        return stored[prefix.end() :]

    tokens = tokens_of(formula)
    return (formula if tokens is None else _with_calls(tokens, write)), count


def strip_prefixes(xml: bytes, known: Collection[str]) -> tuple[bytes, int]:
    """Strip the prefixes from the formulas of one part: of cells, rules, lists and names.

    Parameters
    ----------
    xml : bytes
        A sheet or the workbook part, in UTF-8.
    known : collection of str
        The functions whose calls become plain, in capitals.

    Returns
    -------
    tuple
        The part, each other byte as it was, and how many calls became plain.
    """
    count = 0

    def plain(formula: str) -> str:
        nonlocal count
        text, found = plain_calls(formula, known)
        count += found
        return text

    return rewritten(xml, plain), count


def without_prefixes(book: Book, known: Collection[str]) -> tuple[dict[str, bytes | None], int]:
    """Find the parts of a workbook that change when all calls are plain.

    Parameters
    ----------
    book : Book
        The workbook.
    known : collection of str
        The functions whose calls become plain, in capitals.

    Returns
    -------
    tuple
        What :meth:`xlcredit.ooxml.package.Package.save` takes, parts to drop included, and how
        many calls became plain.
    """
    changed: dict[str, bytes | None] = {}
    calls = 0
    for part in (*book.parts.values(), book.part):
        new, count = strip_prefixes(book.package.read(part), known)
        if count:
            changed[part], calls = new, calls + count
    return (changed | _without_links(book, changed) if calls else changed), calls


def _without_links(book: Book, changed: dict[str, bytes | None]) -> dict[str, bytes | None]:
    """Drop the links to add-ins, if they are the only links and nothing uses their numbers."""
    package, folder = book.package, PurePosixPath(book.part).parent
    links = {part for part in package if part.startswith(f"{folder}/externalLinks/")}
    parts = {p for p in links if "_rels" not in PurePosixPath(p).parts}
    targets = [r.get("Target", "") for p in links - parts for r in package.root(p)]
    used = any(
        _LINK_NUMBER.search(formula)
        for part in package
        if part.startswith(f"{folder}/") and part.endswith(".xml") and part not in links
        for formula in formulas_in(changed.get(part) or package.read(part))
    )
    if used or not all(map(_ADD_IN.search, targets)) or not targets:
        return {}
    relations = relations_of(book.part)
    main = changed.get(book.part) or package.read(book.part)
    return {
        **dict.fromkeys(links),
        book.part: _LINKS.sub(b"", main),
        relations: without(package.read(relations), "Relationship", "/externalLink"),
        TYPES: without(package.read(TYPES), "Override", "/externalLinks/"),
    }
