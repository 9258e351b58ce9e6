"""Tables for people and programs: CSV, Parquet and a sheet, the same rows to the same bytes."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from openpyxl import Workbook
from openpyxl.styles import Alignment

from xlcredit._version import __version__
from xlcredit.deals.units import unit
from xlcredit.errors import FileError, UserError
from xlcredit.files import replace_file
from xlcredit.workbook import style
from xlcredit.workbook.saving import saved

__all__ = [
    "FORMATS",
    "Column",
    "Kind",
    "Table",
    "as_csv",
    "pyarrow",
    "require_format",
    "write_sheet",
    "write_table",
]

#: Rows of a Parquet file that stand together.
_ROW_GROUP = 1_000
#: A table has no date of its own, and equal tables are equal files.
_UNDATED = dt.date(2000, 1, 1)

Kind = Literal["number", "count", "text", "date"]


@dataclass(frozen=True)
class Column:
    """One column: its name, what it holds and, for a number, in which unit."""

    name: str
    kind: Kind
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of plain values: float, int, str, date, or None where there is nothing."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        at = [column.name for column in self.columns].index(name)
        return [row[at] for row in self.rows]


# --- files ----------------------------------------------------------------------------------


def require_format(path: Path) -> None:
    """Refuse a file name that says nothing of how to write it, or what cannot be written here.

    Raises
    ------
    UserError
        If the suffix is unknown, or its library is not installed.
    """
    if path.suffix.lower() not in FORMATS:
        raise UserError(f"{path}: give the file one of the endings {', '.join(FORMATS)}")
    if path.suffix.lower() == ".parquet":
        pyarrow()


def write_table(table: Table, path: Path, title: str = "Table") -> None:
    """Write a table, whole or not at all; the suffix of the file says how.

    Raises
    ------
    FileError
        If the file cannot be written; what stood there still does.
    """
    require_format(path)
    try:  # a workbook is put together in the folder for temporary files, which may be full, too
        content = FORMATS[path.suffix.lower()](table, title)
        replace_file(path, content)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from None


#: Excel takes a text in a CSV file that begins so for a formula, and calculates it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(table: Table, title: str = "") -> bytes:
    """Write a table as CSV in UTF-8."""
    return b"".join(_csv(table, title))


def _csv(table: Table, _title: str) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(column.name for column in table.columns)
    for row in table.rows:
        writer.writerow([_spelled(value) for value in row])
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    yield out.getvalue().encode()


def _spelled(value: Any) -> Any:
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value.isoformat() if isinstance(value, dt.date) else value


def _parquet(table: Table, _title: str) -> Iterator[bytes]:
    """Write a table as Parquet, some rows at a time: one of any length takes little memory."""
    pa, parquet = pyarrow()
    types = {"number": pa.float64(), "count": pa.int64(), "text": pa.string(), "date": pa.date32()}
    fields = [
        pa.field(c.name, types[c.kind], metadata={"unit": c.unit} if c.unit else None)
        for c in table.columns
    ]
    schema = pa.schema(fields, metadata={"xlcredit version": __version__})
    out = _Passing()
    with parquet.ParquetWriter(pa.PythonFile(out, mode="w"), schema, compression="zstd") as writer:
        for first in range(0, max(1, len(table.rows)), _ROW_GROUP):
            columns = zip(*table.rows[first : first + _ROW_GROUP], strict=True)
            values = list(columns) or [()] * len(fields)
            cells = [pa.array(v, f.type) for v, f in zip(values, fields, strict=True)]
            writer.write_table(pa.Table.from_arrays(cells, schema=schema))
            yield out.taken()
    yield out.taken()


class _Passing:
    """A file that is only written to; what was written is taken from it."""

    closed = False

    def __init__(self) -> None:
        self._new, self._length = bytearray(), 0

    def write(self, content: Any) -> int:
        """Take some bytes in."""
        self._new += content
        return len(content)

    def tell(self) -> int:
        """How much was written in all."""
        return self._length + len(self._new)

    def flush(self) -> None:
        """Hold nothing back."""

    def close(self) -> None:
        """Take no more; what is there can be taken still."""

    def taken(self) -> bytes:
        """Give what was written since the last time."""
        new, self._new = bytes(self._new), bytearray()
        self._length += len(new)
        return new


def pyarrow() -> tuple[Any, Any]:
    """Give the library that reads and writes Parquet, and its module for files.

    Raises
    ------
    UserError
        If it is not installed.
    """
    try:
        import pyarrow as library  # noqa: PLC0415 - an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        message = 'Parquet needs pyarrow: pip install "xlcredit[parquet]", or ask for .csv or .xlsx'
        raise UserError(message) from None
    return library, parquet


def _xlsx(table: Table, title: str) -> bytes:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = title
    write_sheet(sheet, table, title)
    workbook.properties.creator = f"xlcredit {__version__}"
    workbook.properties.created = dt.datetime.combine(_UNDATED, dt.time())
    return saved(workbook, _UNDATED)


#: How a table is written, by the ending of the file.
FORMATS: dict[str, Callable[[Table, str], bytes | Iterable[bytes]]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".xlsx": _xlsx,
}

# --- sheets ---------------------------------------------------------------------------------

_HEADER = 4
_WIDTHS = {"number": 14.0, "count": 10.0, "text": 22.0, "date": 12.0}


def write_sheet(sheet: Any, table: Table, title: str, note: str = "") -> int:
    """Write a table on an empty sheet, as all our sheets look; return the row of its header."""
    style.title(sheet, title, note or f"xlcredit {__version__}")
    style.table_header(sheet, _HEADER, [column.name for column in table.columns])
    sheet.row_dimensions[_HEADER].height = 44
    for at, column in enumerate(table.columns, start=1):
        sheet.cell(_HEADER, at).alignment = Alignment(
            horizontal="left", vertical="center", wrap_text=True
        )
        letters = sheet.cell(_HEADER, at).column_letter
        sheet.column_dimensions[letters].width = _WIDTHS[column.kind]
    for down, row in enumerate(table.rows, start=_HEADER + 1):
        for across, (column, value) in enumerate(zip(table.columns, row, strict=True), start=1):
            if value is not None:
                _write_cell(sheet.cell(down, across), column, value)
    sheet.freeze_panes = sheet.cell(_HEADER + 1, 2)
    return _HEADER


def _write_cell(cell: Any, column: Column, value: Any) -> None:
    cell.value = value
    if column.kind == "text":
        cell.data_type = "s"  # text that begins like a formula stays text
    elif column.kind == "date":
        cell.number_format = unit("date").cell
    elif column.kind == "number":
        cell.number_format = style.constant_format(column.unit, value)
