"""The command line as a user types it: real processes, real files, real exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from xlcredit.deals import shipped


def xlcredit(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", "from xlcredit.cli import main; main()"]
    return subprocess.run(
        [*command, *map(str, words)], capture_output=True, text=True, cwd=cwd, check=False
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    done = xlcredit("demo", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "demo", done.stdout


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One clear line on stderr, exit code 2, nothing on stdout."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0], lines[0]


def test_demo_shows_the_figures_of_both_deals(demo: tuple[Path, str]) -> None:
    folder, shown = demo
    for words in (
        "CoreWeave DDTL 3.0",
        "DSCR, flat rents",
        "DSCR, on the curve",
        "DSCR, after contract end",
        "LTV, book",
        "LTV, stressed",
        "LTV, liquidation",
        "BREACH",
        "PASS",
        "0 errors",
    ):
        assert words in shown
    assert sorted(p.stem for p in folder.iterdir()) == shipped()


def test_demo_prints_what_the_cells_hold(demo: tuple[Path, str]) -> None:
    folder, shown = demo
    book = openpyxl.load_workbook(folder / "gpu-term-loan.xlsx", data_only=True)
    values = [book["Summary"].cell(6, column).value for column in (2, 3, 4)]
    line = next(line for line in shown.splitlines() if f"{values[0]:.2f}x" in line)
    assert all(f"{value:.2f}x" in line for value in values)


def test_demo_again_changes_nothing_and_loses_nothing(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    book = folder / "gpu-term-loan.xlsx"
    before = book.read_bytes()
    assert xlcredit("demo", folder).returncode == 0
    assert book.read_bytes() == before
    work = folder.parent / "mine"
    work.mkdir()
    mine = work / "gpu-term-loan.xlsx"
    mine.write_bytes(b"my own work")
    refused(xlcredit("demo", work), "exists and differs", "--force")
    assert mine.read_bytes() == b"my own work"


def test_set_changes_the_figures(demo: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = demo
    source = folder / "miner-dual-collateral.xlsx"
    target = tmp_path / "stress.xlsx"
    done = xlcredit("recalc", source, "--set", "coin_price=45,000", "-o", target)
    assert done.returncode == 0, done.stderr
    figures = [json.loads(xlcredit("show", p, "--json").stdout) for p in (source, target)]
    before, after = (f["comparisons"][2]["figures"]["LTV, stressed"] for f in figures)
    assert after > before
    unchanged = openpyxl.load_workbook(source)["Inputs"]
    assert 58610 in [c.value for c in unchanged["B"]]


def test_quotes_around_a_scenario_are_the_shells(demo: tuple[Path, str]) -> None:
    book = demo[0] / "gpu-term-loan.xlsx"
    data = json.loads(xlcredit("recalc", book, "--set", 'scenario="Flat"', "--json").stdout)
    assert data["values"]["scenario"] == "Flat"
    assert data["errors"] == []


def test_a_changed_input_loses_its_citation(demo: tuple[Path, str], tmp_path: Path) -> None:
    target = tmp_path / "loose.xlsx"
    book = demo[0] / "gpu-term-loan.xlsx"
    assert xlcredit("recalc", book, "--set", "covenant_dscr=1.1", "-o", target).returncode == 0
    shown = openpyxl.load_workbook(target, data_only=True)
    for sheet, column in (("Inputs", "D"), ("Sources", "F")):
        told = [c.value for c in shown[sheet][column] if c.value and "--set" in str(c.value)]
        assert len(told) == 1


def test_stale_values_are_not_handed_on(demo: tuple[Path, str], tmp_path: Path) -> None:
    stale = tmp_path / "stale.xlsx"
    with zipfile.ZipFile(demo[0] / "gpu-term-loan.xlsx") as old, zipfile.ZipFile(stale, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part.startswith("xl/worksheets/sheet"):
                content = content.replace(b"<v>57600</v>", b"<v>30000</v>", 1)
            new.writestr(part, content)
    for command in ("freeze", "lite"):
        target = tmp_path / f"{command}.xlsx"
        refused(xlcredit(command, stale, "-o", target), "stored values", "recalc")
        assert not target.exists()


def test_json_holds_names_and_errors(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    book = folder / "gpu-term-loan.xlsx"
    data = json.loads(xlcredit("recalc", book, "--set", "rent_decline=30%", "--json").stdout)
    assert data["values"]["rent_decline"] == 0.3
    assert data["values"]["dscr_after_contract"] < 0.3
    assert data["errors"] == []


def test_check_confirms_and_finds(demo: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = demo
    book = folder / "gpu-term-loan.xlsx"
    done = xlcredit("recalc", book, "--check")
    assert done.returncode == 0 and "every saved value is confirmed" in done.stdout
    done = xlcredit("recalc", book, "--set", "margin=5%", "--check")
    assert done.returncode == 1 and "differ" in done.stdout


def test_an_error_in_a_cell_is_told_and_stays(demo: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = demo
    target = tmp_path / "none.xlsx"
    done = xlcredit("recalc", folder / "gpu-term-loan.xlsx", "--set", "gpus=0", "-o", target)
    assert done.returncode == 1
    assert "#DIV/0!" in done.stdout
    shown = json.loads(xlcredit("show", target, "--json").stdout)
    statuses = {c["label"]: c["status"] for c in shown["covenants"]}
    assert statuses["Minimum DSCR, on the curve"] == "CHECK"
    assert shown["master_check"] == "CHECK"


def test_new_builds_the_filled_example(demo: tuple[Path, str], tmp_path: Path) -> None:
    target = tmp_path / "loan.xlsx"
    done = xlcredit("new", "gpu-term-loan", "-o", target)
    assert done.returncode == 0 and "DSCR" in done.stdout
    assert target.read_bytes() == (demo[0] / "gpu-term-loan.xlsx").read_bytes()
    refused(xlcredit("new", "miner-dual-collateral", "-o", target), "exists", "--force")


def encrypted(path: Path) -> Path:
    import io

    from msoffcrypto.format.ooxml import OOXMLFile

    plain = io.BytesIO()
    openpyxl.Workbook().save(plain)
    with path.open("wb") as out:
        OOXMLFile(plain).encrypt("secret", out)
    return path


def text_file(path: Path) -> Path:
    path.write_text("month,rent\n1,2.5\n")
    return path


def other_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    return path


def beyond_the_engine(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active["A1"] = "=_xlfn.LAMBDA(_xlpm.x,_xlpm.x+1)(2)"
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p, ["book.xlsx", "not exist"]),
        (text_file, ["book.xlsx"]),
        (other_zip, ["book.xlsx"]),
        (encrypted, ["book.xlsx", "encrypted", "password"]),
        (beyond_the_engine, ["Sheet!A1", "LAMBDA"]),
    ],
)
def test_a_bad_workbook_is_one_line(tmp_path: Path, make: object, words: list[str]) -> None:
    source = make(tmp_path / "book.xlsx")  # type: ignore[operator]
    target = tmp_path / "out.xlsx"
    refused(xlcredit("recalc", source, "-o", target), *words)
    assert not target.exists()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("rent_declin=0.3", ["rent_declin", "rent_decline"]),
        ("rent_decline", ["NAME=VALUE"]),
        ("rent_decline=steep", ["rent_decline"]),
        ("rent_decline=0,3", ["rent_decline", "number", "0,3"]),
        ("rent_decline=-500%", ["rent_decline", "-1..0.99"]),
        ("tenor_months=61.5", ["tenor_months", "whole"]),
        ("scenario=Decline 41%", ["scenario", "one of", "Decline 40%"]),
        ("dscr_on_curve=2", ["dscr_on_curve", "calculated", "not input"]),
    ],
)
def test_a_bad_setting_is_one_line(
    demo: tuple[Path, str], tmp_path: Path, setting: str, words: list[str]
) -> None:
    target = tmp_path / "out.xlsx"
    book = demo[0] / "gpu-term-loan.xlsx"
    refused(xlcredit("recalc", book, "--set", setting, "-o", target), *words)
    assert not target.exists()


def test_recalc_never_writes_over_its_source(demo: tuple[Path, str]) -> None:
    book = demo[0] / "gpu-term-loan.xlsx"
    before = book.read_bytes()
    refused(xlcredit("recalc", book, "-o", book), "source itself")
    refused(xlcredit("recalc", book), "-o")
    refused(xlcredit("recalc", book, "-o", book.with_suffix(".csv")), ".xlsx")
    assert book.read_bytes() == before


def test_a_bad_deal_is_one_line_and_writes_nothing(tmp_path: Path) -> None:
    deal = tmp_path / "deal.toml"
    deal.write_text(
        'template = "gpu-term-loan"\nname = "x"\nas_of = 2026-11-22\n[inputs]\nmargn = 1\n'
    )
    target = tmp_path / "out.xlsx"
    refused(xlcredit("new", "gpu-term-loan", "--deal", deal, "-o", target), "margn", "margin")
    assert not target.exists()
    refused(xlcredit("new", "gpu-loan", "-o", target), "gpu-loan", "gpu-term-loan")


def test_show_needs_a_workbook_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(path)
    refused(xlcredit("show", path), "dashboard")
    refused(xlcredit("show", tmp_path / "none.xlsx"), "no such file")
    refused(xlcredit("show", text_file(tmp_path / "text.xlsx")), "workbook")


def test_functions_lists_and_explains() -> None:
    listed = xlcredit("functions").stdout
    assert "XLC_DUAL_LTV" in listed and "XLC_FAIR_SPREAD" in listed
    assert "coin_haircut" in xlcredit("functions", "dual_ltv").stdout
    one = json.loads(xlcredit("functions", "XLC_DSCR", "--json").stdout)
    assert one[0]["name"] == "XLC_DSCR"
    assert "### XLC_DSCR" in xlcredit("functions", "--markdown").stdout
    refused(xlcredit("functions", "XLC_LTV_BREACHES"), "XLC_LTV_BREACH")


@pytest.mark.parametrize("command", ["demo", "new", "recalc", "show", "functions"])
def test_help_has_an_example(command: str) -> None:
    assert "Example: xlcredit" in " ".join(xlcredit(command, "--help").stdout.split())
