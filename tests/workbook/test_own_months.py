"""Months of the user's own: who changes an input that they leave without effect is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import xlcredit
from tests.command import xlcredit as run
from tests.workbook.conftest import Example
from xlcredit.deals import load, read_deal
from xlcredit.errors import UserError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.workbook import build, read_dashboard
from xlcredit.workbook.life.change import recalculate
from xlcredit.workbook.own_months import find_own_months
from xlcredit.workbook.sensitivity import solve

#: For each template: a row that can be the user's own, a month of it, and inputs behind it.
ROWS = {
    "gpu-term-loan": ("rent_path", 2.0, ("rent_decline", "rent_level", "market_rent")),
    "gpu-borrowing-base": ("rent_path", 0.9, ("rent_decline", "rent_level", "index_basis")),
    "hosting-project-loan": ("market_path", 120.0, ("rent_decline", "rent_level", "market_rent")),
    "miner-dual-collateral": ("rent_path", 2.0, ("rent_decline", "rent_level", "market_rent")),
}


def deal_with(folder: Path, name: str, months: int) -> Path:
    row, value, _ = ROWS[name]
    path = folder / f"{name}-{months}.toml"
    text = (load(name)[1] / "deal.toml").read_text(encoding="utf-8")
    path.write_text(f"{text}\n[series]\n{row} = {[value] * months}\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The GPU loan on rents of one's own in every month of the loan."""
    folder = tmp_path_factory.mktemp("own")
    template, _ = load("gpu-term-loan")
    path = folder / "own.xlsx"
    deal = read_deal(deal_with(folder, "gpu-term-loan", 72), template)
    recalculate(build(template, deal), path)
    return path


@pytest.fixture
def own_base(tmp_path: Path) -> Path:
    """The same of the borrowing base, which takes a third of the time."""
    template, _ = load("gpu-borrowing-base")
    path = tmp_path / "own-base.xlsx"
    recalculate(build(template, read_deal(deal_with(tmp_path, template.name, 60), template)), path)
    return path


@pytest.mark.parametrize("name", ROWS)
def test_the_inputs_behind_a_row_are_found_in_the_workbook(
    name: str, tmp_path: Path, example_of: Callable[[str], Example]
) -> None:
    template, _ = load(name)
    row, _, behind = ROWS[name]
    assert not list(find_own_months(Book(Package(example_of(name).source))))
    for months in (3, template.months):
        deal = read_deal(deal_with(tmp_path, name, months), template)
        (found,) = find_own_months(Book(Package(build(template, deal))))
        loan = int(deal["tenor_months"].value)  # type: ignore[arg-type]
        assert (found.row, found.months, found.of) == (row, min(months, loan), loan)
        assert set(behind) <= set(found.inputs)
        # by an independent route: the names in the text of the row's formula
        formula = next(r.formula for r in template.own_rows if r.name == row)
        assert set(re.findall(r"\w+", formula)) & set(template.inputs) <= set(found.inputs)


def test_the_named_inputs_indeed_move_nothing_in_the_row(own: Path) -> None:
    (found,) = find_own_months(Book(Package(own)))
    with xlcredit.open(own) as book:
        place = book._book.cell_names["use_rent_path"]
        budget = [f"Curves!{column}{place.row - 1}" for column in ("E", "P", "AZ")]
        before = [book[cell] for cell in budget]
        assert "own_rent_drop" not in found.inputs
        for name in found.inputs:
            low, high = book.allowed(name)
            book[name] = min(high, max(low, 0.5 * float(book[name]) + 0.1))  # type: ignore[arg-type]
        assert [book[cell] for cell in budget] == before
        assert any(told.startswith("index_basis, ") for told in book.warnings)
        assert "rent_path" in repr(book)
        book["use_rent_path"] = 0.0
        assert not book.warnings
        assert [book[cell] for cell in budget] != before


