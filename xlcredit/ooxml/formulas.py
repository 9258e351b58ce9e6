"""The text of formulas: tokens, what is one formula copied, and the text in the XML of a part.

A monthly row has one formula and seventy cells. What is said of a formula, by lint or in the
committee copy, is said once for the whole area.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from xml.sax.saxutils import escape

from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book, Formula
from xlcredit.ooxml.place import Area, column_number
from xlcredit.ooxml.tags import PREFIX

__all__ = [
    "Group",
    "formulas_in",
    "groups",
    "is_unfinished",
    "relative",
    "rewritten",
    "tokenise",
    "tokens_of",
]

#: Text, names of sheets and files, and columns of tables may look like cells and are none.
_TOKEN = re.compile(
    r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|\[[^\]]*\]"
    r"|(?<![\w.$\\])(\$?)([A-Za-z]{1,3})(\$?)([0-9]{1,7})(?![\w.(!\\])"
)


#: All elements of sheets and of the workbook that hold formulas, and what text may be made of.
_FORMULA = re.compile(
    rb"(<" + PREFIX + rb"(?:f|formula|formula1|formula2|definedName)(?:\s[^<>]*)?>)"
    rb"((?:[^<]|<!\[CDATA\[.*?\]\]>|<!--.*?-->)+)(?=</)",
    re.DOTALL,
)
_MARKED = re.compile(r"<!--.*?-->|<!\[CDATA\[(.*?)\]\]>", re.DOTALL)


#: Text, names of sheets in quotes, and what brackets and operators need after them.
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_WAITING = re.compile(r"[-+*/^&=<>,;(]\s*\Z")


def is_unfinished(text: str) -> bool:
    """Whether a formula ends in the middle: after an operator, or with a bracket still open.

    The embedded engine would calculate what is there.

    Examples
    --------
    >>> is_unfinished("1+"), is_unfinished("SUM(A1:A9"), is_unfinished('SUM(1,LEN("("))')
    (True, True, False)
    """
    bare = _QUOTED.sub("0", text)
    # In the name of a table's column a bracket or a quote may stand for itself.
    unclosed = "[" not in bare and any(bare.count(a) != bare.count(b) for a, b in ("()", "{}"))
    return unclosed or bool(_WAITING.search(bare))


#: Twice what Excel takes, for brackets count here as functions do.
_DEEPEST = 128


def tokens_of(text: str) -> list[Token] | None:
    """Split the text of a formula, without its ``=``, into tokens; None if it is no formula."""
    try:
        tokens: list[Token] = Tokenizer(f"={text}").items
    except (TokenizerError, IndexError):
        return None
    return tokens


def tokenise(formula: Formula) -> list[Token]:
    """Split a formula into tokens.

    Raises
    ------
    RecalcError
        If it is no formula, or nested deeper than any of Excel's; the message names the cell.
    """
    tokens = tokens_of(formula.text)
    if tokens is None:
        raise RecalcError(f"{formula.place}: {formula} cannot be read as a formula")
    steps = ((t.subtype == t.OPEN) - (t.subtype == t.CLOSE) for t in tokens)
    if (depth := max(accumulate(steps), default=0)) > _DEEPEST:
        raise RecalcError(f"{formula.place}: a formula is nested {depth} deep; Excel stops at 64")
    return tokens


@dataclass(frozen=True, slots=True)
class Group:
    """Cells that hold one formula, copied."""

    area: Area
    formula: Formula
    """As the first cell has it."""
    relative: str
    """As all of them have it, in rows and columns counted from the cell."""


def relative(text: str, row: int, column: int) -> str:
    """Write a formula as it reads from its own cell (R1C1): copies become equal.

    Examples
    --------
    >>> relative("D8+$C$2", 8, 5)
    'R[0]C[-1]+R2C3'
    """

    def counted(match: re.Match[str]) -> str:
        fixed_column, letters, fixed_row, number = match.groups()
        if letters is None:
            return match.group()
        there = int(number), column_number(letters.upper())
        r = f"R{there[0]}" if fixed_row else f"R[{there[0] - row}]"
        c = f"C{there[1]}" if fixed_column else f"C[{there[1] - column}]"
        return r + c

    return _TOKEN.sub(counted, text)


def groups(book: Book) -> list[Group]:
    """Gather the formulas of a workbook, sheet by sheet and from the top left."""
    by_sheet: dict[str, dict[tuple[int, int], tuple[str, Formula]]] = {}
    for place, formula in book.formulas.items():
        text = relative(formula.text, place.row, place.column)
        by_sheet.setdefault(place.sheet, {})[place.row, place.column] = (text, formula)
    return [group for name, cells in by_sheet.items() for group in _merged(name, cells)]


def _merged(sheet: str, cells: dict[tuple[int, int], tuple[str, Formula]]) -> list[Group]:
    """Join runs of equal width that stand on top of each other."""
    open_runs: dict[tuple[int, int, str], Group] = {}
    done: list[Group] = []
    for run in _runs(sheet, cells):
        area = run.area
        key = (area.left, area.right, run.relative)
        above = open_runs.get(key)
        joins = above is not None and above.area.bottom == area.top - 1
        if above is not None and joins and _single(run) and _single(above):
            taller = Area(sheet, above.area.top, area.left, area.bottom, area.right)
            open_runs[key] = Group(taller, above.formula, run.relative)
            continue
        if above is not None:
            done.append(above)
        open_runs[key] = run
    done += open_runs.values()
    return sorted(done, key=lambda g: (g.area.top, g.area.left))


def _runs(sheet: str, cells: dict[tuple[int, int], tuple[str, Formula]]) -> Iterator[Group]:
    """Join neighbours within each row."""
    run: Group | None = None
    for (row, column), (text, formula) in sorted(cells.items(), key=lambda item: item[0]):
        here = Group(Area(sheet, row, column, row, column), formula, text)
        if run is not None:
            area = run.area
            beside = (area.bottom, area.right) == (row, column - 1)
            if beside and text == run.relative and _single(run) and _single(here):
                wider = Area(sheet, row, area.left, row, column)
                run = Group(wider, run.formula, text)
                continue
            yield run
        run = here
    if run is not None:
        yield run


def _single(group: Group) -> bool:
    """Whether the formula is entered cell by cell; array formulas are each their own."""
    return group.formula.shape is None and not group.formula.table


# --- formulas in the XML of a part ------------------------------------------------------------


def formulas_in(xml: bytes) -> Iterator[str]:
    """Read the formulas of one part in UTF-8: of cells, rules, lists and names."""
    return (_read(match[2]) for match in _FORMULA.finditer(xml))


def rewritten(xml: bytes, write: Callable[[str], str]) -> bytes:
    """Write the formulas of one part anew; where the text stays, so does each byte.

    Parameters
    ----------
    xml : bytes
        A sheet or the workbook part, in UTF-8.
    write : callable
        Gives the new text of a formula, which is without its equals sign.

    Examples
    --------
    >>> rewritten(b"<c><f>A1&lt;B1</f><v>1</v></c>", lambda text: text.replace("A1", "A2"))
    b'<c><f>A2&lt;B1</f><v>1</v></c>'
    """

    def replace(match: re.Match[bytes]) -> bytes:
        old = _read(match[2])
        new = write(old)
        # A bare carriage return would be read as a line feed.
        return match[0] if new == old else match[1] + escape(new, {"\r": "&#13;"}).encode()

    return _FORMULA.sub(replace, xml)


def _read(text: bytes) -> str:
    """Read the text of an element as an XML parser does."""
    pieces = _MARKED.split(text.decode())  # every second piece is CDATA, or None for a comment
    return "".join(
        (piece or "") if i % 2 else html.unescape(piece) for i, piece in enumerate(pieces)
    )
