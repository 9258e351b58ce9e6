"""Loan tapes: one row a loan, columns by the names of the template's inputs."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from xlcredit.deals import Deal, Template, load
from xlcredit.deals.spelled import Spelling, TwoReadingsError, separator_of
from xlcredit.deals.values import SHARES, as_meant, check_value
from xlcredit.errors import DealError, FileError, UserError
from xlcredit.files import read_file
from xlcredit.hints import did_you_mean
from xlcredit.numerals import counted
from xlcredit.workbook.export import Column, Kind, Table, pyarrow

__all__ = ["SUFFIXES", "TapeRow", "example_tape", "read_rows", "row_of"]

SUFFIXES = (".csv", ".parquet")
#: Loans of a tape that a message names.
_SHOWN = 20
#: What a row says of the loan itself, beside the inputs of its template.
_OWN = ("id", "template", "name", "as_of", "note")
#: A heading may say the unit: ``rent_decline [1/year]``.
_HEADING = re.compile(r"(?P<name>[^\[]*?)\s*(?:\[(?P<unit>[^\]]*)\])?\s*")


#: What may say how a tape writes numbers and dates; one without is not looked through for it.
_MARKS = re.compile(r"[\";\t]|\d/\d|\d\.\d{3}(?!\d)")
#: A few bytes of Parquet can stand for any number of equal cells.
_MOST_CELLS = 50_000_000


@dataclass(frozen=True)
class TapeRow:
    """One loan of a tape: the keys of a deal file, or what is wrong."""

    id: str
    line: int
    given: dict[str, Any] = field(default_factory=dict)
    error: str = ""


def read_rows(
    content: bytes, path: Path, template: str = "", spec: Template | None = None
) -> Iterator[TapeRow]:
    """Read the rows of a loan tape.

    Parameters
    ----------
    content : bytes
        What the file holds.
    path : Path
        Its name.
    template : str
        The template of rows that name none.
    spec : Template, optional
        That template, where it does not ship.

    Yields
    ------
    TapeRow
        A row. Empty cells take the template's default.

    Raises
    ------
    UserError
        If the tape as a whole makes no sense: a column that no template has, a wrong unit.
    """
    known = {template: spec} if spec is not None else {}
    parquet = path.suffix.lower() == ".parquet"
    headings, rows, spelling = (_parquet if parquet else _csv)(content, path)
    columns = [_column(path, heading) for heading in headings]
    names = [name for name, _ in columns]
    for name in names:
        if names.count(name) > 1:
            twice = " and ".join(
                h for h, known in zip(headings, names, strict=True) if known == name
            )
            raise FileError(f"{path}: the column {name} stands twice, as {twice}; drop one")
    if "template" not in names and not template:
        raise FileError(f"{path}: has no column template; add one, or name it with --template")
    specs = _templates(rows, names, template, known)
    if problems := [*_unknown(columns, specs), *_missing(names, specs)]:
        raise FileError(f"{path}: {'; '.join(problems)}")
    for line, row in enumerate(rows, start=2):
        if any(cell not in (None, "") for cell in row):
            yield _row(path, line, names, row, template, known, spelling)


def row_of(tape: Path, loan: str | None, spec: Template | None = None) -> dict[str, Any]:
    """Give the keys of a deal file from the row of one loan.

    Parameters
    ----------
    tape : Path
        The tape.
    loan : str, optional
        The loan's ``id``, without which the ones that there are are told.
    spec : Template, optional
        The template of rows that name none.

    Raises
    ------
    UserError
        If there is no such loan, or its row cannot be read.
    """
    rows = list(read_rows(read_file(tape), tape, spec.name if spec else "", spec))
    found = [row for row in rows if row.id == loan]
    if len(found) != 1:
        ids = [row.id for row in rows]
        there = f"its loans are {', '.join(ids[:_SHOWN])}{', …' if len(ids) > _SHOWN else ''}"
        if loan is None:
            raise UserError(f"{tape}: is a loan tape; say which loan with --loan ID: {there}")
        if found:
            raise UserError(f"{tape}: the id {loan} stands {len(found)} times; give each its own")
        raise UserError(f"{tape}: has no loan {loan}{did_you_mean(loan, ids) or f'; {there}'}")
    if found[0].error:
        raise DealError(found[0].error)
    return found[0].given


def _column(path: Path, heading: str) -> tuple[str, str | None]:
    match = _HEADING.fullmatch(heading)
    if match is None or not match["name"]:
        raise FileError(f"{path}: a column has no name, or one that cannot be read: {heading!r}")
    return match["name"], match["unit"]


def _templates(
    rows: Iterable[list[Any]], names: list[str], template: str, known: dict[str, Template]
) -> list[Template]:
    """Give every template that the rows name and that there is."""
    at = names.index("template") if "template" in names else -1
    # a row that is too short says so itself
    message = {str(row[at] or "").strip() if 0 <= at < len(row) else "" for row in rows}
    message = message or {template}
    found = []
    for name in sorted({name or template for name in message}):
        try:
            found.append(known.get(name) or _load(name))
        except UserError:
            continue  # the row itself says so
    return found


@cache
def _load(name: str) -> Template:
    return load(name)[0]


def _unknown(columns: list[tuple[str, str | None]], templates: list[Template]) -> Iterator[str]:
    """Say which columns no template has: a misspelt one would leave its default in force."""
    inputs = {name: item for template in templates for name, item in template.inputs.items()}
    for name, unit in columns:
        if name in _OWN or name.startswith("_") or not templates:
            continue
        if name not in inputs:
            titles = " or ".join(template.name for template in templates)
            id_meant = name.lower().endswith("id") and "id" not in (n for n, _ in columns)
            near = "; did you mean id?" if id_meant else did_you_mean(name, inputs)
            yield (
                f"the column {name} is not an input of {titles}{near}; "
                f"call it _{name} to leave it out"
            )
        elif unit is not None and unit not in {
            t.inputs[name].unit for t in templates if name in t.inputs
        }:
            yield f'{name} is in "{inputs[name].unit}"; the column says "{unit}"'


def _missing(names: list[str], templates: list[Template]) -> Iterator[str]:
    """Say once what no row can: the columns that every template on the tape needs."""
    needed = [{n for n, item in spec.inputs.items() if item.value is None} for spec in templates]
    missing = sorted(set.intersection(*needed) - set(names)) if needed else []
    missing = ["as_of"] * ("as_of" not in names) + missing
    if missing:
        spec = templates[0].name if templates else "gpu-term-loan"
        yield (
            f"has no column {', '.join(missing)}, which every row needs "
            f"(xlcredit new {spec} -o tape.csv writes a row that has all)"
        )


def _row(
    path: Path,
    line: int,
    names: list[str],
    row: list[Any],
    template: str,
    known: dict[str, Template],
    spelling: Spelling,
) -> TapeRow:
    if len(row) != len(names):
        message = f"{path}, row {line}: has {len(row)} cells under {len(names)} headings"
        return TapeRow(f"{path.as_posix()}:{line}", line, error=message)
    cells = {n: v for n, v in zip(names, row, strict=True) if v not in (None, "")}
    identity = str(cells.get("id", f"{path.as_posix()}:{line}")).strip()
    title = str(cells.get("template", template)).strip()
    try:
        spec = known.get(title) or _load(title)
    except UserError as error:
        return TapeRow(identity, line, error=f"{path}, row {line}: {error}")
    inputs, problems = _inputs(spec, cells, spelling)
    as_of = ""
    try:
        as_of = _as_of(cells.get("as_of"), spelling)
    except DealError as error:
        problems.append(str(error))
    if problems:  # all of them at once: a row is mended in one go
        return TapeRow(identity, line, error=f"{path}, row {line}: {'; '.join(problems)}")
    given = {
        "template": title,
        "name": str(cells.get("name", identity)),
        "as_of": as_of,
        "note": str(cells.get("note", "")),
        "inputs": inputs,
    }
    return TapeRow(identity, line, given)


def _inputs(
    spec: Template, cells: dict[str, Any], spelling: Spelling
) -> tuple[dict[str, Any], list[str]]:
    """Read the inputs of a row, and say what is wrong with those that cannot be read."""
    inputs: dict[str, Any] = {}
    problems = []
    for name, value in cells.items():
        if name in _OWN or name.startswith("_"):
            continue
        try:
            inputs[name] = _value(spec, name, value, spelling)
            meant = inputs[name]
            if spec.inputs[name].unit == "date":
                meant = dt.date.fromisoformat(meant)
            check_value(spec.inputs[name], meant, name)
        except DealError as error:
            problems.append(str(error))
    missing = [n for n, i in spec.inputs.items() if i.value is None and cells.get(n) is None]
    if missing:
        them = "them" if len(missing) > 1 else "it"
        problems.append(
            f"{', '.join(missing)} must be given: {spec.name} has no default for {them} "
            f"(xlcredit new {spec.name} -o tape.csv writes a row that has all)"
        )
    return inputs, problems


def _as_of(value: Any, spelling: Spelling) -> str:
    if value is None:
        raise DealError("as_of is missing; give the date of the figures, such as 2026-11-22")
    return _date("as_of", value, spelling)


def _value(spec: Template, name: str, value: Any, spelling: Spelling) -> Any:
    """Read a cell in the unit of its input."""
    if name not in spec.inputs:
        raise DealError(f"{name} is not an input of {spec.name}{did_you_mean(name, spec.inputs)}")
    unit = spec.inputs[name].unit
    if unit == "text":
        return str(value)
    if unit == "date":
        return _date(name, value, spelling)
    number = as_meant(spec.inputs[name], value)
    if isinstance(number, str):
        try:
            count = counted(unit, number, whole=spec.inputs[name].whole)
            number = spelling.number(number, percent=unit in SHARES, counted=count)
        except TwoReadingsError as error:
            raise DealError(f"{name}: {error}") from None
        except ValueError:
            pass  # told below, as what is no number at all
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise DealError(f"{name} must be a number [{unit}]; got {value!r}")
    return float(number)


def _date(name: str, value: Any, spelling: Spelling) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()[:10]
    try:
        return spelling.date(str(value)).isoformat()
    except TwoReadingsError as error:
        raise DealError(f"{name}: {error}") from None
    except ValueError:
        meant = _in_words(str(value))
        write = f"; write {meant}" if meant else ""
        raise DealError(f"{name} must be a date such as 2026-11-22; got {value!r}{write}") from None


def _in_words(text: str) -> str:
    """Give the date that words such as 15 Jan 2027 mean, to propose it; empty for none."""
    words = " ".join(re.split(r"[\s,./-]+", text.strip()))
    for form in ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y"):
        with contextlib.suppress(ValueError):
            return dt.datetime.strptime(words, form).date().isoformat()
    return ""


def example_tape(template: Template, deal: Deal) -> Table:
    """Make a loan tape with one row: every input of a template, those without a default first.

    Headings say the unit; a tape may leave out every column that has a default.
    """
    needed = [item for item in template.inputs.values() if item.value is None]
    others = [item for item in template.inputs.values() if item.value is not None]
    columns = [Column("id", "text"), Column("template", "text"), Column("name", "text")]
    columns.append(Column("as_of", "date"))
    row: list[Any] = ["1", template.name, deal.name, deal.as_of]
    for item in [*needed, *others]:
        kind = _KINDS.get(item.unit, "number")
        heading = item.name if kind != "number" else f"{item.name} [{item.unit}]"
        columns.append(Column(heading, kind))
        value: Any = deal[item.name].value
        row.append(float(value) if kind == "number" else value)
    return Table(columns, [row])


_KINDS: dict[str, Kind] = {"text": "text", "date": "date"}

# --- files ----------------------------------------------------------------------------------


def _csv(content: bytes, path: Path) -> tuple[list[str], Iterable[list[Any]], Spelling]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{path}: is not UTF-8 text; save it as CSV UTF-8") from None
    separator, text = separator_of(text)
    first = int(text.startswith("\n"))  # what said the separator is gone
    whole = _CsvRows(text, separator, first)
    try:
        headings = next(iter(whole), None)
        marks = _MARKS.search(text) is not None
        # all of it: what is wrong with it is told before the first loan is
        cells = (cell for row in whole for cell in row if marks)
        spelling = Spelling(cells, semicolons=separator == ";")
    except csv.Error as error:
        raise FileError(f"{path}: is no CSV file: {error}") from None
    if headings is None:
        raise FileError(f"{path}: is empty")
    return [h.strip() for h in headings], _CsvRows(text, separator, first + 1), spelling


class _CsvRows:
    """The rows of a CSV file, read each time: a long tape takes no more memory than its text."""

    def __init__(self, text: str, separator: str, first: int) -> None:
        self._text, self.separator, self._first = text, separator, first

    def __iter__(self) -> Iterator[list[Any]]:
        text = io.StringIO(self._text, newline="")
        rows = csv.reader(text, delimiter=self.separator, strict=True)
        return islice(rows, self._first, None)


def _parquet(content: bytes, path: Path) -> tuple[list[str], Iterable[list[Any]], Spelling]:
    pa, parquet = pyarrow()
    try:
        held = parquet.ParquetFile(io.BytesIO(content))
        if (cells := held.metadata.num_rows * held.metadata.num_columns) > _MOST_CELLS:
            raise FileError(f"{path}: holds {cells:,} cells, more than {_MOST_CELLS:,}; refused")
        table = held.read()
    except pa.ArrowException as error:
        line = str(error).splitlines()[0]
        raise FileError(f"{path}: is no Parquet file: {line}") from None
    columns = [
        _values(column, f"{path}, column {name}", pa)
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    return table.column_names, [list(row) for row in zip(*columns, strict=True)], Spelling()


def _values(column: Any, where: str, pa: Any) -> list[Any]:
    """What a column holds; a time beyond the calendar or of no known zone is none of Python's."""
    try:
        return [_known(v) for v in column.to_pylist()]
    except (pa.ArrowException, OverflowError, LookupError) as error:
        line = str(error).splitlines()[0]
        raise FileError(f"{where}: holds a value that cannot be read: {line}") from None


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
