"""The sheets keep the rules of FAST and of the house."""

from __future__ import annotations

import itertools
import re
import zipfile
from pathlib import Path

import msgspec
import openpyxl
import pytest
from openpyxl.formula.translate import Translator
from openpyxl.utils import get_column_letter as letter
from openpyxl.utils import range_boundaries

from tests.workbook.conftest import Example
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.recalc import recalculate
from xlcredit.workbook import build
from xlcredit.workbook.style import GREEN
from xlcredit.workbook.tables.scenarios import HEADER_ROW

ROOT = Path(__file__).parents[2]

_FRACTION = re.compile(rb"<v>(-?\d+\.\d+(?:E[-+]?\d+)?)</v>")


def test_the_same_deal_builds_the_same_bytes(example: Example) -> None:
    assert build(example.template, example.deal) == example.source.read_bytes()


def test_the_committed_workbook_is_what_the_code_builds(example: Example) -> None:
    """Byte for byte but for values, whose last digit is the processor's (its exp and log)."""
    committed, built = (
        zipfile.ZipFile(ROOT / "workbooks" / example.path.name),
        zipfile.ZipFile(example.path),
    )
    assert committed.namelist() == built.namelist(), "run: xlcredit demo workbooks --force"
    for part in built.namelist():
        (old, old_values), (new, new_values) = _parted(committed, part), _parted(built, part)
        assert old == new, f"{part}; run: xlcredit demo workbooks --force"
        assert new_values == pytest.approx(old_values, rel=1e-12, abs=1e-15), part


def _parted(archive: zipfile.ZipFile, part: str) -> tuple[bytes, list[float]]:
    """Take the fractions out of a part: the rest, and their values."""
    xml = archive.read(part)
    values = [float(v) for v in _FRACTION.findall(xml)] if part.endswith(".xml") else []
    return _FRACTION.sub(b"<v></v>", xml), values


def test_sheets_stand_in_order(example: Example) -> None:
    monthly = [sheet.name for sheet in example.template.sheet]
    assert monthly[:3] == ["Rents", "Cash flow", "Debt"]
    assert "Collateral" in monthly
    annual = ["Annual"] if example.template.annual else []
    curves = ["Curves"] if example.template.own_rows else []
    annual += ["Compliance"] if example.template.compliance else []
    expected = ["Term Sheet", "Summary", *annual, "Inputs", *curves, *monthly, "Stress"]
    expected += ["Audit", "Checks", "Sources", "Functions"]
    assert example.formulas.sheetnames == expected


def test_a_sheet_that_is_not_printed_prints_an_empty_cell(example: Example) -> None:
    """With no print area all of it would be printed; a page without content is left out."""
    for spec in example.template.sheet:
        sheet = example.formulas[spec.name]
        cell = str(sheet.print_area).rsplit("!", 1)[-1].replace("$", "")
        if spec.printed:
            assert ":" in cell or not cell  # figures without months are fitted to their pages
            continue
        assert (sheet.print_title_rows, sheet.print_title_cols) == (None, None)
        assert sheet[cell].value is None
        last = max(at.row for line in sheet.iter_rows() for at in line if at.value is not None)
        assert sheet[cell].row > last


def test_no_name_of_a_formula_is_read_as_a_word(example: Example) -> None:
    """``on their sim_paths``: a name replaced in all of a template is replaced in its sentences."""
    names = {name for name in example.result.names if "_" in name}
    words = re.compile(r"\b\w+\b")
    for sheet in set(example.formulas.sheetnames) - {"Functions"}:
        for at, value in example.result.values[sheet].items():
            if isinstance(value, str):
                assert not names & set(words.findall(value)), (sheet, at, value)


def test_one_formula_per_row(example: Example) -> None:
    """Every month's formula is the first month's, copied to the right."""
    seen = 0
    for sheet in example.template.sheet:
        if not any(row.formula for block in sheet.block for row in block.row):
            continue  # a sheet of constants has no months
        cells = example.formulas[sheet.name]
        for row in range(7, cells.max_row + 1):
            first = cells.cell(row, 5).value
            if not isinstance(first, str):
                continue
            first = _apart(first)
            for column in range(6, 5 + example.template.months):
                here = f"{letter(column)}{row}"
                copied = Translator(first, f"E{row}").translate_formula(here)
                assert _apart(cells[here].value) == copied, (sheet.name, here)
                seen += 1
    assert seen > 1000


