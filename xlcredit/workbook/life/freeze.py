"""The committee copy of a workbook: values in place of formulas, the formulas listed, a seal.

The copy is the source with its ``<f>`` elements taken out and two sheets added; charts, styles
and print set-up stay as they are. The sheet *Formulas* lists every formula once for the cells it
was copied to; the sheet *Frozen* says what was frozen, when and by which version, and holds the
seal: a SHA-256 over all of that, over every value and over every formula; and digests of what a
reader sees besides, such as number formats and hidden sheets. It is not over the
bytes of the file, but a program that rounds numbers as it saves (LibreOffice keeps 15 digits)
breaks it. The seal shows an accident or a careless change; against a forger, compare it with the
one in the minutes.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xlcredit._version import __version__
from xlcredit.errors import CellError, FileError, RecalcError
from xlcredit.ooxml import sheets as parts
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.display import ASPECTS, digests
from xlcredit.ooxml.formulas import groups
from xlcredit.ooxml.package import Package, pack
from xlcredit.ooxml.place import Place, a1
from xlcredit.ooxml.properties import read_properties, template_of
from xlcredit.ooxml.sheet import Sheet
from xlcredit.ooxml.values import Value
from xlcredit.workbook.pages.dashboard import read_dashboard

__all__ = ["FORMULAS", "FROZEN", "Verdict", "freeze", "verify"]

FORMULAS, FROZEN = "Formulas", "Frozen"
_HEADER = ("Sheet", "Cells", "Formula of the first", "Value of the first")
_FIRST_ROW = 5
_SEAL = "SHA-256"
#: How the sheet Frozen calls the digest of a kind of display.
_LOOK = "Display: {}"
_NEVER = "macros"
_METADATA = re.compile(rb"\s+cm\s*=\s*(?:\"[^\"]*\"|'[^']*')")


@dataclass(frozen=True)
class Verdict:
    """Whether a committee copy is as it was frozen."""

    intact: bool
    seal: str
    """The seal as it must be for what the file now holds."""
    stated: str
    """The seal that stands in the file."""
    reasons: list[str]
    """What was found to be altered; the seal may fail without any."""
    facts: dict[str, str]
    """What the sheet Frozen says: source, date, versions."""
    uncovered: list[str]
    """What a reader sees and the seal does not cover: an older copy's says nothing of the look."""


def freeze(source: Path | Book, date: datetime.date) -> bytes:
    """Make the committee copy of a recalculated workbook.

    Parameters
    ----------
    source : Path or Book
        The workbook, with values stored beside its formulas.
    date : datetime.date
        The date to stamp; the same file and date give the same bytes.

    Returns
    -------
    bytes
        The copy.

    Raises
    ------
    FileError
        The file is no workbook, or is a committee copy already.
    RecalcError
        A formula has no stored value, or a test of ours is typed over, which no copy would show.
    """
    book = source if isinstance(source, Book) else Book(Package(source))
    package = book.package
    _refuse(book)
    _refuse_typed(book)
    looks = {_LOOK.format(a): digest for a, digest in digests(book).items()}
    facts = _facts(book, date) | looks
    listed = [(g.area.sheet, g.area.reference, str(g.formula)) for g in groups(book)]
    seal = _seal(facts, listed, _values(book))
    changed: dict[str, bytes | None] = {
        book.parts[name]: _values_only(sheet) for name, sheet in book.sheets.items()
    }
    styled = parts.Styles(package, book.part)
    pages = {
        FORMULAS: _formulas_page(book, styled),
        FROZEN: _frozen_page(book, facts | {_SEAL: seal}, styled),
    }
    return pack(package, changed | styled.part() | parts.add_sheets(package, book.part, pages))


def verify(source: Path | bytes) -> Verdict:
    """Compute the seal of a committee copy again.

    Raises
    ------
    FileError
        The file is no committee copy.
    """
    book = Book(Package(source))
    path = book.package.path
    if not {FORMULAS, FROZEN} <= set(book.sheets):
        raise FileError(f"{path}: is no committee copy; make one with xlcredit freeze")
    cells = book.constants[FROZEN]
    stated = {
        str(cells[row, 1]): str(cells.get((row, 2), ""))
        for row, column in cells
        if column == 1 and row >= _FIRST_ROW
    }
    seal = stated.pop(_SEAL, "")
    listed = list(_listed(book))
    now = _seal(stated, [entry[:3] for entry in listed], _values(book))
    looks = {aspect: stated.pop(_LOOK.format(aspect), "") for aspect in ASPECTS}
    shown = digests(book, (FORMULAS, FROZEN))
    reasons = [f"{place} holds a formula" for place in book.formulas]
    reasons += _disagreements(book, listed)
    reasons += [f"{a}: not as they were frozen" for a in ASPECTS if looks[a] not in ("", shown[a])]
    uncovered = [aspect for aspect in ASPECTS if not looks[aspect]]
    return Verdict(now == seal and not reasons, now, seal, reasons, stated, [*uncovered, _NEVER])


def _refuse(book: Book) -> None:
    path = book.package.path
    for name in (FORMULAS, FROZEN):
        if name in book.sheets:
            raise FileError(f"{path}: has a sheet {name} already; is it a committee copy?")
    if not book.formulas:
        raise FileError(
            f"{path}: holds values alone, as the workbook of a book of loans does: there is "
            "nothing to freeze; freeze the workbook of each loan"
        )
    empty = [place for place in [*book.formulas, *book.members] if book.saved(place) is None]
    if empty:
        more = f" and {len(empty) - 1} more have" if len(empty) > 1 else " has"
        raise RecalcError(
            f"{path}: {empty[0]}{more} no stored value; run: xlcredit recalc {path} -o NEW.xlsx"
        )


