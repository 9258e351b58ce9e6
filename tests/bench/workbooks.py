"""A template built and recalculated, against openpyxl alone, the engine alone and LibreOffice."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import formualizer
import openpyxl

from xlcredit.deals import load, read_deal
from xlcredit.recalc import LibreOffice, recalculate
from xlcredit.workbook import build

Measure = Callable[[Callable[[], Any]], float]


def measured(median: Measure) -> dict[str, list[tuple[str, float]]]:
    """Median seconds of each step on the GPU term loan."""
    template, home = load("gpu-term-loan")
    deal = read_deal(home / "deal.toml", template)
    with tempfile.TemporaryDirectory() as folder, LibreOffice() as office:
        source = Path(folder) / "book.xlsx"
        source.write_bytes(build(template, deal))
        target = Path(folder) / "values.xlsx"
        built = [
            ("openpyxl writes the same cells", median(_plain_writer(source))),
            ("xlcredit builds the workbook", median(lambda: build(template, deal))),
        ]
        calculated = [
            ("formualizer alone, no worksheet functions", median(lambda: _engine(source))),
            ("xlcredit recalculates", median(lambda: recalculate(source))),
            ("xlcredit recalculates and writes", median(lambda: recalculate(source, target))),
            ("LibreOffice, running already", median(lambda: office.values(source))),
        ]
    return {"Build gpu-term-loan": built, "Recalculate gpu-term-loan": calculated}


def _plain_writer(source: Path) -> Callable[[], bytes]:
    cells = {
        sheet.title: [(c.row, c.column, c.value) for row in sheet.iter_rows() for c in row]
        for sheet in openpyxl.load_workbook(source)
    }

    def write() -> bytes:
        book = openpyxl.Workbook()
        for title, content in cells.items():
            sheet = book.create_sheet(title)
            for row, column, value in content:
                sheet.cell(row, column, value)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    return write


def _engine(source: Path) -> None:
    book = formualizer.load_workbook(str(source))
    book.evaluate_all()
