"""Workbooks that Excel has saved, recalculated and compared with Excel's own values.

usage: python -m tests.corpus FOLDER [--only TEXT] [--cells N] [--engine NAME] [--jobs N]

Each .xlsx and .xlsm of the folder is copied with -987654321 in place of every calculated value,
so that no value can be an echo, and the copy is recalculated. Cells that hang on the clock, on
chance or on another workbook are counted apart, so are those that an add-in or VBA calculates, and
files that Excel has not saved.
``--cells`` lists wrong cells, ``--only`` takes the files whose name holds a text.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from xlcredit.errors import CellError, UserError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.patch import Changes, patch_sheet
from xlcredit.ooxml.place import Place, column_number
from xlcredit.ooxml.values import Value
from xlcredit.recalc import Recalculation, recalculate
from xlcredit.recalc.dependants import dependants

JUNK = -987654321.0
_VOLATILE = re.compile(
    r"(?<![\w.])(?:NOW|TODAY|RAND|RANDBETWEEN|_xlfn\.RANDARRAY|CELL|INFO)\(|\[\d+\]", re.IGNORECASE
)
_FUNCTION = re.compile(r"([A-Za-z_][\w.]*)\(")
_ADDRESS = re.compile(r"([A-Z]+)(\d+)")


@dataclass
class Report:
    """What one file gave."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    cells: list[str] = field(default_factory=list)
    seconds: float = 0.0
    refused: str = ""
    foreign: bool = False


def junked(book: Book, target: Path) -> None:
    """Copy a workbook with junk in place of each calculated value."""
    changes = {name: Changes() for name in book.sheets}
    for place in (*book.formulas, *book.members):
        if (place.row, place.column) in book.sheets[place.sheet].cells:
            changes[place.sheet].results[place.row, place.column] = JUNK
    parts = {book.parts[n]: patch_sheet(book.sheets[n], c) for n, c in changes.items() if c}
    book.package.save(target, parts)


def compared(path: Path, engine: str) -> Report:
    """Recalculate one file and compare."""
    report = Report(path.name)
    started = time.perf_counter()
    try:
        book = Book(Package(path))
        if not book.formulas:
            return report
        report.foreign = not _saved_by_excel(book)
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / path.name
            junked(book, copy)
            result = recalculate(copy, engine=engine)
    except UserError as error:
        report.refused = str(error).replace(str(path.parent), "")
        report.counts["refused"] = sum(book.saved(p) is not None for p in book.formulas)
        return report
    finally:
        report.seconds = time.perf_counter() - started
    _compare(book, result, report)
    report.seconds = time.perf_counter() - started
    return report


def _saved_by_excel(book: Book) -> bool:
    part = "docProps/app.xml"
    return part in book.package and b"Microsoft" in book.package.read(part)


def _compare(book: Book, result: Recalculation, report: Report) -> None:
    volatile = {p for p, f in book.formulas.items() if _VOLATILE.search(f.text)}
    volatile |= dependants(book, volatile) if volatile else set()
    told = {_place(d.sheet, d.cell): d.outcome for d in result.doubts}
    shown = {_place(e.sheet, e.cell) for e in result.errors}
    foreign = {
        _place(d.sheet, d.cell)
        for d in result.doubts
        if d.outcome == "not calculated" and "function" in d.reason and "known here" in d.reason
    }
    wrong: dict[Place, str] = {}
    for place in (*book.formulas, *book.members):
        saved = book.saved(place)
        if saved is None:
            continue
        anchor = book.members.get(place, place)
        now = result.values[place.sheet].get((place.row, place.column))
        verdict = _verdict(saved, now)
        outcome = told.get(place) or told.get(anchor, "agreed")
        if anchor in volatile:
            verdict = "volatile"
        elif anchor in foreign:
            verdict = "of an add-in or VBA"
        elif verdict == "wrong":
            if outcome != "agreed":
                verdict = f"wrong, {outcome.split(' a cell')[0]}"
            elif place in shown or anchor in shown:
                verdict = "wrong, error shown"
            else:
                verdict = "SILENT"
            wrong[place] = verdict
        elif outcome in ("disputed", "not calculated"):
            report.counts[f"({verdict} but {outcome})"] += 1
        report.counts[verdict] += 1
    _explain(book, result, wrong, report)


