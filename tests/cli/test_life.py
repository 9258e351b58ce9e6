"""The life of a workbook after it was built: lint, diff, freeze, extract, as a user types them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.command import refused, xlcredit
from tests.workbook.conftest import Example
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.patch import Changes, patch_sheet


@pytest.fixture(scope="module")
def loan(example_of: Callable[[str], Example]) -> Path:
    return example_of("gpu-term-loan").path


@pytest.fixture(scope="module")
def base(example_of: Callable[[str], Example]) -> Path:
    """The smallest of our own."""
    return example_of("gpu-borrowing-base").path


@pytest.fixture(scope="module")
def stress(loan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("life") / "stress.xlsx"
    changes = ("--set", "market_rent=3.10", "--set", "covenant_realisation=1.05")
    assert xlcredit("recalc", loan, *changes, "-o", target).returncode == 0
    return target


def bad(folder: Path) -> Path:
    """A stranger's workbook with one error and one warning."""
    path = folder / "bad.xlsx"
    book = openpyxl.Workbook()
    book.active["A1"] = 2
    book.active["A2"] = '=IF(A1>=1.25,"PASS","BREACH")'
    book.active.row_dimensions[1].hidden = True
    book.save(path)
    return path


# --- lint -----------------------------------------------------------------------------------


def test_lint_passes_our_own(base: Path) -> None:
    done = xlcredit("lint", base)
    assert done.returncode == 0 and "error" not in done.stdout.splitlines()[-1]


def test_lint_prints_by_sheet_and_exits_with_1(tmp_path: Path) -> None:
    done = xlcredit("lint", bad(tmp_path))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "Sheet"
    assert any("error" in line and "L04" in line and "A2" in line for line in lines)
    assert lines[-1] == "bad.xlsx: 1 error, 2 warnings"


