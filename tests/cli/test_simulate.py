"""``xlcredit simulate`` and ``calibrate``: figures, files, and what they refuse."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl import Workbook

from tests.command import refused, xlcredit
from xlcredit.functions import call
from xlcredit.models.simulation import Deal, Terms, outcomes

TERMS: dict[str, Any] = {
    "loan": 60, "rate": 0.1, "months": 12, "coin_units": 0.5, "gpu_units": 5, "coin_price": 100,
    "gpu_price": 10, "coin_vol": 0.7, "gpu_vol": 0.4, "call_ltv": 0.75, "cure_ltv": 0.6,
    "liquidation_ltv": 0.9, "gpu_recovery": 0.6,
}  # fmt: skip


@pytest.fixture
def deal(tmp_path: Path) -> Path:
    lines = ["paths = 3000", "seed = 5", "[terms]", *(f"{k} = {v}" for k, v in TERMS.items())]
    path = tmp_path / "loan.toml"
    path.write_text("\n".join([*lines, "[series]", "scheduled = 1.5"]))
    return path


def expected(paths: int = 3000, seed: int = 5) -> dict[str, list[Any]]:
    block = [[label, value] for label, value in TERMS.items()]
    rows = call("XLC_DUAL_SIM", block, 1.5, *[None] * 5, paths, seed)
    return {row[0]: row[1:] for row in rows}


def simulate(*words: object, cwd: Path) -> Any:
    done = xlcredit("simulate", *words, "--kernel", "numpy", "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_figures_are_those_of_the_function(deal: Path) -> None:
    found = simulate(deal, cwd=deal.parent)
    assert (found["paths"], found["seed"], found["kernel"]) == (3000, 5, "numpy")
    for name, (value, error) in expected().items():
        assert found["figures"][name]["value"] == pytest.approx(value, rel=1e-9)
        assert found["figures"][name]["standard_error"] == pytest.approx(error, rel=1e-9)
    assert len(found["ltv_quantiles"]["by_period"]) == len(found["lender_cash"]) == 12
    called = sum(found["by_period"]["first_call"])
    assert called == pytest.approx(found["figures"]["call_probability"]["value"])


def test_options_come_before_what_the_file_says(deal: Path) -> None:
    found = simulate(deal, "--paths", 500, "--seed", 9, cwd=deal.parent)
    assert found["figures"]["expected_loss"]["value"] == pytest.approx(
        expected(500, 9)["expected_loss"][0], rel=1e-9
    )


def test_a_workbook_that_calls_the_function_is_simulated(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    for row, (label, value) in enumerate(TERMS.items(), start=1):
        sheet.cell(row, 1, label)
        sheet.cell(row, 2, value)
    sheet["D1"] = f'=XLC_DUAL_SIM(A1:B{len(TERMS)},1.5,,,,,,1000,3,"spread")'
    workbook.save(tmp_path / "book.xlsx")
    found = simulate("book.xlsx", cwd=tmp_path)
    assert found["paths"] == 1000
    spread = found["figures"]["spread"]["value"]
    assert spread == pytest.approx(expected(1000, 3)["spread"][0], rel=1e-9)


def test_one_enforcement_has_no_error_to_tell(deal: Path) -> None:
    ended = outcomes(Deal.of(Terms(**TERMS), 1.5), 5, 0, 500)
    paths = int(np.flatnonzero(ended.exposure)[1])
    found = simulate(deal, "--paths", paths, cwd=deal.parent)
    lost = found["figures"]["loss_given_default"]
    assert lost["value"] > 0.0 and lost["standard_error"] is None
    done = xlcredit("simulate", deal, "--paths", paths, "--kernel", "numpy", cwd=deal.parent)
    shown = next(r for r in done.stdout.splitlines() if r.startswith("loss_given_default"))
    assert shown.split()[1:] == [f"{lost['value']:.4%}", "none"]
    # nothing is known of an error yet: the run goes on until there is one
    target = ("--paths", paths, "--target-error", "loss_given_default=0.05")
    found = simulate(deal, *target, cwd=deal.parent)
    assert 0.0 < found["figures"]["loss_given_default"]["standard_error"] <= 0.05
    assert simulate(deal, "--paths", 1, cwd=deal.parent)["lender_cash"][0]["standard_error"] is None


def test_a_target_error_is_met(deal: Path) -> None:
    found = simulate(deal, "--target-error", "expected_loss=0.03", cwd=deal.parent)
    assert found["figures"]["expected_loss"]["standard_error"] <= 0.03
    assert 3000 < found["paths"] < 200_000


def test_the_table_charts_and_paths_are_written(deal: Path) -> None:
    pytest.importorskip("matplotlib")
    words = ("--csv", "paths.csv", "--charts", "pictures", "--kernel", "numpy")
    done = xlcredit("simulate", deal, *words, cwd=deal.parent, columns=120)
    assert done.returncode == 0, done.stderr
    assert "call_probability" in done.stdout and "wrote pictures/ltv.png" in done.stdout
    with (deal.parent / "paths.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3000
    losses = [float(row["loss"]) for row in rows]
    assert math.fsum(losses) / 3000 == pytest.approx(expected()["expected_loss"][0], rel=1e-9)
    for name in ("ltv", "events", "losses"):
        assert (deal.parent / f"pictures/{name}.png").read_bytes().startswith(b"\x89PNG")
    again = xlcredit("simulate", deal, "--csv", "paths.csv", cwd=deal.parent)
    refused(again, "paths.csv", "--force")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--paths", "0"], "--paths must be at least 1"),
        (["--paths", "1000000000000"], "hours"),
        (["--seed", "-1"], "--seed"),
        (["--kernel", "fast"], "--kernel is auto, numpy or compiled"),
        (["--target-error", "expected_loss"], "FIGURE=ERROR"),
        (["--target-error", "expected_los=1"], "did you mean expected_loss?"),
        (["--target-error", "expected_loss=1e-9"], "for an error of 1e-09 in expected_loss would"),
        (["--csv", "paths.txt"], "paths.txt"),
    ],
)
def test_bad_options_are_refused_in_one_line(deal: Path, words: list[str], told: str) -> None:
    refused(xlcredit("simulate", deal, *words, cwd=deal.parent), told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[terms]\nloan = 60\nmonths = 12", "rate"),
        ("[terms]\nloan = -60\nrate = 0.1\nmonths = 12", "loan"),
        ("[terms]\nlone = 60", "did you mean loan?"),
        ("[terms]\nloan = 1\nrate = 0\nmonths = 12\n[series]\nshedule = 1", "scheduled"),
        ("[series]\nscheduled = 1", "[terms]"),
        ("[terms", "write [terms]"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    refused(xlcredit("simulate", path, cwd=tmp_path), "bad.toml", told)


def test_a_workbook_without_the_function_is_refused(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.active["A1"] = "=1+1"
    workbook.save(tmp_path / "other.xlsx")
    refused(xlcredit("simulate", "other.xlsx", cwd=tmp_path), "no cell calls XLC_DUAL_SIM")


# --- calibrate ------------------------------------------------------------------------------


def quotes(folder: Path) -> tuple[Path, Path]:
    """Weekly rents of three sources that fall by a fifth a year, and daily closes of a coin."""
    rng = np.random.default_rng(4)
    start = dt.date(2024, 1, 1)
    coin, level = folder / "coin.csv", 0.0
    lines = ["date,close"]
    for day in range(800):
        lines.append(f"{start + dt.timedelta(days=day)},{50_000 * math.exp(level):.6f}")
        level += 0.5 / math.sqrt(365.25) * rng.standard_normal() - 0.001
    coin.write_text("\n".join(lines))
    rents, state = folder / "rents.csv", 0.0
    lines = ["date,gpu,rent,source"]
    for week in range(110):
        day = start + dt.timedelta(days=7 * week)
        fall = 0.8 ** (7 * week / 365.25) * math.exp(state)
        state = 0.9 * state + 0.02 * rng.standard_normal()
        for source, dear in (("a", 1.0), ("b", 1.4), ("c", 2.0)):
            if not (source == "c" and week > 60):
                lines.append(f"{day},H100,{2.5 * dear * fall:.6f},{source}")
    rents.write_text("\n".join(lines))
    return rents, coin


def test_estimates_stand_beside_their_errors_and_warnings(tmp_path: Path) -> None:
    rents, coin = quotes(tmp_path)
    words = ("--rents", rents, "--coin", coin, "-o", "market.toml", "--json")
    done = xlcredit("calibrate", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    fits = {fit["name"]: fit for fit in found["estimates"]}
    for name, truth in (("decline", 0.2), ("coin_vol", 0.5)):
        assert abs(fits[name]["value"] - truth) < 4 * fits[name]["standard_error"], name
    assert fits["coin_vol"]["observations"] == 799
    assert any("the panel changed" in told for told in found["warnings"])
    fragment = tomllib.loads((tmp_path / "market.toml").read_text())
    vol = fragment["inputs"]["coin_vol"]
    assert vol["as_of"] == dt.date(2026, 3, 10)
    assert "coin.csv, 2024-01-01 to 2026-03-10" in vol["source"]
    assert "standard error" in vol["source"]
    assert fragment["terms"]["coin_vol"] == vol["value"]


def test_the_fragment_is_a_file_to_simulate_once_it_has_a_loan(tmp_path: Path) -> None:
    rents, coin = quotes(tmp_path)
    done = xlcredit("calibrate", "--rents", rents, "--coin", coin, "-o", "m.toml", cwd=tmp_path)
    assert done.returncode == 0 and "coin_vol" in done.stdout, done.stderr
    own = ("coin_vol", "gpu_vol")
    lines = [f"{label} = {value}" for label, value in TERMS.items() if label not in own]
    terms = (tmp_path / "m.toml").read_text().split("[terms]")[1]
    (tmp_path / "loan.toml").write_text("paths = 100\n[terms]\n" + terms + "\n" + "\n".join(lines))
    assert simulate("loan.toml", cwd=tmp_path)["paths"] == 100


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("day,rent\n2026-13-01,2", "line 2"),
        ("date,rent\n2026-01-01,-2", "a price is a number above 0"),
        ("date,cost\n2026-01-01,2", "a column named"),
        ("date,rent,rent\n2026-01-01,2,3", "more than one column is named rent; keep one"),
        ("date,rent", "no quotes"),
        ("date,rent,gpu\n2026-01-01,2,H100\n2026-01-02,2,A100", "--gpu"),
        ("date,rent\n2026-01-01,2", "12 dates"),
    ],
)
def test_bad_quotes_are_refused_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    refused(xlcredit("calibrate", "--rents", path, cwd=tmp_path), "bad.csv", told)


def test_nothing_to_calibrate_is_refused(tmp_path: Path) -> None:
    refused(xlcredit("calibrate", cwd=tmp_path), "--rents", "--coin")
