"""A house template's mistakes: one line each, with the line of the file where they stand."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from xlcredit.deals import Template, load, located, read_deal
from xlcredit.deals import template as schema
from xlcredit.errors import DealError, FormulaError
from xlcredit.workbook import build

HOME = load("gpu-term-loan")[1]
TEXT = (HOME / "template.toml").read_text()


def build_from(path: Path, deal: Path = HOME / "deal.toml") -> None:
    template, _ = load(str(path))
    try:
        build(template, read_deal(deal, template))
    except FormulaError as error:
        raise located(error, path) from None


def test_the_text_itself_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "template.toml"
    path.write_text(TEXT)
    build_from(path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"gpus*(gpu_cost+other', '"gpus*(gpu_costs+other', ["gpu_costs", "mean gpu_cost?"]),
        ('{ row = "balance" }', '{ row = "balanse" }', ["balanse", "monthly row", "balance?"]),
        ('height = "uncovered"', 'height = "uncoverd"', ["uncoverd", "mean uncovered?"]),
        ('base = "covered"', 'base = "coverd"', ["coverd", "mean covered?"]),
        ('{ input = "sale_days"', '{ input = "sale_day"', ["sale_day ", "not an input"]),
        ('{ input = "rent_decline", b', '{ input = "rent_declin", b', ["rent_declin", "an input"]),
        ('{live.customer_stops}=0', '{live.customer_stop}=0', ["mean customer_stops?"]),
        ('{live.customer_stops}=0', '{live.utilisation}=0', ["no scenario moves that input"]),
        ("{balance.prev}", "{balance.before}", [".before", ".prev"]),
        ("{balance.prev}", "{balanse.prev}", ["{balanse.prev}", "mean balance?"]),
        ('title = "What moves the minimum DSCR on payment dates, no sweep"\nunit = "ratio"',
         'title = "What moves the minimum DSCR on payment dates, no sweep"\nunit = "ration"',
         ["'ration'", "mean ratio?"]),
        ('label = "Rents 20% lower"', 'label = "Rents, lower"', ["scenario", "comma"]),
        ('weight = 0.15', 'weight = 0.95', ["weights", "add to at most 1", "1.4"]),
        ('1.2, "As input"', '1.2, "as it is"', ["Rents 20% higher", '"As input"', "as it is"]),
        (
            '"{service_scheduled}*{tested}"',
            '"SUM({service_scheduled}*{tested}"',
            ["brackets do not match"],
        ),
        ('name = "steps_taken"', 'name = "rent_flat"', ["rent_flat", "twice"]),
        ('name = "balance_end"', 'name = "margin"', ["margin", "twice"]),
        ("values = [0.0, 1.2, ", "values = [0.0, ", ["Rents 20% higher", "one value per input"]),
        ('name = "ltv_executed_end"', 'name = "ltv1"', ["ltv1", "reads it as a cell"]),
        ('name = "ltv_executed_end"', 'name = "R1C1"', ["R1C1", "cell"]),
        ('name = "ltv_executed_end"', 'name = "c"', ["cell"]),
        ('name = "ltv_executed_end"', 'name = "TRUE"', ["TRUE", "word"]),
        ('name = "ltv_executed_end"', 'name = "two words"', ["'two words' is not a name"]),
        ('name = "overdue"', 'name = "case"', ["case", "braces"]),
        ('name = "overdue"', 'name = "Margin"', ["margin", "twice"]),
        ('name = "Collateral"', 'name = "Bank\'s values"', ["cannot name a sheet"]),
        ('name = "Collateral"', 'name = "Val:ues"', ["cannot name a sheet"]),
        ('name = "Collateral"', 'name = "inputs"', ["inputs", "already"]),
        ('name = "Collateral"', f'name = "{"x" * 32}"', ["31 characters"]),
        ('label = "Interest paid"', 'label = "Closing \\u0007"', ["label", "control character"]),
        ('label = "Interest paid"', 'label = "=1+1"', ["label", "begin with ="]),
        ('formula = "gpus/daily_depth"', 'formula = "=gpus/daily_depth"', ["begin with ="]),
        ('formula = "gpus/daily_depth"', 'formula = ""', ["formula is empty"]),
        ('formula = "gpus/daily_depth"', 'formula = "gpus/daily_depth)"', ["do not match"]),
        ('across = [0.0, 0.05, 0.1, 0.2, 0.3]', "across = []", ["across is empty"]),
        ("months = 72\n", "months = 0\n", ["months", "12..360"]),
        ("months = 72\n", "months = 20000\n", ["months", "12..360"]),
        ('value = 1.40, low = 0.01', 'value = 11.40, low = 0.01', ["sizing_dscr", "0.01..10"]),
        ('{ name = "debt", label', '{ name = "debt", formula = "1", label', ["not both"]),
        ('across_unit = "1/year"', 'across_unit = "yearly"', ["yearly"]),
        ('driver_unit = "1/year"', 'driver_unit = "EUR"', ["EUR", "USD/unit"]),
        ("0.30, -0.35", "1.30, -0.35", ["Down 30% and back", "step_drop_1"]),
        ('label = "Rents 20% lower"', 'label = "Rents 20% higher"', ["Rents 20% higher", "twice"]),
        ('market = "at least 95%', f'market = "{"x" * 230}', ["Hedging", "fit in a formula"]),
    ],
)  # fmt: skip
def test_a_mistake_names_its_line(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    assert old in TEXT
    path = tmp_path / "template.toml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(DealError) as caught:
        build_from(path)
    told = str(caught.value)
    assert "\n" not in told
    assert all(word in told for word in words), told
    line = re.match(r".*template\.toml(?:,|: 2 mistakes:) line (\d+): ", told)
    assert line, told
    # the line holds what was changed or the name that is complained of; a label may stand above
    at = int(line[1]) - 1
    there = path.read_text().splitlines()[at : at + 3]
    known = set(TEXT.splitlines())
    assert any(ln not in known or any(word in ln for word in words) for ln in there), there


def test_six_figures_do_not_stand_side_by_side(tmp_path: Path) -> None:
    figure = '  { name = "one_more", label = "One more", unit = "bp", formula = "1" },\n'
    path = tmp_path / "template.toml"
    head, middle, tail = TEXT.partition('title = "Price of the risk"')
    path.write_text(head + middle + tail.replace("figure = [\n", "figure = [\n" + figure, 1))
    told = r"line \d+: Price of the risk: 6 figures; up to 5 .*; begin a \[\[comparison\]\], or"
    with pytest.raises(DealError, match=told):
        load(str(path))


def test_the_page_on_templates_names_every_field() -> None:
    page = (HOME.parent / "README.md").read_text()
    seen = set(re.findall(r"`([a-z_]+)`|`\[+([a-z_.]+)\]+`", page))
    words = {part for pair in seen for name in pair if name for part in name.split(".")}
    kinds = [k for k in vars(schema).values() if isinstance(k, type)]
    for kind in kinds:
        if not issubclass(kind, msgspec.Struct) or kind is schema.Struct:
            continue
        missing = sorted(set(kind.__struct_fields__) - words)
        assert not missing, (
            f"templates/README.md says nothing of {missing}, fields of {kind.__name__}: "
            "name each in backticks in the row of its table"
        )


@pytest.mark.parametrize("table", Template.__struct_fields__)
def test_the_page_on_templates_has_a_row_for_every_table(table: str) -> None:
    """Else a table whose fields are words of another one would stand nowhere."""
    page = (HOME.parent / "README.md").read_text()
    rows = page.partition("\n## Tables\n")[2].partition("\n## ")[0]
    row = rf"^\| (top of the file \| .*)?`\[*{table}\]*`"
    assert re.search(row, rows, re.MULTILINE), (
        f"templates/README.md has no row for [[{table}]] in the table of its section Tables: "
        "add one, with its fields and what it becomes"
    )