def test_whoever_looks_at_it_or_changes_it_is_told(own_base: Path, tmp_path: Path) -> None:
    own = own_base
    (told,) = read_dashboard(own).warnings
    assert told.startswith("rent_path is months of your own in all 36 months")
    assert "--set own_rent_drop=20% lowers all of them" in told
    assert "the break-even is how far own_rent_drop may go" in told
    assert "rent_decline" in told and "--set use_rent_path=0" in told
    set_ = run("recalc", own, "--set", "rent_decline=0.4", "-o", tmp_path / "x.xlsx")
    assert "warning: rent_decline does not move rent_path" in set_.stdout
    other = run("recalc", own, "--set", "margin=0.05", "-o", tmp_path / "y.xlsx")
    assert "does not move" not in other.stdout
    back = ("--set", "rent_decline=0.4", "--set", "use_rent_path=0")
    assert "does not move" not in run("recalc", own, *back, "-o", tmp_path / "z.xlsx").stdout


def test_stress_tells_it_of_grids_targets_and_reverse(own: Path) -> None:
    words = "warning: rent_decline does not move rent_path"
    assert words in run("stress", own, "--grid", "rent_decline=0:0.4:2").stdout
    grid = run("stress", own, "--grid", "rent_decline=0:0.4:2", "--json")
    assert words.removeprefix("warning: ") in json.loads(grid.stdout)["warnings"][0]
    target = run("stress", own, "--target", "covenant_dscr_curve.value=1.4", "--by", "rent_decline")
    assert words.removeprefix("warning: ") in target.stderr and target.returncode == 2
    # a covenant that is in breach today is an answer, and stands where answers stand
    reverse = run("stress", own, "--reverse", "all", "--by", "rent_decline=0.05")
    assert words in reverse.stdout and "reads BREACH today" in reverse.stdout
    assert not reverse.stderr and not reverse.returncode


#: For each template: rents of one's own that meet the covenant, a case with rents at work in it,
#: the the covenant, and how many months are given.
FALLS = [
    ("gpu-term-loan", 5.0, {}, "covenant_dscr_curve", 72),
    ("gpu-term-loan", 5.0, {"covenant_months": 3}, "covenant_dscr_curve", 72),
    ("gpu-borrowing-base", 1.2, {}, "covenant_cover", 60),
    ("gpu-borrowing-base", 1.2, {"rent_decline": 0.1}, "covenant_cover", 20),
    ("miner-dual-collateral", 3.5, {"rent_decline": 0.1}, "covenant_dscr_curve", 20),
    (
        "hosting-project-loan",
        170.0,
        {"scenario": "Tenant stops in year 2", "covenant_dscr": 1.0},
        "covenant_dscr_curve",
        96,
    ),
]


@pytest.mark.parametrize(("name", "value", "case", "covenant", "months"), FALLS)
def test_the_break_even_is_the_fall_that_just_meets_the_covenant(
    name: str,
    value: float,
    case: dict[str, object],
    covenant: str,
    months: int,
    tmp_path: Path,
) -> None:
    """Set it, and the whole book meets the covenant; a little more, and it breaks."""
    template, home = load(name)
    row = ROWS[name][0]
    path = tmp_path / "deal.toml"
    text = (home / "deal.toml").read_text(encoding="utf-8")
    path.write_text(f"{text}\n[series]\n{row} = {[value] * months}\n", encoding="utf-8")
    with xlcredit.open(build(template, read_deal(path, template))) as book:
        book.set(case)
        fall, level = book["breakeven_drop"], book[f"{covenant}.threshold"]
        assert isinstance(fall, float) and isinstance(level, float)
        assert book["breakeven_decline"] == "own months"
        assert book["master_check"] == "OK"
        book["own_rent_drop"] = fall
        assert book[f"{covenant}.value"] == pytest.approx(level, abs=1e-6)
        assert book["breakeven_drop"] == pytest.approx(fall, abs=1e-9)
        book["own_rent_drop"] = fall + 1e-4
        assert book[covenant] == "BREACH"
        book["own_rent_drop"] = fall - 1e-4
        assert book[covenant] == "PASS"
        partly = [told for told in book.warnings if told.startswith("own_rent_drop")]
        assert bool(partly) == (months < 36)  # the shortest of these loans
        book["use_" + row] = 0.0
        assert book["breakeven_drop"] == "no own months"
        (told,) = book.without_effect("own_rent_drop")
        assert told == f"own_rent_drop moves months of your own alone, and {row} has none in force"


