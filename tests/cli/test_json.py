"""``--json`` is one schema: what every command prints holds to the file that ships."""

from __future__ import annotations

import datetime
import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.command import xlcredit
from xlcredit.cli.output import KINDS, output_schema
from xlcredit.cli.schema import as_text, schema_of
from xlcredit.deals import load, shipped
from xlcredit.deals.reading import folder
from xlcredit.deals.schema import deal_schema, template_schema

SHIPPED = files("xlcredit") / "schemas"
WORKBOOKS = Path(__file__).parents[2] / "workbooks"
LOAN = WORKBOOKS / "gpu-borrowing-base.xlsx"


def checker(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


@pytest.mark.parametrize("name", ["output", "template"])
def test_the_file_that_ships_is_what_the_command_prints(name: str) -> None:
    text = (SHIPPED / f"{name}.schema.json").read_text(encoding="utf-8")
    assert text == as_text(schema_of(name)), f"run: xlcredit schema {name} -o ... --force"


COMMANDS = {
    "dashboard": ["show", LOAN],
    "recalculation": ["recalc", "{small}", "--set", "rent_decline=60%", "--check"],
    "lint": ["lint", "{small}"],
    "stress grid": ["stress", "{small}", "--grid", "rent_decline=0.1,0.3"],
    "stress target": ["stress", LOAN, "--target", "min_dscr=1", "--by", "rent_decline=-0.5:0.5"],
    "stress reverse": ["stress", LOAN, "--reverse", "all", "--by", "rent_decline=0.1"],
    "diff": ["diff", "{small}", "{small}"],
    "seal": ["freeze", "--verify", "{frozen}"],
    "simulation": ["simulate", WORKBOOKS / "miner-dual-collateral.xlsx", "--paths", "500"],
    "calibration": ["calibrate", "--rents", "{quotes}"],
    "portfolio": ["portfolio", LOAN, "-o", "{tape}"],
    "excel doctor": ["excel", "doctor", LOAN],
    "doctor": ["doctor"],
}


def test_every_kind_has_a_command_here() -> None:
    assert set(COMMANDS) == set(KINDS) - {"market"}


@pytest.mark.parametrize("kind", COMMANDS)
def test_what_a_command_prints_holds_to_the_schema(kind: str, small: Path, tmp_path: Path) -> None:
    quotes = tmp_path / "rents.csv"
    lines = [f"2026-{m:02}-{d:02},H100,{2.5 - 0.1 * m + 0.01 * d}" for m in range(1, 10)
             for d in (1, 11, 21)]  # fmt: skip
    quotes.write_text("\n".join(["date,panel,rent", *lines]), encoding="utf-8")
    frozen, tape = tmp_path / "frozen.xlsx", tmp_path / "tape.csv"
    if kind == "seal":
        run("freeze", small, "-o", frozen)
    filled = {"{small}": small, "{frozen}": frozen, "{quotes}": quotes, "{tape}": tape}
    words = [filled.get(str(word), word) for word in COMMANDS[kind]]
    printed = json.loads(run(*words, "--json"))
    assert printed["kind"] == kind
    checker(output_schema()).validate(printed)


def run(*words: object) -> str:
    done = xlcredit(*words)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def plain(value: Any) -> Any:
    """A TOML document as taplo gives it to a schema: dates are text."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


@pytest.mark.parametrize("name", shipped())
def test_the_examples_hold_to_the_schemas_of_their_files(name: str) -> None:
    template = tomllib.loads((folder() / name / "template.toml").read_text(encoding="utf-8"))
    checker(template_schema()).validate(plain(template))
    deal = plain(tomllib.loads((folder() / name / "deal.toml").read_text(encoding="utf-8")))
    schema = checker(deal_schema(load(name)[0]))
    schema.validate(deal)
    given = next(iter(deal["inputs"]))
    for wrong in (
        {**deal, "template": "another"},
        {**deal, "nme": "x"},
        {**deal, "as_of": "yesterday"},
        {**deal, "inputs": {k: v for k, v in deal["inputs"].items() if k != given}},
        {**deal, "inputs": {**deal["inputs"], "no_such_input": 1}},
        {**deal, "inputs": {**deal["inputs"], given: ["a list"]}},
    ):
        assert not schema.is_valid(wrong)


def test_a_template_with_an_unknown_unit_does_not_hold() -> None:
    path = folder() / "gpu-term-loan" / "template.toml"
    template = plain(tomllib.loads(path.read_text(encoding="utf-8")))
    template["figure"][0]["unit"] = "EUR"
    assert not checker(template_schema()).is_valid(template)
