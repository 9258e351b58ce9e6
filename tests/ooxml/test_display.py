"""A digest changes with what a reader sees of its kind, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName

from xlcredit.ooxml.display import ASPECTS, digests

from .samples import book, packed


def number_format(made: Workbook) -> None:
    made["S"]["A1"].number_format = "0.00"


def font(made: Workbook) -> None:
    made["S"]["A1"].font = Font(bold=True)


def hidden(made: Workbook) -> None:
    made["T"].sheet_state = "hidden"


def column(made: Workbook) -> None:
    made["S"].column_dimensions["A"].width = 40


def row(made: Workbook) -> None:
    made["S"].row_dimensions[1].hidden = True


def rule(made: Workbook) -> None:
    fill = PatternFill(bgColor="FF0000")
    made["S"].conditional_formatting.add("A1", FormulaRule(formula=["A1<1"], fill=fill))


def header(made: Workbook) -> None:
    made["S"].oddHeader.center.text = "Draft"


def name(made: Workbook) -> None:
    made.defined_names["cover"] = DefinedName("cover", attr_text="S!$A$1")


def margins(made: Workbook) -> None:
    made["S"].page_margins.left = 2.0


def value(made: Workbook) -> None:
    made["S"]["A1"] = 2.0


def formula(made: Workbook) -> None:
    made["S"]["B1"] = "=A1*3"


CHANGES: list[tuple[Callable[[Workbook], None], set[str]]] = [
    (number_format, {"number formats"}),
    (font, {"fonts, fills and alignment"}),
    (hidden, {"sheets and what is hidden"}),
    (column, {"columns and rows"}),
    (row, {"columns and rows"}),
    (rule, {"conditional formats"}),
    (header, {"headers and footers"}),
    (name, {"defined names"}),
    (margins, {"layout"}),
    (value, set()),
    (formula, set()),
]


def saved(path: Path, change: Callable[[Workbook], None] | None = None) -> dict[str, str]:
    made = openpyxl.Workbook()
    made.active.title = "S"
    made.create_sheet("T")
    made["S"]["A1"] = 1.0
    made["S"]["B1"] = "=A1*2"
    if change:
        change(made)
    made.save(path)
    return digests(book(path))


@pytest.mark.parametrize(("change", "aspects"), CHANGES, ids=lambda item: str(item)[:20])
def test_a_change_is_seen_in_its_own_kind(
    change: Callable[[Workbook], None], aspects: set[str], tmp_path: Path
) -> None:
    before, after = saved(tmp_path / "a.xlsx"), saved(tmp_path / "b.xlsx", change)
    assert set(before) == set(ASPECTS)
    changed = {aspect for aspect in ASPECTS if before[aspect] != after[aspect]}
    assert changed == aspects


@pytest.mark.parametrize(
    "change",
    [(b'<sz val="11"', b'<sz val="4"'), (b'patternType="gray125"', b'patternType="solid"')],
    ids=["font", "fill"],
)
def test_a_look_is_what_its_number_stands_for(change: tuple[bytes, bytes], tmp_path: Path) -> None:
    """The cells' numbers of styles stay as they are: what is behind the numbers is another look."""
    path = tmp_path / "a.xlsx"
    made = openpyxl.Workbook()
    made.active["A1"] = 1.0
    made.active["A2"].fill = PatternFill(patternType="gray125")
    made.save(path)
    part = "xl/styles.xml"
    before, styles = digests(book(path)), book(path).package.read(part)
    assert change[0] in styles
    after = digests(packed(path, {part: styles.replace(*change)}))
    changed = {aspect for aspect in ASPECTS if before[aspect] != after[aspect]}
    assert changed == {"fonts, fills and alignment"}
