"""A user's own months in a deal file: read as they are meant, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlcredit.deals import load, read_deal
from xlcredit.deals.write import write_deal
from xlcredit.errors import DealError, FileError
from xlcredit.workbook.plausible import doubtful_inputs

TEMPLATE, HOME = load("gpu-term-loan")
FILLED = (HOME / "deal.toml").read_text()


def deal_with(folder: Path, tables: str, inputs: str = "") -> Path:
    path = folder / "deal.toml"
    path.write_text(f"{FILLED}\n{inputs}\n{tables}\n")
    return path


def test_months_of_ones_own_are_read_from_lists_and_files(tmp_path: Path) -> None:
    (tmp_path / "use.csv").write_text(
        "Month,share in use\n2027-01-31,0.9\n2027-02,\n2027-03-31,0.7\n"
    )
    tables = """
[series]
rent_path = { values = [3.0, "", 2.5], first_month = 13, unit = "USD/GPU-hour", source = "broker" }
utilised = { file = "use.csv" }
[actuals]
opex = [25e6, 26e6]
"""
    deal = read_deal(deal_with(tmp_path, tables, "as_at_month = 2"), TEMPLATE)
    assert deal.series["rent_path"].values[11:16] == [None, 3.0, None, 2.5, None]
    assert deal.series["rent_path"].source == "broker"
    assert deal.series["utilised"].values[:4] == [0.9, None, 0.7, None]
    assert deal.actuals["opex"].values[:3] == [25e6, 26e6, None]
    path = tmp_path / "again.toml"
    path.write_text(write_deal(deal, TEMPLATE))
    assert read_deal(path, TEMPLATE) == deal


@pytest.mark.parametrize(
    "text",
    [
        "month,rent\n1,3.4\n2,1234.5\n3,\n",
        "\ufeffmonth;rent\r\n1;3,4\r\n2;1.234,5\r\n3;\r\n",
        'month,rent\n1,"3,4"\n2,"1.234,5"\n3,\n',
        'month\trent\n1\t3.40\n2\t"1,234.5"\n3\t\n',
        "sep=;\nmonth;rent\n1;3,4\n2;1 234,5\n3;\n",
        "date;rent\n31/01/2027;3,4\n28/02/2027;1234,5\n31/03/2027;\n",
        "date,rent\n01/01/2027,3.4\n01/02/2027,1234.5\n01/03/2027,\n",  # in a row, day first
        "date,rent\n1/1/2027,3.4\n2/1/2027,1234.5\n3/1/2027,\n",  # in a row, month first
        "month,rent\n01/2027,3.4\n02/2027,1234.5\n03/2027,\n",
    ],
)
def test_a_csv_of_any_country_is_read_as_it_is_meant(text: str, tmp_path: Path) -> None:
    (tmp_path / "rents.csv").write_bytes(text.encode())
    deal = read_deal(deal_with(tmp_path, "[series]\nopex = { file = 'rents.csv' }"), TEMPLATE)
    assert deal.series["opex"].values[:4] == [3.4, 1234.5, None, None]


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ("[series]\nrent_pat = [1]", ["rent_pat", "mean rent_path?"]),
        ("[series]\nbalance = [1]", ["balance", "rent_path"]),
        ("[series]\nmarket_rent = [1]", ["is an input, one number", "that it moves are rent_path"]),
        ("[series]\nrent_path = 'x.csv'", ["is 'x.csv'; give a list", '{ file = "x.csv" }']),
        ("[series]\nrent_path = 3.4", ["is 3.4; give a list", '{ file = "rents.csv" }']),
        (
            "[series]\nrent_path = { csv = 'x' }",
            ["csv is not a field", "values, file, first_month"],
        ),
        ('[series]\nrent_path = { values = [1], unit = "USD" }', ["USD/GPU-hour", '"USD"']),
        ("[series]\nrent_path = [1, true]", ["month 2", "number"]),
        ('[series]\nrent_path = ["much"]', ["month 1", "'much'"]),
        ("[series]\nrent_path = { first_month = 72, values = [1, 2] }", ["month 73", "1 to 72"]),
        ("[series]\nrent_path = { source = 'x' }", ["values", "file"]),
        ("[series]\nrent_path = { file = 'gap.csv' }", ["gap.csv, line 3", "leaves out month 2"]),
        ("[series]\nrent_path = { file = 'back.csv' }", ["line 3", "out of order"]),
        ("[series]\nrent_path = { file = 'head.csv' }", ["month,value", "date,value"]),
        (
            "[series]\nrent_path = { file = 'either.csv' }",
            ["either.csv, line 2, column rent: 1,234 is 1234 or 1.234", "write 1234 or 1.2340"],
        ),
        (
            "[series]\nrent_path = { file = 'comma.csv' }",
            ["comma.csv, line 2: two columns", "got 3", "decimal comma stands in quotes"],
        ),
        (
            "[series]\nrent_path = { file = 'words.csv' }",
            ["words.csv, line 3, column rent must be a number, or empty; got 'n/a'"],
        ),
        (
            "[series]\nrent_path = { file = 'slash.csv' }",
            ["slash.csv, line 2, column date: 01/02/2027 is 1 February 2027 or 2 January 2027"],
        ),
        ("[series]\nrent_path = { file = 'bare.csv' }", ["bare.csv has no months below"]),
        ("[series]\nrent_path = ['1,234']", ["month 1: 1,234 is 1234 or 1.234"]),
        ("[series]\nrent_path = ['85%']", ["month 1 must be a number", "'85%'"]),
        ("[series]\nrent_path = { file = 'day.csv' }", ["line 2", "2027-13-01"]),
        ("[actuals]\nopex = [1, 2]", ["opex", "month 2", "as_at_month = 0"]),
        (
            "[series]\nrent_path = { file = 'late.csv' }",
            ["line 2 (2033-01-31) is after month 72", "delete it"],
        ),
        (
            "[series]\nrent_path = { file = 'early.csv' }",
            [
                "early.csv: line 2 (2026-06-30) is not after closing_date = 2026-12-31",
                "closing_date = 2026-05-31",
                "[actuals]",
                "as_at_month",
                "delete it",
            ],
        ),
        (
            "[series]\nrent_path = { file = 'history.csv' }",
            [
                "history.csv: 14 lines, 2 to 15 (2025-11 to 2026-12), are not after closing_date",
                "closing_date = 2025-10-31",
                "delete them",
                "month 1 is the first after closing",
            ],
        ),
        (
            "[series]\nrent_path = { file = 'long.csv' }",
            [
                "line 2 (0) is not after closing; delete it",
                "2 lines, 75 to 76 (73 to 74), are after month 72",
            ],
        ),
        (f"[series]\nrent_path = {[3] * 73}", ["month 73", "1 to 72"]),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, tables: str, words: list[str]) -> None:
    for name, text in {
        "gap.csv": "month,value\n1,3\n3,2\n",
        "back.csv": "month,value\n2,3\n1,2\n",
        "either.csv": 'month,rent\n1,"1,234"\n',
        "bare.csv": "month,rent\n",
        "comma.csv": "month,rent\n1,2,60\n",
        "words.csv": "month,rent\n1,2.6\n2,n/a\n",
        "slash.csv": "date,rent\n01/02/2027,3\n",
        "head.csv": "when,what\n2,3\n",
        "day.csv": "date,value\n2027-13-01,3\n",
        "early.csv": "date,value\n2026-06-30,3\n",
        "late.csv": "date,value\n2033-01-31,3\n",
        "history.csv": "date,rent\n"
        + "".join(f"{2025 + n // 12}-{n % 12 + 1:02},3\n" for n in range(10, 36)),
        "long.csv": "month,value\n" + "".join(f"{n},3\n" for n in range(75)),
    }.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DealError) as caught:
        read_deal(deal_with(tmp_path, tables), TEMPLATE)
    told = str(caught.value)
    assert "\n" not in told
    assert all(word in told for word in words), told


def test_months_in_another_unit_are_calculated_and_told_with_both_readings(
    tmp_path: Path,
) -> None:
    tables = "[series]\nrent_path = [3.4, 260, 265]\n[actuals]\nrent_path = [2.6]"
    deal = read_deal(deal_with(tmp_path, tables, "as_at_month = 1"), TEMPLATE)
    (told,) = doubtful_inputs(deal, TEMPLATE)
    assert "[series] rent_path, month 2 = 260 reads as 260 USD/GPU-hour" in told
    assert "for 260 cents write 2.6" in told and "\n" not in told


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none\.csv: no such file"):
        read_deal(deal_with(tmp_path, "[series]\nopex = { file = 'none.csv' }"), TEMPLATE)
