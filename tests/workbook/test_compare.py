"""The difference between two workbooks, in terms."""

from __future__ import annotations

import datetime
from pathlib import Path

import openpyxl
import pytest

from tests.workbook.conftest import Example, held
from xlcredit.errors import FileError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.patch import Changes, patch_sheet
from xlcredit.workbook import build, read_dashboard
from xlcredit.workbook.life.compare import Change, WorkbookDiff, compare, moved
from xlcredit.workbook.life.freeze import freeze


def changed(example: Example, folder: Path, **inputs: object) -> WorkbookDiff:
    target = folder / "changed.xlsx"
    with held(example.path) as book:
        book.set(inputs)
        book.save(target)
    return compare(example.path, target)


def one(changes: list[Change], label: str) -> Change:
    (found,) = [c for c in changes if c.label == label]
    return found


def test_a_workbook_does_not_differ_from_itself(example: Example) -> None:
    found = compare(example.path, example.path)
    assert found.same and not found.remarks


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({"market_rent": 3.1}, "Market rent at closing: 3.40 → 3.10 USD/GPU-hour"),
        ({"margin": 0.04125}, "Margin: 4.000% → 4.125%"),
        ({"commitment": 2.5e9}, "Commitment: 2,600,000,000 → 2,500,000,000 USD"),
        ({"covenant_dscr": 1.25}, "Minimum DSCR: 1.40x → 1.25x"),
        ({"contract_months": 36}, "Contract length: 48 → 36 months"),
        ({"contract_months": 1}, "Contract length: 48 → 1 month"),
        ({"closing_date": datetime.date(2027, 1, 31)}, "31 Dec 2026 → 31 Jan 2027"),
        ({"customer": "Nobody"}, "Customer: one customer that is not rated → Nobody"),
    ],
)
def test_an_input_is_told_with_its_label_and_unit(
    loan: Example, tmp_path: Path, inputs: dict[str, object], line: str
) -> None:
    (change,) = changed(loan, tmp_path, **inputs).inputs
    assert line in str(change)


def test_the_effect_is_told_in_figures_and_verdicts(loan: Example, tmp_path: Path) -> None:
    found = changed(loan, tmp_path, market_rent=3.1, maintenance_advance=0.7)
    after = one(found.figures, "DSCR, after contract")
    assert after.old == pytest.approx(loan.number("dscr_after_contract"))
    assert after.new < after.old
    assert str(after) == f"DSCR, after contract: {after.old:.2f}x → {after.new:.2f}x"
    verdict = one(found.statuses, "Loan to depreciated cost, waiting, highest")
    assert (verdict.old, verdict.new) == ("PASS", "BREACH")
    assert not found.cells and not found.remarks


def test_a_limit_that_is_passed_is_told_though_no_figure_moves(
    base: Example, tmp_path: Path
) -> None:
    found = changed(base, tmp_path, limit_concentration=0.3)
    label = "Largest vintage in the borrowing base"
    assert not found.figures and not found.covenants and not found.remarks
    assert [str(change) for change in found.statuses] == [f"{label}: INSIDE → OUTSIDE"]
    assert {str(change).partition(":")[0] for change in found.tests} == {
        f"{label}, threshold",
        f"{label}, headroom",
    }
    told = moved(*(read_dashboard(path) for path in (found.old, found.new)))
    assert f"{label}, verdict: INSIDE → OUTSIDE" in [str(change) for change in told]


def test_ltv_and_spread_are_among_the_figures(miner: Example, tmp_path: Path) -> None:
    labels = {c.label for c in changed(miner, tmp_path, coin_price=40000, margin=0.08).figures}
    assert {"LTV, stressed", "Spread offered"} <= labels


def patched(source: Path, target: Path, sheet: str, cell: str, value: float | str) -> Path:
    book = Book(Package(source))
    place = book.locate(cell, sheet)
    assert place is not None
    changes = Changes(inputs={(place.row, place.column): value})
    book.package.save(target, {book.parts[sheet]: patch_sheet(book.sheets[sheet], changes)})
    return target


def test_what_was_typed_elsewhere_is_told_too(loan: Example, tmp_path: Path) -> None:
    terms = [t.label for t in loan.template.term]
    row = 6 + terms.index("Digital-asset collateral")
    target = patched(loan.path, tmp_path / "term.xlsx", "Term Sheet", f"C{row}", "Lock-up at 1.2x")
    assert "Lock-up at 1.2x" in str(one(compare(loan.path, target).terms, terms[row - 6]))
    place = next(
        c.coordinate
        for r in loan.formulas["Stress"].iter_rows()
        for c in r
        if isinstance(c.value, float) and c.value == 0.4
    )
    target = patched(loan.path, tmp_path / "stress.xlsx", "Stress", place, 0.45)
    assert "0.40 → 0.45" in str(one(compare(loan.path, target).cells, f"Stress!{place}"))


def test_a_changed_formula_is_told(loan: Example, tmp_path: Path) -> None:
    package = Package(loan.path)
    part = Book(package).parts["Checks"]
    xml = package.read(part).replace(b"&gt;=-rounding", b"&gt;=-1000*rounding", 1)
    package.save(tmp_path / "changed.xlsx", {part: xml})
    (change,) = compare(loan.path, tmp_path / "changed.xlsx").cells
    assert change.label.startswith("Checks!") and "1000" not in change.old and "1000" in change.new


def test_values_that_were_not_recalculated_are_doubted(loan: Example, tmp_path: Path) -> None:
    place = Book(Package(loan.path)).cell_names["margin"]
    cell = f"{'ABC'[place.column - 1]}{place.row}"
    target = patched(loan.path, tmp_path / "stale.xlsx", "Inputs", cell, 0.09)
    found = compare(loan.path, target)
    assert [str(c) for c in found.inputs] == ["Margin: 4.0% → 9.0%"]
    assert any("recalculated" in remark for remark in found.remarks)


def test_only_two_of_a_kind_can_be_compared(loan: Example, miner: Example, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gpu-term-loan.*miner-dual-collateral.*one template"):
        compare(loan.path, miner.path)
    empty = tmp_path / "empty.xlsx"
    empty.write_bytes(build(loan.template, loan.deal))
    with pytest.raises(FileError, match=r"empty.xlsx: holds no values yet"):
        compare(loan.path, empty)
    other = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(other)
    with pytest.raises(FileError, match=r"other.xlsx.*not made by xlcredit"):
        compare(loan.path, other)


def test_the_lines_of_the_term_sheet_are_compared_as_they_read(
    loan: Example, tmp_path: Path
) -> None:
    change = one(changed(loan, tmp_path, margin=0.05).terms, "Pricing")
    assert "400 bp" in str(change.old) and "500 bp" in str(change.new)


def test_a_committee_copy_is_compared_by_its_values(loan: Example, tmp_path: Path) -> None:
    frozen = tmp_path / "committee.xlsx"
    frozen.write_bytes(freeze(loan.path, datetime.date(2026, 11, 22)))
    found = compare(loan.path, frozen)
    assert found.same
    assert any("no formulas" in remark for remark in found.remarks)


def test_sheets_that_one_workbook_alone_has(base: Example, tmp_path: Path) -> None:
    """A copy without the add-in has no sheet Audit, and sheets of its own."""
    copy = tmp_path / "native.xlsx"
    copy.write_bytes(base.native())
    there, back = compare(base.path, copy), compare(copy, base.path)
    assert any(str(c).startswith("Audit!") for c in there.cells)
    assert len(there.cells) == len(back.cells)