def _apart(formula: str) -> str:
    """The formula for openpyxl, to which ``E5:INDEX(`` is the name of a function."""
    return formula.replace(":INDEX(", "+INDEX(")


def test_nothing_hidden_volatile_or_forbidden(example: Example) -> None:
    forbidden = re.compile(r"\b(OFFSET|INDIRECT|NPV|NOW|TODAY|RAND|RANDBETWEEN)\(")
    for sheet in example.formulas:
        assert sheet.sheet_state == "visible"
        assert not any(d.hidden for d in sheet.row_dimensions.values())
        assert not any(d.hidden for d in sheet.column_dimensions.values())
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith("="):
                    assert not forbidden.search(cell.value), (sheet.title, cell.coordinate)


def test_calculation_sheets_merge_nothing(example: Example) -> None:
    for name in ["Inputs", *(s.name for s in example.template.sheet), "Stress", "Audit", "Checks"]:
        assert not example.formulas[name].merged_cells.ranges


def test_every_verdict_is_guarded(example: Example) -> None:
    """A test that yields PASS must ask ISNUMBER of both sides first."""
    seen = 0
    for sheet in example.formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and '"PASS","BREACH"' in cell.value:
                    compared = re.findall(r"([\w.$]+)(?:[<>]=|=)([\w.$]+)", cell.value)
                    asked = re.findall(r"ISNUMBER\(([\w.$]+)\)", cell.value)
                    sides = {side for pair in compared for side in pair if not side.isdigit()}
                    assert sides and sides <= {*asked}
                    assert '"CHECK"' in cell.value
                    seen += 1
    template = example.template
    # other words of a scenario say what became of the loan, and test nothing
    verdicts = sum('"BREACH"' in metric.formula for metric in template.scenarios.metric)
    cases = verdicts * len(template.scenarios.case)
    assert seen == len(template.covenant) + len(template.certificate) + cases


def test_no_formula_needs_an_array_entry(example: Example) -> None:
    """LibreOffice without the add-in recalculates array formulas and loses their values."""
    with zipfile.ZipFile(example.path) as package:
        for part in package.namelist():
            if part.startswith("xl/worksheets/sheet"):
                assert b't="array"' not in package.read(part)


def test_the_last_column_of_the_audit_is_the_difference(example: Example) -> None:
    sheet = example.formulas["Audit"]
    header = [c.value for c in sheet[4] if c.value]
    assert header[-1] == "Difference"
    functions = {sheet.cell(r, 3).value for r in range(5, sheet.max_row + 1)}
    assert {"XLC_DSCR", "XLC_LLCR", "XLC_DUAL_LTV"} <= functions
    assert functions & {"XLC_SCULPT", "XLC_DEBT_CAPACITY"}
    assert ("gpu_model" in example.deal.inputs) <= ("XLC_GPU_RESIDUAL" in functions)


def test_every_worksheet_function_has_a_twin(example: Example) -> None:
    used, twins = set(), set()
    for sheet in example.formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.data_type == "f":
                    used |= set(re.findall(r"XLC_[A-Z_]+", cell.value))
    for twin in example.template.twin:
        twins |= set(re.findall(r"XLC_[A-Z_]+", twin.function + twin.of))
    assert used <= twins


def test_inputs_are_named_dated_and_validated(example: Example) -> None:
    sheet = example.formulas["Inputs"]
    validated = {
        str(r) for rule in sheet.data_validations.dataValidation for r in rule.sqref.ranges
    }
    for name, item in example.deal.inputs.items():
        place = example.formulas.defined_names[name].attr_text.replace("$", "")
        cell = place.partition("!")[2]
        row = int(cell[1:])
        assert sheet[cell].value == item.value or sheet[cell].value.date() == item.value
        assert sheet.cell(row, 3).value == item.unit
        assert sheet.cell(row, 4).value == item.source
        assert sheet[cell].protection.locked is False
        if item.unit not in ("text",):
            assert cell in validated, name


