"""Every constant that ships has a source, a date and a licence, and the tables can be replaced."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import evidence
from tests.oracles.tables import Table
from xlcredit import reference
from xlcredit.deals import load, read_deal, shipped
from xlcredit.deals.template import AS_INPUT
from xlcredit.errors import FileError
from xlcredit.functions import REGISTRY, call
from xlcredit.reference import (
    FOLDER_VARIABLE,
    TABLES,
    UNDATED,
    Card,
    Cost,
    Default,
    Facility,
    Row,
    Scenario,
    catalogue,
    is_older,
    stale,
    table,
)

SHIPPED = Path(reference.__file__).parent
#: Under which a row may ship: single facts, public filings, open licences, our own work.
LICENCES = {"facts", "public record", "MIT", "CC BY 4.0", "MIT (xlcredit)"}
#: Whose licence does not let a product carry their figures.
CLOSED = ("silicon data", "ornn", "computable", "cgi", "vast", "runpod", "cherielilili")
#: Arguments that steer a computation and say nothing about a market.
SETTINGS = {"paths", "seed"}
#: A default of 0 or 1 that leaves a term out of the formula.
NEUTRAL = (0.0, 1.0)

every_table = pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.file)
every_template = pytest.mark.parametrize("name", shipped())


def rows(kind: type[Row]) -> list[Any]:
    return [pytest.param(row, id=str(getattr(row, kind.identity[0]))) for row in table(kind)]


every_row = pytest.mark.parametrize("row", [row for kind in TABLES for row in rows(kind)])


# --- what ships -----------------------------------------------------------------------------


@every_row
def test_a_shipped_row_is_sourced_dated_and_licensed(row: Row) -> None:
    assert row.source
    assert row.as_of is not None
    assert row.as_of <= datetime.date(2026, 11, 22)
    assert row.licence in LICENCES
    assert not [word for word in CLOSED if word in row.source.casefold()]
    assert "unverified" not in row.source or row.grade == "C"
    if row.source.startswith(("assumption", "illustration")):
        assert row.licence == "MIT (xlcredit)"


@every_row
def test_a_shipped_text_fits_a_cell_of_a_block(row: Row) -> None:
    for value in vars(row).values():
        if isinstance(value, str):
            assert len(value) <= 255
            assert not value.startswith(("#", "="))


@every_template
def test_every_input_of_a_template_is_sourced(name: str) -> None:
    template, folder = load(name)
    deal = read_deal(folder / "deal.toml", template)
    defaults = [i for i in template.inputs.values() if i.value is not None]
    assert len(deal.inputs) > 20
    for item in [*defaults, *deal.inputs.values()]:
        assert item.source, item.name
        assert item.as_of or item.source.startswith(UNDATED), item.name
        assert item.as_of is None or item.as_of <= deal.as_of, item.name


def numeric_defaults() -> Iterator[Any]:
    """Each numeric default of an argument or a label, with the name that defines it."""
    for function in REGISTRY.values():
        for parameter in function.parameters:
            given = {parameter.name: parameter.default}
            if parameter.terms is not None:
                fields = dataclasses.fields(parameter.terms)
                given = {f.name: f.default for f in fields if f.default is not dataclasses.MISSING}
            for name, default in given.items():
                if isinstance(default, (int, float, np.ndarray)):
                    yield pytest.param(name, default, id=f"{function.name}-{name}")


@pytest.mark.parametrize(("name", "default"), list(numeric_defaults()))
def test_a_default_that_is_a_figure_is_in_the_table_of_defaults(name: str, default: Any) -> None:
    if np.all(np.isin(default, NEUTRAL)) or name in SETTINGS:
        return
    cited = {row.key: row.value for row in table(Default)}
    assert name in cited, f"{name}={default}: add a row with its source to defaults.csv"
    assert cited[name] == default


def test_the_template_offers_the_scenarios_of_the_table() -> None:
    template, _ = load("gpu-term-loan")
    *fields, last = template.scenarios.inputs
    assert last == "customer_stops"  # the table is of rents; in it the customer always pays
    first, *others = template.scenarios.case
    assert first.label == AS_INPUT
    cases = {c.label: c.values[:-1] for c in others if c.values[-1] == AS_INPUT}
    assert cases == {
        row.scenario: [AS_INPUT if v is None else v for v in (getattr(row, f) for f in fields)]
        for row in table(Scenario)
    }


def test_the_filled_deal_has_the_public_terms_of_the_table() -> None:
    template, folder = load("gpu-term-loan")
    deal = read_deal(folder / "deal.toml", template)
    row = next(row for row in table(Facility) if row.deal == "CoreWeave DDTL 3.0")
    assert "DDTL 3.0" in deal.name
    assert row.size_usd == deal["commitment"].value
    assert row.spread == deal["margin"].value
    assert row.covenant_dscr == deal["covenant_dscr"].value
    # the example borrows the terms, and not the names
    assert row.borrower != deal["borrower"].value
    assert row.customer != deal["customer"].value


@every_template
def test_the_card_of_a_template_is_in_the_catalogue(name: str) -> None:
    template, folder = load(name)
    deal = read_deal(folder / "deal.toml", template)
    if "gpu_model" in deal.inputs:
        assert catalogue().find(str(deal["gpu_model"].value))


def test_the_catalogue_has_dense_figures() -> None:
    """Vendors quote sparse ones, which are twice as high."""
    for card in table(Card):
        if card.fp8_tflops and card.bf16_tflops and card.vendor == "NVIDIA":
            assert card.fp8_tflops <= 2.05 * card.bf16_tflops or "fp8" in card.unverified


# --- age ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "on", "months", "older"),
    [
        ("2025-11-22", "2026-11-22", 12, False),
        ("2025-11-21", "2026-11-22", 12, True),
        ("2024-02-29", "2026-02-28", 24, False),
        ("2026-02-28", "2026-03-31", 1, False),
        ("2026-02-27", "2026-03-31", 1, True),
        ("2027-01-01", "2026-11-22", 12, False),
        ("0001-01-01", "0001-06-01", 12, False),
    ],
)
def test_age_counts_in_calendar_months(as_of: str, on: str, months: int, older: bool) -> None:
    day = datetime.date.fromisoformat
    assert is_older(day(as_of), day(on), months) is older


def test_a_row_is_stale_by_the_measure_of_its_table() -> None:
    cost = next(row for row in table(Cost) if row.as_of == datetime.date(2025, 12, 31))
    assert not stale(cost, datetime.date(2026, 12, 31))
    assert stale(cost, datetime.date(2027, 1, 1))
    undated = dataclasses.replace(cost, as_of=None, source="assumption")
    assert not stale(undated, datetime.date(2099, 1, 1))


# --- the user's own tables ------------------------------------------------------------------


def own(folder: Path, kind: type[Row], edit: Any) -> Path:
    """Copy a shipped table into a folder with its lines edited."""
    lines = (SHIPPED / kind.file).read_text(encoding="utf-8").splitlines()
    (folder / kind.file).write_text("\n".join(edit(lines)) + "\n", encoding="utf-8")
    return folder


def only(line: str) -> Any:
    """Keep the header, and one line of our own."""
    return lambda lines: [lines[0], line]


def test_a_user_s_table_takes_the_place_of_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(tmp_path, Cost, only("H100,18000,19000,a quote,2026-11-01,our broker,A,internal,"))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert call("XLC_GPU", "H100", [["cost_low", "cost_source", "tdp_w"]]) == [
        [18000.0, "our broker", 700.0]
    ]
    assert [row.card for row in table(Cost)] == ["H100"]
    assert len(table(Cost, "")) > 1


def test_a_table_saved_by_excel_is_read(tmp_path: Path) -> None:
    text = (SHIPPED / "costs.csv").read_text(encoding="utf-8")
    blank = "," * text.split("\n")[0].count(",")
    crlf = "\ufeff" + text.replace("\n", "\r\n") + blank + "\r\n"
    (tmp_path / "costs.csv").write_text(crlf, encoding="utf-8", newline="")
    assert table(Cost, tmp_path) == table(Cost)


HEAD = "card,cost_low,cost_high,basis,as_of,source,grade,licence,note"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{HEAD}\nH100,1,2,,2026-01-01,,A,MIT,", "row 2, column source: is empty"),
        (f"{HEAD}\nH100,1,2,,2026-01-01,us,A,,", "row 2, column licence: is empty"),
        (f"{HEAD}\nH100,1,2,,,us,A,MIT,", "row 2, column as_of: is empty"),
        (f"{HEAD}\n\nH100,1,2,,22/11/2026,us,A,MIT,", "row 3, column as_of: must be a date"),
        (f"{HEAD}\nH100,1k,2,,2026-01-01,us,A,MIT,", "column cost_low: must be a number"),
        (f"{HEAD}\nH100,nan,2,,2026-01-01,us,A,MIT,", "column cost_low: must be a number"),
        (f"{HEAD}\nH100,3,2,,2026-01-01,us,A,MIT,", "column cost_high: is below cost_low"),
        (f"{HEAD}\nH100,1,2,,2026-01-01,us,D,MIT,", "column grade: must be A, B or C"),
        (f"{HEAD}\nH100,1,2", "row 2: 9 cells are needed; got 3"),
        (f"{HEAD}\n" + "H100,1,2,,2026-01-01,us,A,MIT,\n" * 2, "H100 is given twice"),
        (HEAD.replace("basis", "bases"), 'column "bases" is not known; did you mean basis?'),
        (HEAD.replace("basis", "zebra"), 'column "zebra" is not known; the columns are source, '),
        (HEAD.replace(",note", ",card"), "column card is given twice"),
        (HEAD.replace("basis,", ""), "column basis is missing"),
        (HEAD.replace(",", ";"), "commas are needed"),
        ("", "column source is missing"),
        (f'{HEAD}\n"H100', "is not a CSV file"),
    ],
)
def test_a_wrong_table_is_told_by_file_row_and_column(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "costs.csv").write_text(text, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        table(Cost, tmp_path)
    assert str(tmp_path / "costs.csv") in str(caught.value)
    assert told in str(caught.value)


def test_a_table_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "costs.csv").write_bytes(f"{HEAD}\nH100,1,2,é".encode("latin-1"))
    with pytest.raises(FileError, match="is not UTF-8 text"):
        table(Cost, tmp_path)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such folder"):
        table(Cost, tmp_path / "nowhere")


@every_table
def test_each_table_can_be_replaced(tmp_path: Path, kind: type[Row]) -> None:
    own(tmp_path, kind, lambda lines: lines[:2])
    assert table(kind, tmp_path) == table(kind)[:1]


# --- the evidence command -------------------------------------------------------------------


def evidence_of(*cases: dict[str, Any]) -> Table:
    return Table("XLC_COVENANT", "by hand", "make_it.py", "2026-11-22", 1e-9, list(cases))


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ([evidence_of({"arguments": [1, 1], "expected": "BREACH"})], "exceeds its tolerance"),
        ([evidence_of()], "has no cases"),
        ([], "has no reference table"),
        ([Table("XLC_NONE", "", "", "", 0.0, [])], "is not a function"),
    ],
)
def test_evidence_that_fails_is_told(tables: list[Table], told: str) -> None:
    text, faults = evidence.report(tables, ["XLC_COVENANT"])
    assert any(told in fault for fault in faults)
    assert text.startswith("| function |")


def test_evidence_that_holds() -> None:
    good = evidence_of({"arguments": [1, 1], "expected": "PASS"})
    text, faults = evidence.report([good], ["XLC_COVENANT", "XLC_GPU"])
    assert not faults
    assert "| `XLC_COVENANT` | by hand | `make_it.py` | 2026-11-22 | 1 | 0 |" in text
    assert "`XLC_GPU`" in text