def _explain(book: Book, result: Recalculation, wrong: dict[Place, str], report: Report) -> None:
    """Count wrong cells by their outermost functions, and list them."""
    for place, verdict in wrong.items():
        anchor = book.members.get(place, place)
        formula = book.formulas[anchor]
        function = _FUNCTION.search(formula.text)
        name = "TABLE" if formula.table else function[1].upper() if function else "operators"
        report.causes[f"{verdict}: {name.removeprefix('_XLFN.')}"] += 1
        now = result.values[place.sheet].get((place.row, place.column))
        report.cells.append(f"{verdict} | {place} | {formula} | {book.saved(place)} | {now}")


def _place(sheet: str, cell: str) -> Place:
    match = _ADDRESS.fullmatch(cell)
    assert match
    return Place(sheet, int(match[2]), column_number(match[1]))


def _verdict(saved: Value, now: Value) -> str:
    if isinstance(now, CellError) and saved == now.code:
        return "right"  # a writer that stores an error as text
    if isinstance(saved, bool) and isinstance(now, bool):
        return "right" if saved is now else "wrong"
    if isinstance(saved, float) and isinstance(now, float):
        if math.isclose(saved, now, rel_tol=1e-9, abs_tol=1e-12):
            return "right"
        return "right at 1e-6" if math.isclose(saved, now, rel_tol=1e-6, abs_tol=1e-9) else "wrong"
    if isinstance(saved, CellError) and isinstance(now, CellError):
        return "right" if saved.code == now.code else "wrong"
    return "right" if saved == now else "wrong"


def main() -> int:
    """Compare a folder and sum up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--cells", type=int, default=0)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    paths = [p for p in sorted(options.folder.glob("*.xls[xm]")) if options.only in p.name]
    total: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    files: dict[str, set[str]] = {}
    refused = 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for report in pool.map(compared, paths, [options.engine] * len(paths)):
            note = f" REFUSED {report.refused}" if report.refused else ""
            counts = ", ".join(f"{n} {k}" for k, n in sorted(report.counts.items()))
            foreign = " (not saved by Excel)" if report.foreign else ""
            print(f"{report.name}{foreign} {report.seconds:.1f} s: {counts}{note}", flush=True)
            for cell in report.cells[: options.cells]:
                print(f"    {cell[:220]}")
            if report.foreign:
                continue
            refused += bool(report.refused)
            total += report.counts
            causes += report.causes
            for cause in report.causes:
                files.setdefault(cause, set()).add(report.name)
    return _sum_up(total, causes, files, refused, len(paths))


def _sum_up(
    total: Counter[str],
    causes: Counter[str],
    files: dict[str, set[str]],
    refused: int,
    count: int,
) -> int:
    print()
    for cause, cells in causes.most_common(60):
        where = ", ".join(sorted(files[cause])[:5])
        print(f"{cells:7} {cause}  in {len(files[cause])} files: {where}")
    print()
    for verdict, cells in sorted(total.items()):
        print(f"{cells:7} {verdict}")
    apart = ("volatile", "of an add-in or VBA")
    every = {v: n for v, n in total.items() if v not in apart and not v.startswith("(")}
    cells = max(1, sum(every.values()))
    right = (total["right"] + total["right at 1e-6"]) / cells
    silent = total["SILENT"] / cells
    print(
        f"{count} files, {refused} refused; {cells} comparable cells: {right:.2%} right, "
        f"{silent:.3%} silently wrong"
    )
    return int(right < 0.97 or silent >= 0.001 or refused > 0)


if __name__ == "__main__":
    sys.exit(main())