def _refuse_typed(book: Book) -> None:
    """Refuse what is typed over: without formulas it would look like what was calculated."""
    try:
        typed = read_dashboard(book).typed
    except FileError:
        return  # another maker's
    if typed:
        more = f" (and {len(typed) - 1} more)" if typed[1:] else ""
        remedy = "put back what stood there before it is frozen"
        raise RecalcError(f"{book.package.path}: {typed[0]}{more}; {remedy}")


def _facts(book: Book, date: datetime.date) -> dict[str, str]:
    package = book.package
    properties = read_properties(package)
    source = hashlib.sha256(book.package.data).hexdigest()
    return {
        "Source file": book.package.path.name,
        "SHA-256 of the source file": source,
        "Frozen on": date.isoformat(),
        "Frozen by": f"xlcredit {__version__}",
        "Built by xlcredit": properties.get("xlcredit version", "no"),
        "Template": template_of(package) or "none",
        "Formulas": str(len(book.formulas)),
        **({"Digital signature": "of the source only"} if book.package.signed else {}),
    }


# --- the seal -------------------------------------------------------------------------------


def _seal(
    facts: dict[str, str],
    formulas: Iterable[tuple[str, str, str]],
    values: Iterable[tuple[str, str, str, str]],
) -> str:
    """Hash facts, formulas and values, each in its order, one JSON list to a line."""
    digest = hashlib.sha256()
    for kind, entries in (("fact", facts.items()), ("formula", formulas), ("value", values)):
        for entry in entries:
            digest.update(json.dumps([kind, *entry], ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def _values(book: Book) -> Iterator[tuple[str, str, str, str]]:
    """Every value of the book's own sheets, sheet by sheet and row by row."""
    for name, sheet in book.sheets.items():
        if name in (FORMULAS, FROZEN):
            continue
        for row, column in sorted(sheet.cells):
            value = book.saved(Place(name, row, column))
            if value is not None and value != "":
                yield name, a1(row, column), *_canonical(value)


def _canonical(value: Value) -> tuple[str, str]:
    if isinstance(value, bool):
        return "truth", str(value)
    if isinstance(value, CellError):
        return "error", value.code
    if isinstance(value, float):
        return "number", repr(value + 0.0)  # minus zero is zero
    return "text", (value or "").replace("\r\n", "\n").replace("\r", "\n")


def _listed(book: Book) -> Iterator[tuple[str, str, str, Value]]:
    """Read the sheet Formulas back."""
    cells = book.constants[FORMULAS]
    for row in sorted({row for row, _ in cells if row >= _FIRST_ROW}):
        sheet, cell, formula = (str(cells.get((row, column), "")) for column in (1, 2, 3))
        yield sheet, cell, formula, book.saved(Place(FORMULAS, row, 4))


def _disagreements(book: Book, listed: list[tuple[str, str, str, Value]]) -> Iterator[str]:
    """Compare the values listed beside the formulas with those in the cells."""
    for sheet, cells, _, value in listed:
        place = book.locate(cells.partition(":")[0], sheet)
        now = book.saved(place) if place else None
        if _canonical(now) != _canonical(value):
            yield f"{place or sheet} does not show the value listed beside its formula"


# --- the copy -------------------------------------------------------------------------------


def _values_only(sheet: Sheet) -> bytes:
    """Take the formulas out of a worksheet part; not one other byte changes."""
    pieces, position = [], 0
    for cell in sorted(sheet.cells.values(), key=lambda c: c.start):
        if span := sheet.content(cell).get("f"):
            # Cell metadata marks a formula that spills: without one it would be damage.
            head = _METADATA.sub(b"", sheet.xml[cell.start : span.start], count=1)
            pieces += [sheet.xml[position : cell.start], head]
            position = span.end
    return b"".join([*pieces, sheet.xml[position:]])


def _formulas_page(book: Book, styled: parts.Styles) -> bytes:
    """Write the sheet Formulas, each value in the style of its own cell, so that it reads alike."""
    title = "Every formula of the source; cells side by side hold the same one, copied"
    rows: parts.Rows = {1: [(FORMULAS, styled.bold)], 2: [(title, 0)]}
    rows[_FIRST_ROW - 1] = [(label, styled.bold) for label in _HEADER]
    for row, group in enumerate(groups(book), start=_FIRST_ROW):
        place = group.formula.place
        look = styled.of_cell(book.sheets[place.sheet], (place.row, place.column))
        texts = (place.sheet, group.area.reference, str(group.formula))
        rows[row] = [*((text, styled.wrapped) for text in texts), (book.saved(place), look)]
    return parts.worksheet(rows, (16, 14, 88, 20), _FIRST_ROW - 1, book.package.read(book.part))


def _frozen_page(book: Book, facts: dict[str, str], styled: parts.Styles) -> bytes:
    """Write the sheet Frozen."""
    lines = [
        "This copy holds values only. Charts, styles and print set-up are those of the source; "
        "the digests below tell whether they still are.",
        f"The formulas are on the sheet {FORMULAS}. To see whether anything was altered since: "
        "xlcredit freeze --verify FILE",
    ]
    rows: parts.Rows = {1: [(FROZEN, styled.bold)], 2: [(lines[0], 0)], 3: [(lines[1], 0)]}
    for row, (label, text) in enumerate(facts.items(), start=_FIRST_ROW):
        rows[row] = [(label, styled.bold), (text, styled.wrapped)]
    return parts.worksheet(rows, (30, 80), 0, book.package.read(book.part))