#: Rents of one's own that only a rise of more than 100% carries to the covenant.
RISES: list[tuple[str, float, dict[str, float], str]] = [
    ("gpu-term-loan", 1.3, {}, "covenant_dscr_curve"),
    ("gpu-term-loan", 1.3, {"covenant_months": 3}, "covenant_dscr_curve"),
    ("gpu-borrowing-base", 0.25, {}, "covenant_cover"),
]


@pytest.mark.parametrize(("name", "value", "case", "covenant"), RISES)
def test_the_rise_that_a_covenant_needs_is_not_cut_off_at_all_of_it(
    name: str, value: float, case: dict[str, float], covenant: str, tmp_path: Path
) -> None:
    """Beside PASS stands the rise that is needed, which is more than a doubling, and no other."""
    template, home = load(name)
    path = tmp_path / "deal.toml"
    text = (home / "deal.toml").read_text(encoding="utf-8")
    months = [value] * template.months
    path.write_text(f"{text}\n[series]\nrent_path = {months}\n", encoding="utf-8")
    with xlcredit.open(build(template, read_deal(path, template))) as book:
        book.set(case)
        assert (book[covenant], book["breakeven_drop"]) == ("BREACH", "any")
        book["own_rent_drop"] = -2.0
        assert (book[covenant], book["master_check"]) == ("PASS", "OK")
        rise = book["breakeven_drop"]
        assert isinstance(rise, float) and -2.0 < rise < -1.0
        assert book[f"{covenant}.driver"] == f"needs the rise of {-rise:.2%}"
        book["own_rent_drop"] = rise - 1e-4
        assert book[covenant] == "PASS"
        book["own_rent_drop"] = rise + 1e-4
        assert (book[covenant], book[f"{covenant}.driver"]) == ("BREACH", "any")


def test_what_has_happened_does_not_fall(tmp_path: Path) -> None:
    """The fall lowers months that are given, each by its share, and none that has happened."""
    template, home = load("gpu-term-loan")
    path = tmp_path / "deal.toml"
    text = (home / "deal.toml").read_text(encoding="utf-8")
    tables = f"[series]\nrent_path = {[2.0] * 72}\n[actuals]\nrent_path = [1.7]\n"
    path.write_text(f"{text}\nas_at_month = 1\n{tables}", encoding="utf-8")
    with xlcredit.open(build(template, read_deal(path, template))) as book:
        book["own_rent_drop"] = 0.25
        label = "Market rent as input, before the floor"
        (line,) = (r for _, r in book.table("Rents").iterrows() if r.iloc[0] == label)
        assert [line.iloc[at] for at in (4, 5, 60)] == [1.7, 1.5, 1.5]


@pytest.mark.parametrize(
    ("name", "count", "left", "covenant"),
    [
        ("gpu-borrowing-base", 20, 16, "covenant_cover"),
        ("gpu-term-loan", 36, 25, "covenant_dscr_curve"),
    ],
)
def test_a_fall_of_some_months_says_how_many_it_leaves(
    name: str, count: int, left: int, covenant: str, tmp_path: Path
) -> None:
    """And what moves all of them: a scenario, or the same fall of either part."""
    template, home = load(name)
    deal = tmp_path / "deal.toml"
    months = [3.4 * 0.97**month for month in range(1, count + 1)]
    deal.write_text(f"{(home / 'deal.toml').read_text()}\n[series]\nrent_path = {months}\n")
    path = tmp_path / "own.xlsx"
    path.write_bytes(build(template, read_deal(deal, template)))
    with xlcredit.open(path) as book:
        (told,) = book.without_effect("own_rent_drop")
        fall = f"own_rent_drop moves the {count} months"
        assert told.startswith(f"{fall} of rent_path that are your own")
        assert f"the other {left} months" in told
        assert f"scenario of the sheet Stress moves all {count + left}" in told
        with pytest.raises(UserError, match=f"does not meet 99; {fall}"):
            solve(book, f"{covenant}.value", 99.0, "own_rent_drop", (0.0, 0.5))
        book["scenario"] = "Rents 20% lower"
        scenario = [book[name] for name in ("loss", "min_dscr", "unpaid_at_maturity")]
        book.set(scenario="As input", own_rent_drop=0.2, rent_level=0.8)
        both = [book[name] for name in ("loss", "min_dscr", "unpaid_at_maturity")]
        assert both == pytest.approx(scenario, rel=1e-12)
