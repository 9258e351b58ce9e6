"""Read the Summary of a recalculated workbook back: what ``xlcredit show`` prints."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.errors import FileError
from xlcredit.ooxml.package import Package
from xlcredit.workbook.pages.summary import AREA_COMPARISONS, AREA_COVENANTS, BAND, READING
from xlcredit.workbook.style import MILLIONS, NUMBER_FORMATS

__all__ = ["Cell", "Comparison", "Covenant", "Dashboard", "read_dashboard"]

#: What a number format says of the unit; units that look the same print the same.
_UNITS = {code: unit for unit, code in reversed(NUMBER_FORMATS.items())} | {MILLIONS: "USD m"}


@dataclass(frozen=True)
class Cell:
    """A value and the way the sheet shows it."""

    value: Any
    unit: str

    @property
    def shown(self) -> str:
        """The value as a person reads it."""
        value = self.value
        if value is None:
            return ""
        if isinstance(value, datetime.date):
            return f"{value:%d %b %Y}".lstrip("0")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return str(value)
        if self.unit in _BREACHED and value < 0:
            return f"{_BREACHED[self.unit]} {-100 * value:,.0f}%"
        return _FORMATS.get(self.unit, "{:,.4g}").format(value * _SCALES.get(self.unit, 1.0))


_SCALES = dict.fromkeys(
    ("share", "1/year", "1/sqrt(year)", "headroom, min", "headroom, max"), 100.0
) | {"USD m": 1e-6}
#: A covenant in breach says which way its value must go.
_BREACHED = {"headroom, min": "must rise", "headroom, max": "must fall"}
_FORMATS = {
    "USD": "{:,.0f}",
    "USD m": "${:,.1f}m",
    "USD/unit": "{:,.0f}",
    "USD/coin": "{:,.0f}",
    "USD/GPU-hour": "{:.2f}",
    "share": "{:.1f}%",
    "headroom, min": "{:.1f}%",
    "headroom, max": "{:.1f}%",
    "1/year": "{:.1f}%",
    "1/sqrt(year)": "{:.0f}%",
    "ratio": "{:.2f}x",
    "days": "{:,.0f}",
    "months": "{:.0f}",
    "years": "{:.1f}",
    "bp": "{:,.0f} bp",
    "number": "{:.2f}",
}


@dataclass(frozen=True)
class Comparison:
    """A side-by-side: figures by label, and what they say."""

    title: str
    question: str
    figures: dict[str, Cell]
    reading: str


@dataclass(frozen=True)
class Covenant:
    """One row of the covenant dashboard."""

    label: str
    value: Cell
    test: str
    threshold: Cell
    status: str
    headroom: Cell
    first_breach: Cell
    may_move_by: Cell
    driver: str


@dataclass(frozen=True)
class Dashboard:
    """The Summary of one workbook."""

    title: str
    scenario: str
    master_check: str
    comparisons: list[Comparison]
    covenants: list[Covenant]


def read_dashboard(path: Path) -> Dashboard:
    """Read the stored values of a term-sheet workbook's Summary.

    Raises
    ------
    FileError
        The file is no workbook of ours, or holds no values yet.
    """
    sheet, areas = _open(path)
    dashboard = Dashboard(
        title=str(sheet["A1"].value),
        scenario=str(sheet["B3"].value or ""),
        master_check=str(sheet["E3"].value or ""),
        comparisons=_comparisons(sheet, areas[AREA_COMPARISONS]),
        covenants=_covenants(sheet, areas[AREA_COVENANTS]),
    )
    if not dashboard.master_check:
        raise FileError(f"{path}: holds no values yet; run: xlcredit recalc {path} -o NEW.xlsx")
    return dashboard


def _open(path: Path) -> tuple[Worksheet, dict[str, str]]:
    Package(path)  # tells a missing file, a folder and another kind of file by its name
    try:
        book = load_workbook(path, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, OSError, ValueError):
        raise FileError(f"{path}: is not a workbook; openpyxl cannot read it") from None
    names = book.defined_names
    if "Summary" not in book.sheetnames or not {AREA_COMPARISONS, AREA_COVENANTS} <= set(names):
        raise FileError(
            f"{path}: has no covenant dashboard; it was not made by xlcredit new or demo"
        )
    areas = {name: str(names[name].attr_text) for name in (AREA_COMPARISONS, AREA_COVENANTS)}
    return book["Summary"], areas


def _cell(cell: Any) -> Cell:
    value = cell.value
    if isinstance(value, datetime.datetime):
        value = value.date()
    return Cell(value, _UNITS.get(cell.number_format, ""))


def _comparisons(sheet: Worksheet, area: str) -> list[Comparison]:
    rows = list(sheet[area.partition("!")[2]])
    found = []
    for labels, values in zip(rows[::BAND], rows[1::BAND], strict=True):
        figures = {
            str(label.value): _cell(value)
            for label, value in zip(labels[1:], values[1:], strict=True)
            if label.value
        }
        reading = str(values[READING - 1].value or "")
        found.append(Comparison(str(labels[0].value), str(values[0].value), figures, reading))
    return found


def _covenants(sheet: Worksheet, area: str) -> list[Covenant]:
    found = []
    for row in sheet[area.partition("!")[2]]:
        label, value, test, threshold, status, headroom, breach, move, driver = row
        found.append(
            Covenant(
                str(label.value),
                _cell(value),
                str(test.value),
                _cell(threshold),
                str(status.value),
                _cell(headroom),
                _cell(breach),
                _cell(move),
                str(driver.value or ""),
            )
        )
    return found
