"""An auditor that is not ours, ``spreadsheet-auditor`` from PyPI, finds nothing in the workbooks.

It reads every formula, has LibreOffice calculate the workbook in a profile of its own, and looks
for errors in the values. In that profile our add-in is a bundled extension.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from xlcredit.deals import Template, load, shipped
from xlcredit.deals.template import Row
from xlcredit.hosts.libreoffice.package import unpack
from xlcredit.recalc.libreoffice import environment
from xlcredit.workbook.pages.curves import CurvesPage, with_curves
from xlcredit.workbook.pages.monthly import MonthlyPage

pytestmark = pytest.mark.libreoffice

ROOT = Path(__file__).parents[2]

#: Every rule there is, also those that are off unless asked for, but one: SIGN_CONVENTION wants
#: a cost to be a negative number, and here a cost is a positive one that a formula subtracts.
RULES = {
    "finance": {"enabled": True},
    "checks": {"BLANK_PRECEDENT": "error", "SIGN_CONVENTION": "off"},
}

Found = set[tuple[str, str]]

#: What it finds and we keep, by workbook: the rule, the cell, and a comment with the reason.
ACCEPTED: dict[str, Found] = {
    # what the driver is called hangs on the block, in the covers above it on own months; the month
    # in which the customer stops stands among the totals of other rows; the threshold of a cover
    # stands above two of nothing
    "gpu-borrowing-base": {
        *(("FORMULA_DRIFT", cell) for cell in ("Summary!I44", "Summary!D61", "Rents!C13")),
    },
    # the threshold of a cover above two of nothing; a test that is at most below others at least
    "gpu-term-loan": {("FORMULA_DRIFT", "Summary!D60"), ("FORMULA_DRIFT", "Compliance!E51")},
    # a flag, a present value and a count of months among the totals of other rows; such a test
    "hosting-project-loan": {
        *(("FORMULA_DRIFT", cell) for cell in ("Debt!C11", "Debt!C33", "Cash flow!C13")),
        ("FORMULA_DRIFT", "Compliance!E42"),
    },
    # an LTV on collateral worth nothing is no number; what is not liquidated stays an error
    "miner-dual-collateral": {
        *(("IFERROR_MASK", f"Stress!K{row}") for row in range(6, 17)),
        # the first month's premium below a total
        ("FORMULA_DRIFT", "Price of risk!C15"),
    },
}

#: Ties are decided to twelve digits in every comparison; the number is no input.
TIE = "Non-trivial numeric literal(s) found: "

Audit = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def extensions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The add-in, as LibreOffice finds it in ``BUNDLED_EXTENSIONS``."""
    return unpack(tmp_path_factory.mktemp("extensions"))


@pytest.fixture
def audit(tmp_path: Path, extensions: Path) -> Audit:
    """Audit a workbook; give the auditor's JSON."""
    if shutil.which("soffice") is None and "CI" not in os.environ:
        pytest.skip("LibreOffice is not installed")

    def run(workbook: Path, *, add_in: bool = True) -> dict[str, Any]:
        config, out = tmp_path / "config.json", tmp_path / "findings.json"
        config.write_text(json.dumps(RULES))
        done = subprocess.run(
            [
                *(sys.executable, "-I", "-m", "spreadsheet_auditor", str(workbook), "--quiet"),
                *("--config", str(config), "--json", str(out), "--recalc-timeout", "120"),
            ],
            # in a folder of its own there is no .audit-ignore, which would hide findings
            cwd=tmp_path,
            env=environment() | ({"BUNDLED_EXTENSIONS": extensions.as_uri()} if add_in else {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in {0, 1}, done.stderr
        told: dict[str, Any] = json.loads(out.read_text())
        # without LibreOffice's answer it looks at the stored values, finds nothing, and exits 0
        assert told["workbook"]["recalc_status"] == "completed", told["coverage"]["limitations"]
        assert told["coverage"]["complete"] and told["coverage"]["limitations"] == []
        assert told["coverage"]["finding_counts"]["total"] == len(told["findings"])
        return told

    return run


def found(told: dict[str, Any], template: Template | None = None) -> Found:
    """What it finds, but what the layout of a template's monthly sheets means."""
    by_design = closings(template) if template else set()
    return {
        (finding["rule_id"], finding["location"])
        for finding in told["findings"]
        if (finding["rule_id"], finding["location"]) not in by_design and not is_tie(finding)
    }


def closings(template: Template) -> Found:
    """The closing column of the rows that begin with another formula than their months have.

    A balance begins with the debt drawn, a reserve with what is paid in: the auditor knows the
    column as a seed only where a row reads its own month before.
    """
    rows: Found = set()
    for page in [CurvesPage(template), *map(MonthlyPage, with_curves(template).sheet)]:
        for at, row in page.layout():
            if isinstance(row, Row) and row.formula and row.opening not in ("", "formula"):
                rows.add(("FORMULA_DRIFT", f"{page.name}!D{at}"))
    return rows


def is_tie(finding: dict[str, Any]) -> bool:
    told = str(finding["evidence"][0])
    literals = told.removeprefix(TIE).rstrip(".").split(", ")
    return finding["rule_id"] == "LITERAL_CONSTANT" and set(literals) == {"1E-12"}


@pytest.mark.parametrize("name", shipped())
def test_an_independent_auditor_finds_nothing(name: str, audit: Audit) -> None:
    told = audit(ROOT / "workbooks" / f"{name}.xlsx")
    assert told["workbook"]["formulas_scanned"] > 4_000
    assert found(told, load(name)[0]) == ACCEPTED.get(name, set())


def test_it_does_calculate(audit: Audit) -> None:
    """Without the add-in it sees ``#NAME?``, whatever values the file holds."""
    told = audit(ROOT / "workbooks" / "gpu-term-loan.xlsx", add_in=False)
    errors = [f for f in told["findings"] if f["rule_id"] == "LIVE_ERROR"]
    assert len(errors) > 20
    assert all("XLC_" in f["formula"] and "#NAME?" in f["evidence"][0] for f in errors)


def test_it_does_look(audit: Audit, tmp_path: Path) -> None:
    """A month typed over, a constant in a formula and a worksheet function that fails."""
    book = openpyxl.load_workbook(ROOT / "workbooks" / "gpu-term-loan.xlsx")
    rents, summary, checks = book["Rents"], book["Summary"], book["Checks"]
    (row,) = [c.row for c in rents["A"] if c.value == "Market rent, on the curve"]
    rents[f"Z{row}"] = 3.0
    summary["Z99"] = "=C14*1.35"
    checks["Z99"] = "=XLC_RENT(-1,0.3,12)"
    book.save(tmp_path / "broken.xlsx")
    told = audit(tmp_path / "broken.xlsx")
    template, _ = load("gpu-term-loan")
    assert found(told, template) - ACCEPTED.get("gpu-term-loan", set()) == {
        ("HARDCODE_IN_FORMULA_BLOCK", f"Rents!Z{row}"),
        ("LITERAL_CONSTANT", "Summary!Z99"),
        ("LITERAL_CONSTANT", "Checks!Z99"),
        ("LIVE_ERROR", "Checks!Z99"),
    }
