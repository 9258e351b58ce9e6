"""Single formulas with the value that Excel gives, through recalculation.

usage: python -m tests.formulas FILE.json [--verbose]

The file is a list of cases: ``id``, ``cells`` (on sheet S unless named; dates as
``{"date": ...}``), ``names``, ``formula`` (entered in S!Z1; ``array`` for one entered as an array),
``expected``. A wrong value is told if its cell is listed as an error or in doubt, else silent.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula

from xlcredit.errors import CellError, UserError
from xlcredit.ooxml.values import serial
from xlcredit.recalc import recalculate


def decoded(value: Any) -> Any:
    """Read a value of the file."""
    if not isinstance(value, dict):
        return value
    if "date" in value:
        return dt.date.fromisoformat(value["date"])
    return dt.datetime.fromisoformat(value["datetime"])


def write(case: dict[str, Any], path: Path) -> None:
    """Write the workbook of a case."""
    book = openpyxl.Workbook()
    home = book.active
    home.title = "S"
    for key, value in case["cells"].items():
        sheet, _, cell = key.rpartition("!")
        there = home
        if sheet:
            there = book[sheet] if sheet in book.sheetnames else book.create_sheet(sheet)
        there[cell] = decoded(value)
    for name, text in case.get("names", {}).items():
        book.defined_names[name] = DefinedName(name, attr_text=text)
    formula = case["formula"]
    home["Z1"] = ArrayFormula("Z1", formula) if case.get("array") else formula
    book.save(path)


def same(shown: Any, expected: Any) -> bool:
    """Whether a cell shows what Excel does, to 1e-9."""
    if isinstance(expected, dt.date):
        expected = serial(expected)
    if isinstance(shown, CellError):
        shown = shown.code
    if isinstance(shown, bool) or isinstance(expected, bool):
        return shown is expected
    if isinstance(shown, float) and isinstance(expected, int | float):
        return math.isclose(shown, expected, rel_tol=1e-9, abs_tol=1e-9)
    return bool(shown == expected)


def verdict(case: dict[str, Any], path: Path) -> tuple[str, Any]:
    """Recalculate one case, and say what came of it."""
    write(case, path)
    try:
        result = recalculate(path)
    except UserError as error:
        return "refused", str(error)
    shown = result.value("S", "Z1")
    if same(shown, decoded(case["expected"])):
        return "right", shown
    told = any(e.cell == "Z1" for e in result.errors) or any(d.cell == "Z1" for d in result.unsure)
    return "told" if told else "SILENT", shown


def main() -> int:
    """Go through a file of cases and sum up."""
    cases = json.loads(Path(sys.argv[1]).read_text())
    count: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases:
            word, shown = verdict(case, Path(scratch) / "case.xlsx")
            count[word] += 1
            if word == "SILENT" or (word != "right" and "--verbose" in sys.argv):
                print(word, case["id"], case["formula"], case["expected"], shown, sep=" | ")
    total = sum(count.values())
    words = ", ".join(f"{n} {word}" for word, n in count.most_common())
    print(f"{total} cases: {words} ({count['right'] / total:.1%} right)")
    return int(count["right"] < 0.97 * total or count["SILENT"] > 0.01 * total)


if __name__ == "__main__":
    sys.exit(main())