HOSTILE = ("=1+1", "+cmd|calc", "-2", "@SUM(A1)", "naïve \U0001f4a3 \u202e name")


def test_a_hostile_name_stays_text(example: Example, tmp_path: Path) -> None:
    inputs = dict(example.deal.inputs)
    free = [
        name
        for name, item in example.template.inputs.items()
        if item.unit == "text" and not item.choices and name in inputs and name != "downside"
    ]
    evil = dict(zip(free, itertools.cycle(HOSTILE)))
    for name, text in evil.items():
        inputs[name] = msgspec.structs.replace(inputs[name], value=text)
    source = tmp_path / "evil.xlsx"
    source.write_bytes(
        build(example.template, msgspec.structs.replace(example.deal, inputs=inputs))
    )
    result = recalculate(source)
    assert len(evil) >= len(HOSTILE)
    assert {name: result.names[name] for name in evil} == evil
    assert result.names["master_check"] == "OK"


@pytest.mark.parametrize("part", ["xl/charts/chart1.xml", "xl/charts/chart2.xml"])
def test_charts_are_there(example: Example, part: str) -> None:
    with zipfile.ZipFile(example.path) as package:
        assert part in package.namelist()


def test_no_figure_that_is_judged_is_green(example: Example) -> None:
    """The green of a link reads as good; what a committee reads is black, what failed is red."""
    for name in ("Term Sheet", "Summary", "Annual", "Compliance"):
        cells = (cell for row in example.formulas[name].iter_rows() for cell in row)
        green = [c.coordinate for c in cells if c.font.color and c.font.color.rgb == f"00{GREEN}"]
        # a total of the page Annual's last column checks the years against the months
        last = letter(example.formulas["Annual"].max_column)
        assert [c for c in green if name != "Annual" or not c.startswith(last)] == [], name
    table = example.formulas["Stress"]
    rows = range(HEADER_ROW + 1, HEADER_ROW + 1 + len(example.template.scenarios.case))
    assert not [
        cell.coordinate
        for row in rows
        for cell in table[row]
        if cell.font.color and cell.font.color.rgb == f"00{GREEN}"
    ]


def test_the_figures_of_a_failed_test_are_red(example: Example) -> None:
    sheet = example.formulas["Summary"]
    rows = [c.row for c in sheet["E"] if isinstance(c.value, str) and '"BREACH"' in c.value]
    assert len(rows) == len(example.template.covenant)
    reds = {
        str(area)
        for spec in sheet.conditional_formatting
        for rule in spec.rules
        if any(f.startswith(f'OR($E{rows[0]}="BREACH"') for f in rule.formula)
        for area in spec.sqref.ranges
    }
    assert reds == {f"B{rows[0]}:B{rows[-1]}", f"F{rows[0]}:G{rows[-1]}"}


def test_the_printed_figures_are_figures(example: Example) -> None:
    """No fragment of a sentence and no code stands among them; each has a cell that is named."""
    sheet = openpyxl.load_workbook(example.path, data_only=True)["Term Sheet"]
    _, _, _, last = range_boundaries(sheet.print_area.rpartition("!")[2])
    first = next(cell.row for cell in sheet["A"] if cell.value == "Figures") + 1
    printed = [(sheet.cell(row, 2).value, sheet.cell(row, 4).value) for row in range(first, last)]
    words = [value for _, value in printed if isinstance(value, str)]
    assert all(len(value) < 30 and value[:1] not in ";:" for value in words), words
    assert not any("in words" in str(label) or "Verdict" in str(label) for label, _ in printed)
    hidden = [figure for figure in example.template.figure if not figure.printed]
    names = Book(Package(example.path)).cell_names
    assert all(names[figure.name].row > last for figure in hidden)
    assert len([value for _, value in printed if value is not None]) + len(hidden) == len(
        example.template.figure
    )
