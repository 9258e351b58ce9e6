"""Small CSV files that stand beside a deal: their rows, each with its line, and their spelling."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

from xlcredit.deals.spelled import Spelling, separator_of
from xlcredit.errors import DealError, FileError
from xlcredit.files import LARGEST_TEXT, read_file

__all__ = ["Lines", "read_rows"]


class Lines(NamedTuple):
    """The rows of a CSV file that are not blank, each with the number of its line."""

    rows: list[tuple[int, list[str]]]
    spelling: Spelling
    """How the file writes numbers and dates."""


def read_rows(path: Path) -> Lines:
    """Read the rows of a CSV file, its columns separated by commas, semicolons or tabs.

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
        raise DealError(f"{path}: is no text in UTF-8; save it as CSV UTF-8") from None
    if "\0" in text:
        raise FileError(f"{path}: is no text; save it as CSV")
    separator, text = separator_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DealError(f"{path}: line {reader.line_num} is no CSV: {error}") from None
    cells = (cell for _, row in rows[1:] for cell in row)
    return Lines(rows, Spelling(cells, semicolons=separator == ";"))
