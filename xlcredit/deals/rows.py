"""Small CSV files that stand beside a deal: their rows, each with its line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from xlcredit.errors import DealError, FileError
from xlcredit.files import LARGEST_TEXT, read_file

__all__ = ["read_rows"]


def read_rows(path: Path) -> list[tuple[int, list[str]]]:
    """Read the rows of a CSV file that are not blank, each with the number of its line.

    Raises
    ------
    FileError
        If it cannot be read, or is no file.
    DealError
        If it is no CSV file in UTF-8.
    """
    try:
        text = read_file(path, LARGEST_TEXT).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DealError(f"{path}: is no text in UTF-8; save it as CSV") from None
    if "\0" in text:
        raise FileError(f"{path}: is no text; save it as CSV")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DealError(f"{path}: line {reader.line_num} is no CSV: {error}") from None