def test_warnings_fail_only_when_strict(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "=0.35"
    book.save(tmp_path / "warned.xlsx")
    assert xlcredit("lint", tmp_path / "warned.xlsx").returncode == 0
    assert xlcredit("lint", tmp_path / "warned.xlsx", "--strict").returncode == 1


def test_lint_speaks_json_and_sarif(tmp_path: Path) -> None:
    path = bad(tmp_path)
    done = xlcredit("lint", path, "--json")
    found = json.loads(done.stdout)["findings"]
    assert done.returncode == 1
    assert {f["rule"] for f in found} == {"L01", "L04", "L08"}
    assert all(f["standard"] and f["message"] for f in found)
    log = json.loads(xlcredit("lint", path, "--sarif").stdout)
    assert log["version"] == "2.1.0" and len(log["runs"][0]["results"]) == len(found)


def test_lint_fix_writes_a_copy(tmp_path: Path) -> None:
    path = bad(tmp_path)
    before = path.read_bytes()
    target = tmp_path / "good.xlsx"
    done = xlcredit("lint", path, "--fix", "-o", target)
    assert done.returncode == 1 and "L08" not in done.stdout and "L04" in done.stdout
    assert not openpyxl.load_workbook(target).active.row_dimensions[1].hidden
    assert path.read_bytes() == before
    refused(xlcredit("lint", path, "--fix", "-o", target), "exists", "--force")
    refused(xlcredit("lint", path, "--fix"), "-o FILE")
    refused(xlcredit("lint", path, "--fix", "-o", path), "bad.xlsx")
    assert path.read_bytes() == before


def test_lint_lists_its_rules() -> None:
    shown = xlcredit("lint", "--rules").stdout
    assert "FAST 3.02-01" in shown and "1000000" in shown
    refused(xlcredit("lint"), "--rules")


# --- diff -----------------------------------------------------------------------------------


def test_diff_speaks_in_terms(loan: Path, stress: Path) -> None:
    done = xlcredit("diff", loan, stress)
    assert done.returncode == 0, done.stderr
    assert "Market rent at closing: 3.40 → 3.10 USD/GPU-hour" in done.stdout
    assert "Minimum contract realization ratio: 0.85x → 1.05x" in done.stdout
    assert "DSCR, after contract: 0." in done.stdout
    assert "Contract realization, trailing: PASS → BREACH" in done.stdout
    assert "nothing differs" in xlcredit("diff", loan, loan).stdout


def test_diff_speaks_json(loan: Path, stress: Path) -> None:
    data = json.loads(xlcredit("diff", loan, stress, "--json").stdout)
    labels = [change["label"] for change in data["inputs"]]
    assert labels == ["Minimum contract realization ratio", "Market rent at closing"]
    assert (data["inputs"][1]["old"], data["inputs"][1]["new"]) == (3.4, 3.1)
    assert not data["same"]
    (status,) = data["statuses"]
    assert status["label"] == "Contract realization, trailing"
    assert (status["old"], status["new"]) == ("PASS", "BREACH")


@pytest.mark.parametrize("name", ["covenant_cover", "covenant_cover.value"])
def test_diff_tells_what_is_typed_over_in_either(base: Path, name: str, tmp_path: Path) -> None:
    """Though it says what the other workbook says, and both may have it."""
    book, values = openpyxl.load_workbook(base), openpyxl.load_workbook(base, data_only=True)
    ((sheet, cell),) = book.defined_names[name].destinations
    book[sheet][cell.replace("$", "")] = values[sheet][cell.replace("$", "")].value
    book.save(tmp_path / "changed.xlsx")
    changed = tmp_path / "typed.xlsx"
    assert xlcredit("recalc", tmp_path / "changed.xlsx", "-o", changed).returncode == 1
    what = "value" if "." in name else "verdict"
    told = f"the {what} is typed over its formula in Summary!{cell.replace('$', '')}, and "
    for pair in ((base, changed), (changed, base), (changed, changed)):
        done, data = xlcredit("diff", *pair), xlcredit("diff", *pair, "--json")
        assert done.returncode == data.returncode == 1
        count = pair.count(changed)
        assert done.stdout.count(f"CHECK: {changed}: ") == done.stdout.count(told) == count
        assert len(json.loads(data.stdout)["typed"]) == count


def test_diff_refuses_other_files(base: Path, tmp_path: Path) -> None:
    refused(xlcredit("diff", base, bad(tmp_path)), "bad.xlsx", "not made by xlcredit")
    refused(xlcredit("diff", base, tmp_path / "none.xlsx"), "none.xlsx", "no such file")


# --- freeze ---------------------------------------------------------------------------------


def test_freeze_and_verify(base: Path, tmp_path: Path) -> None:
    target = tmp_path / "committee.xlsx"
    done = xlcredit("freeze", base, "-o", target, "--date", "2026-11-22")
    assert done.returncode == 0 and "written: " in done.stdout and "2026-11-22" in done.stdout
    again = tmp_path / "again.xlsx"
    xlcredit("freeze", base, "-o", again, "--date", "2026-11-22")
    assert again.read_bytes() == target.read_bytes()
    checked = xlcredit("freeze", "--verify", target, "--json")
    assert checked.returncode == 0 and json.loads(checked.stdout)["intact"] is True
    shown = xlcredit("show", target)
    assert shown.returncode == 0 and "Cover, flat rents" in shown.stdout
    formulas, values = (openpyxl.load_workbook(p)["Summary"] for p in (base, target))
    statuses = (c.coordinate for r in values for c in r if c.value in ("PASS", "BREACH"))
    cell = next(c for c in statuses if formulas[c].data_type == "f")
    changed = altered(target, tmp_path / "altered.xlsx", "Summary", cell, "PASS!")
    done = xlcredit("freeze", "--verify", changed)
    assert done.returncode == 1 and "altered" in done.stdout and f"Summary!{cell}" in done.stdout


def altered(source: Path, target: Path, sheet: str, cell: str, value: str | float) -> Path:
    book = Book(Package(source))
    place = book.locate(cell, sheet)
    assert place is not None
    changes = Changes(results={(place.row, place.column): value})
    book.package.save(target, {book.parts[sheet]: patch_sheet(book.sheets[sheet], changes)})
    return target


def test_freeze_refuses_what_it_cannot_do(base: Path, tmp_path: Path) -> None:
    before = base.read_bytes()
    target = tmp_path / "copy.xlsx"
    refused(xlcredit("freeze", base), "-o FILE", "--verify")
    refused(xlcredit("freeze", base, "-o", base, "--force"), "source itself")
    refused(xlcredit("freeze", base, "-o", tmp_path / "copy.pdf"), ".xlsx")
    refused(xlcredit("freeze", base, "-o", tmp_path / "copy.xlsm"), ".xlsx")
    refused(xlcredit("freeze", bad(tmp_path), "-o", target), "no stored value", "recalc")
    refused(xlcredit("freeze", "--verify", base), "no committee copy")
    assert not target.exists() and base.read_bytes() == before


# --- extract --------------------------------------------------------------------------------


def test_extract_and_new_give_the_same_bytes(base: Path, tmp_path: Path) -> None:
    deal, again = tmp_path / "deal.toml", tmp_path / "again.xlsx"
    done = xlcredit("extract", base, "-o", deal)
    assert done.returncode == 0 and "inputs" in done.stdout
    assert xlcredit("new", "gpu-borrowing-base", "--deal", deal, "-o", again).returncode == 0
    assert again.read_bytes() == base.read_bytes()


def test_extract_takes_what_was_changed(stress: Path, tmp_path: Path) -> None:
    deal = tmp_path / "deal.toml"
    assert xlcredit("extract", stress, "-o", deal).returncode == 0
    assert 'market_rent = {value = 3.1, unit = "USD/GPU-hour"' in deal.read_text()


def test_extract_refuses_what_it_cannot_do(loan: Path, tmp_path: Path) -> None:
    deal = tmp_path / "deal.toml"
    refused(xlcredit("extract", bad(tmp_path), "-o", deal), "not made by xlcredit")
    refused(xlcredit("extract", loan, "-o", tmp_path / "deal.xlsx"), ".toml")
    deal.write_text("my own work")
    refused(xlcredit("extract", loan, "-o", deal), "exists", "--force")
    assert deal.read_text() == "my own work"


# --- recalc --check by another version ------------------------------------------------------


def test_check_names_the_functions_that_changed(base: Path, tmp_path: Path) -> None:
    older = tmp_path / "older.xlsx"
    with zipfile.ZipFile(base) as old, zipfile.ZipFile(older, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/custom.xml":
                content = content.replace(b"<vt:lpwstr>0.1.0<", b"<vt:lpwstr>0.0.9<", 1)
            new.writestr(name, content)
    assert "0.0.9" not in xlcredit("recalc", older, "--check").stdout
    called = next(
        place
        for place, formula in Book(Package(older)).formulas.items()
        if "XLC_REQUIRED_SPREAD(" in formula.text
    )
    cell = str(called).partition("!")[2]
    changed = altered(older, tmp_path / "changed.xlsx", called.sheet, cell, 1.0)
    done = xlcredit("recalc", changed, "--check")
    assert done.returncode == 1
    assert (
        "saved by xlcredit 0.0.9" in done.stdout and "XLC_REQUIRED_SPREAD in 1 cell" in done.stdout
    )
    data = json.loads(xlcredit("recalc", changed, "--check", "--json").stdout)
    assert data["changed_functions"]["cells"] == {"XLC_REQUIRED_SPREAD": 1}
    same_version = altered(base, tmp_path / "mine.xlsx", called.sheet, cell, 1.0)
    assert "saved by" not in xlcredit("recalc", same_version, "--check").stdout


@pytest.mark.parametrize("command", ["lint", "diff", "freeze", "extract"])
def test_help_has_an_example(command: str) -> None:
    assert "Example: xlcredit" in " ".join(xlcredit(command, "--help").stdout.split())
