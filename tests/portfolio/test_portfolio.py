"""A book of loans: the same figures as one workbook gives, whatever happens on the way."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import xlcredit
from tests.command import refused
from tests.command import xlcredit as run
from tests.small import SMALL
from tests.workbook.conftest import Example, held
from xlcredit.deals import load, read_deal, shipped
from xlcredit.errors import FileError, UserError
from xlcredit.portfolio import worker
from xlcredit.portfolio.evaluate import CovenantResult, Result, evaluate_loan, failed, shared
from xlcredit.portfolio.journal import Journal
from xlcredit.portfolio.loans import Task, find_loans
from xlcredit.portfolio.pool import Limits, run_here
from xlcredit.portfolio.positions import read_positions
from xlcredit.portfolio.report import write_report
from xlcredit.portfolio.rows import read_rows
from xlcredit.portfolio.run import Request, run_portfolio
from xlcredit.portfolio.spool import Ordered
from xlcredit.portfolio.tape import STATES
from xlcredit.recalc import recalculate
from xlcredit.workbook import build
from xlcredit.workbook.export import Column, Table, write_table

from .conftest import COMMAND, MakeTape, alive, children, kill_a_child

#: What the command is told of the template of a small tape.
HOUSE = ("--template", SMALL)


def tasks(*files: Path, template: str | None = None) -> list[Task]:
    found = list(find_loans(files, template))
    assert not [loan.error for loan in found if loan.error]
    return [loan.task for loan in found if loan.task is not None]


@pytest.mark.parametrize("name", shipped())
def test_a_loaded_template_gives_what_its_own_workbook_gives(name: str, tmp_path: Path) -> None:
    """A second deal moves the inputs of the first one's workbook; built anew, it says the same."""
    template, home = load(name)
    text = (home / "deal.toml").read_text(encoding="utf-8")
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text(text, encoding="utf-8")
    lines = text.replace('name = "', 'name = "Second ').splitlines()
    kept = [li for li in lines if not li.startswith(("rent_decline", "as_of =", "closing_date"))]
    at = kept.index("[inputs]")
    kept[at:at] = ["as_of = 2026-10-31"]
    moved = ["closing_date = 2026-03-31"]
    moved += ["rent_decline = 0.37"] if "rent_decline" in template.inputs else []
    kept[at + 2 : at + 2] = moved
    second.write_text("\n".join(kept), encoding="utf-8")

    evaluate_loan(tasks(first)[0])
    result = evaluate_loan(tasks(second)[0])
    assert not result.error
    names = recalculate(build(template, read_deal(second, template))).names
    aids = ("dashboard_", "deal_note")
    fresh = {n: v for n, v in names.items() if not n.startswith(aids) and "." not in n}
    assert result.name.startswith("Second") and result.as_of == dt.date(2026, 10, 31)
    assert result.dates["closing_date"] == dt.date(2026, 3, 31)
    for key, value in result.numbers.items():
        assert value == pytest.approx(float(fresh[key]), rel=1e-12, abs=1e-12), key
    for key, word in result.texts.items():
        assert word == fresh[key], key
    sizes = map(len, (result.numbers, result.texts, result.dates, result.cell_errors))
    assert sum(sizes) == sum(value is not None for value in fresh.values())


def own_months(plain: Path, folder: Path) -> Path:
    """The same deal on rents of its own."""
    own = folder / "own.toml"
    months = [3.4 * 0.97**month for month in range(1, 73)]
    own.write_text(f"{plain.read_text()}\n[series]\nrent_path = {months}\n", encoding="utf-8")
    return own


@pytest.mark.parametrize("own_first", [True, False])
def test_own_months_are_those_of_their_loan_alone(
    own_first: bool, tmp_path: Path, example_of: Callable[[str], Example]
) -> None:
    """They count for the loan that has them, and for no other of its template."""
    template, home = load("gpu-term-loan")
    plain = home / "deal.toml"
    own = own_months(plain, tmp_path)
    names = {
        plain: example_of(template.name).result.names,
        own: recalculate(build(template, read_deal(own, template))).names,
    }
    order = [own, plain] if own_first else [plain, own]
    for file in [*order, order[0]]:
        (task,) = tasks(file)
        result = evaluate_loan(task)
        for figure in ("loss", "min_dscr", "unpaid_at_maturity"):
            assert result.numbers[figure] == pytest.approx(names[file][figure], rel=1e-12), figure
    assert names[own]["loss"] != pytest.approx(names[plain]["loss"], rel=1e-3)


def test_own_months_are_simulated_for_their_loan_alone(tmp_path: Path) -> None:
    plain = load("gpu-term-loan")[1] / "deal.toml"
    order = [own_months(plain, tmp_path), plain]
    positions, unread = read_positions(order)
    assert not unread
    alone = [read_positions([file])[0][0] for file in order]
    for together, apart in zip(positions, alone, strict=True):
        assert np.array_equal(together.deal.merchant, apart.deal.merchant)
    assert not np.array_equal(alone[0].deal.merchant, alone[1].deal.merchant)


def test_a_workbook_and_its_deal_and_its_row_are_one_loan(
    make_tape: MakeTape, example_of: Callable[[str], Example]
) -> None:
    template, home = load("gpu-term-loan")
    row = evaluate_loan(tasks(make_tape(1, rent_decline=0.2))[0])
    deal = evaluate_loan(tasks(home / "deal.toml")[0])
    workbook = evaluate_loan(tasks(example_of("gpu-term-loan").path)[0])
    assert row.numbers == {**deal.numbers} == workbook.numbers
    assert row.covenants == deal.covenants == workbook.covenants
    assert deal.texts == workbook.texts
    assert template.name == row.template == deal.template == workbook.template


def test_the_tape_in_every_form(make_tape: MakeTape, tmp_path: Path) -> None:
    tape = make_tape(5)
    outputs = [tmp_path / f"book{suffix}" for suffix in (".csv", ".parquet", ".xlsx")]
    words = [w for path in outputs for w in ("-o", path)]
    done = run("portfolio", tape, *words, "--workers", 2)
    frame = pd.read_parquet(outputs[1])
    counts = {state: n for state in STATES if (n := list(frame["status"]).count(state))}
    told = ", ".join(f"{n} {state}" for state, n in counts.items())
    assert f"5 loans: {told}\n" in done.stdout
    assert done.returncode == (set(counts) != {"PASS"}), done.stderr

    assert list(frame["id"]) == [f"L{n}" for n in range(5)]
    assert list(frame["rent_decline"]) == pytest.approx([0.01 * n for n in range(5)])
    assert str(frame["dscr_on_curve"].dtype) == "float64"
    assert frame["loan_maturity"][0] == dt.date(2032, 1, 31)
    with outputs[0].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(r["dscr_on_curve"]) for r in rows] == list(frame["dscr_on_curve"])

    book = openpyxl.load_workbook(outputs[2])
    assert book.sheetnames == ["Book", "Covenants", "Tape", "Errors", "Warnings"]
    heat = book["Covenants"]
    statuses = [c for c in frame.columns if f"{c}_margin" in frame.columns]
    by_id = frame.set_index("id")
    for row in heat["A5:J9"]:
        name, value, threshold, depth, since = row[0].value, *(cell.value for cell in row[6:])
        margins = by_id.loc[name, [f"{s}_margin" for s in statuses]].astype(float).to_numpy()
        limits = by_id.loc[name, [f"{s}_threshold" for s in statuses]].astype(float).to_numpy()
        deepest = np.nanmax(-margins / np.abs(limits))
        if row[2].value == "BREACH":
            assert depth == pytest.approx(deepest, rel=1e-12)
            assert abs(value - threshold) / abs(threshold) == pytest.approx(depth, rel=1e-12)
            assert since.date() >= by_id.loc[name, "first_breach"]
        else:
            assert (value, threshold, depth, since) == (None,) * 4
    assert book["Tape"].print_area == f"'Tape'!$A${book['Tape'].max_row + 2}"
    shown = sorted(cell.value for row in heat["K5:Z9"] for cell in row if cell.value)
    assert shown == sorted(state for name in statuses for state in frame[name])
    assert [cell.value for cell in heat["D4:E4"][0]] == ["Lowest DSCR", "Loss [USD]"]
    of_loan = {row[0].value: (row[3].value, row[4].value) for row in heat["A5:E9"]}
    for name, dscr, loss in zip(frame["id"], frame["min_dscr"], frame["loss"], strict=True):
        assert of_loan[name] == pytest.approx((dscr, loss), rel=1e-12)
    assert book["Tape"].max_row == 4 + 5
    balances = {r[0].value: r[2].value for r in book["Book"].iter_rows(min_row=4) if r[0].value}
    for state in counts:
        of_them = frame["loan_balance"][frame["status"] == state]
        assert balances[state] == pytest.approx(of_them.sum())
    assert balances["B0"] == pytest.approx(frame["loan_balance"][[0, 3]].sum())
    assert balances[2030] == pytest.approx(frame["loan_balance"].sum())


def test_a_tape_of_another_country_is_the_same_tape(make_tape: MakeTape, tmp_path: Path) -> None:
    """Semicolons, decimal commas, thousands, a byte order mark, days first."""
    good = make_tape(1, commitment=1234567.5, margin=0.0425, closing_date="2025-07-31")
    with good.open(newline="", encoding="utf-8") as file:
        headings, cells = csv.reader(file)
    abroad = dict(zip(headings, cells, strict=True))
    for name, text in abroad.items():
        if re.fullmatch(r"[0-9]+\.[0-9]+", text):
            english = f"{Decimal(text):,}"
            abroad[name] = english.translate(str.maketrans(",.", ".,"))
    abroad["closing_date"] = "31/07/2025"
    path = tmp_path / "abroad.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=";").writerows([abroad.keys(), abroad.values()])
    (ours,) = read_rows(good.read_bytes(), good)
    (theirs,) = read_rows(path.read_bytes(), path)
    assert not theirs.error and theirs.given["inputs"] == ours.given["inputs"]
    assert theirs.given["inputs"]["commitment"] == 1234567.5


def test_what_is_wrong_with_one_loan_stands_in_its_row(make_tape: MakeTape, tmp_path: Path) -> None:
    good = make_tape(1)
    lines = good.read_text(encoding="utf-8").splitlines()
    (tmp_path / "misspelt.csv").write_text("\n".join(lines).replace("rent_decline", "rent_declin"))
    (tmp_path / "unit.csv").write_text(
        "\n".join(lines).replace("margin [1/year]", "margin [bp]"), encoding="utf-8"
    )
    make_tape(2, "double.csv", id="same")
    make_tape(1, "range.csv", id="r", advance_rate=75)
    make_tape(1, "word.csv", id="w", margin="low")
    make_tape(1, "day.csv", id="d", closing_date="31.7.25")
    make_tape(1, "either.csv", id="e", closing_date="05/07/2025", gpu_cost="31,000")
    make_tape(1, "missing.csv", id="m", tenor_months="")
    make_tape(1, "house.csv", id="h", template="gpu-term-lone")
    (tmp_path / "other.toml").write_text('template = "hosting-project-loan"\nname = "x"\n')
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    (tmp_path / "notes.txt").write_text("hello")
    told = {
        "misspelt.csv": "did you mean rent_decline?",
        "unit.csv": 'margin is in "1/year"; the column says "bp"',
        "double.csv": "the id same stands before",
        "range.csv": "advance_rate must be a number in",
        "word.csv": "margin must be a number [1/year]; got 'low'",
        "day.csv": "closing_date must be a date such as 2026-11-22",
        "either.csv": "row 2: closing_date: 05/07/2025 is 5 July 2025 or 7 May 2025",
        "missing.csv": "tenor_months must be given",
        "house.csv": "did you mean gpu-term-loan?",
        "other.toml": "as_of",
        "broken.xlsx": "is not a workbook",
        "notes.txt": "is no workbook, deal file or loan tape",
    }
    found = run_portfolio(
        Request(sources=[str(good), *(str(tmp_path / name) for name in told)], workers=1)
    )
    by_file = {Path(r.source).name: r for r in found.results if r.error}
    assert set(by_file) == set(told)
    for name, words in told.items():
        assert words in by_file[name].error and "\n" not in by_file[name].error, by_file[name]
    assert found.counts["ERROR"] == len(told)
    assert len(found.results) == len(told) + 2  # the good one, the first of two
    assert found.exit_code == 2
    assert found.table.column("status").count("ERROR") == len(told)


def test_a_row_of_another_template_says_what_it_does_not_have(make_tape: MakeTape) -> None:
    tape = make_tape(3)
    rows = tape.read_text(encoding="utf-8").splitlines()
    rows[2] = rows[2].replace("gpu-term-loan", "hosting-project-loan")
    tape.write_text("\n".join(rows), encoding="utf-8")
    found = list(find_loans([tape]))
    assert [bool(loan.error) for loan in found] == [False, True, False]
    assert "row 3" in found[1].error and "is not an input of hosting-project-loan" in found[1].error


def test_a_file_that_changes_while_it_is_read_is_not_half_a_loan(tmp_path: Path) -> None:
    growing = tmp_path / "growing.xlsx"
    growing.write_bytes(bytes(30_000_000))
    over = threading.Event()

    def grow() -> None:
        with growing.open("ab", buffering=0) as file:
            while not over.is_set():
                file.write(b"0")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        loan = next(find_loans([growing]))
    finally:
        over.set()
        writer.join()
    assert loan.task is None
    assert "growing.xlsx: changes while it is read; run again when it is saved" in loan.error


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
def test_a_full_disk_at_the_tape_leaves_no_part_of_it(
    small_tape: MakeTape, tmp_path: Path, suffix: str
) -> None:
    """No file may be longer than two hundred bytes, as on a disk with so many left."""
    program = f"""
import resource
from pathlib import Path
from xlcredit.errors import FileError
from xlcredit.portfolio.run import Request, _write, run_portfolio
found = run_portfolio(Request(template={SMALL!r}, sources=[{str(small_tape(1))!r}], workers=1))
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
try:
    _write(found, Path({str(tmp_path / f"book{suffix}")!r}))
except FileError as error:
    print(error)
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = "cannot be written: File too large; what is calculated is kept: add --resume"
    assert told in done.stdout and not list(tmp_path.glob("*book*"))


def test_all_that_is_wrong_with_a_row_is_one_message(make_tape: MakeTape) -> None:
    tape = make_tape(
        1, as_of="22.11.26", margin="low", advance_rate=75, tenor_months="", borrower="B"
    )
    (loan,) = find_loans([tape])
    assert loan.task is None
    for part in ("as_of must be a date", "margin must be a number", "advance_rate", "tenor_months"):
        assert part in loan.error, loan.error
    assert "\n" not in loan.error
    written = make_tape(1, "amounts.csv", commitment="2.6bn", gpus="57.6k")
    exact = make_tape(1, "full.csv", commitment=2.6e9, gpus=57600)
    given = [task.given["inputs"] for task in tasks(written) + tasks(exact) if task.given]
    assert given[0] == given[1]


def test_a_rent_in_cents_is_calculated_and_told_with_both_readings(
    make_tape: MakeTape, tmp_path: Path, example_of: Callable[[str], Example]
) -> None:
    """On a row of a tape, in a deal file and in a workbook alike; no figure moves by it."""
    _, home = load("gpu-term-loan")
    text = (home / "deal.toml").read_text(encoding="utf-8")
    cents = re.sub(r"(?m)^market_rent = .*$", "market_rent = 310", text)
    (tmp_path / "deal.toml").write_text(cents, encoding="utf-8")
    with held(example_of("gpu-term-loan").path) as made:
        made["market_rent"] = 310
        made.save(tmp_path / "book.xlsx")
    tape = make_tape(2, market_rent=310)
    lines = tape.read_text(encoding="utf-8").splitlines()
    column = next(n for n, h in enumerate(lines[0].split(",")) if h.startswith("market_rent"))
    plausible = next(csv.reader(lines[2:]))
    plausible[column] = "3.1"
    with tape.open("w", newline="", encoding="utf-8") as file:
        file.write("\n".join(lines[:2]) + "\n")
        csv.writer(file).writerow(plausible)
    output = tmp_path / "book-of-loans.xlsx"
    done = run("portfolio", tape, tmp_path / "deal.toml", tmp_path / "book.xlsx", "-o", output)
    assert "3 loans with figures of two readings" in done.stderr
    assert "for 310 cents write 3.1" in done.stderr
    sheet = openpyxl.load_workbook(output)["Warnings"]
    told = {row[0]: row[3] for row in sheet.iter_rows(min_row=5, values_only=True)}
    assert len(told) == 3 and "L1" not in told
    assert all("310 USD/GPU-hour" in words for words in told.values())


def test_what_every_row_lacks_is_told_once(make_tape: MakeTape, tmp_path: Path) -> None:
    tape = make_tape(4)
    frame = pd.read_csv(tape)
    frame.drop(columns=["as_of", "gpus [units]"]).to_csv(tmp_path / "less.csv", index=False)
    with pytest.raises(FileError, match="has no column as_of, gpus, which every row needs"):
        list(read_rows((tmp_path / "less.csv").read_bytes(), tmp_path / "less.csv"))
    frame["margin [1/year]"] = 525
    frame.to_csv(tmp_path / "points.csv", index=False)
    found = run_portfolio(Request(sources=[str(tmp_path / "points.csv")], workers=1))
    (problem,) = found.problems
    assert "4 rows, 2 to 5: margin must be" in problem
    assert '525 bp is written 0.0525 or "5.25%"' in problem


def test_all_that_is_wrong_with_the_headings_is_one_message(make_tape: MakeTape) -> None:
    tape = make_tape(1)
    text = tape.read_text()
    for old, new in (("gpus [units]", "gpuz [units]"), ("margin [1/year]", "margin [USD]")):
        assert old in text
        text = text.replace(old, new)
    tape.write_text(text)
    with pytest.raises(FileError) as told:
        list(read_rows(tape.read_bytes(), tape))
    for problem in (
        "the column gpuz is not an input of gpu-term-loan; did you mean gpus?",
        'margin is in "1/year"; the column says "USD"',
        "has no column gpus, which every row needs",
    ):
        assert problem in str(told.value)


def test_three_decimals_of_cards_have_two_readings_on_a_tape(make_tape: MakeTape) -> None:
    (loan,) = find_loans([make_tape(1, gpus="8.000", commitment="2600000000", market_rent="3")])
    assert "gpus: 8.000 is 8000 or 8" in loan.error


def test_a_row_becomes_a_workbook_of_its_own(make_tape: MakeTape, tmp_path: Path) -> None:
    tape = make_tape(3, gpus=50000)
    for loan, words in (
        (["--loan", "L7"], "has no loan L7; its loans are L0, L1, L2"),
        ([], "is a loan tape; say which loan with --loan ID: its loans are L0, L1, L2"),
    ):
        told = run("new", "--deal", tape, *loan, "-o", tmp_path / "x.xlsx")
        assert told.returncode == 2 and words in told.stderr
    twice = make_tape(2, "twice.csv", id="same")
    told = run("new", "--deal", twice, "--loan", "same", "-o", tmp_path / "x.xlsx")
    assert "the id same stands 2 times" in told.stderr
    told = run("new", "gpu-term-loan", "--loan", "L1", "-o", tmp_path / "x.xlsx")
    assert "--loan names a row of a loan tape" in told.stderr
    assert run("new", "--deal", tape, "--loan", "L2", "-o", tmp_path / "L2.xlsx").returncode == 0
    workbook, *_ = (evaluate_loan(task) for task in tasks(tmp_path / "L2.xlsx"))
    (row,) = (evaluate_loan(task) for task in tasks(tape) if task.id == "L2")
    assert workbook.numbers["gpus"] == row.numbers["gpus"]
    for name in ("loss", "min_dscr", "dscr_on_curve", "rent_decline"):
        assert workbook.numbers[name] == pytest.approx(row.numbers[name], rel=1e-12), name


def test_exit_codes(small_tape: MakeTape) -> None:
    lenient = {"covenant_dscr": 0.0}
    passing = run_portfolio(
        Request(template=SMALL, sources=[str(small_tape(1, **lenient))], workers=1)
    )
    assert not passing.errors
    assert passing.counts == {"PASS": 1} and passing.exit_code == 0
    strict = run_portfolio(
        Request(template=SMALL, sources=[str(small_tape(1, covenant_dscr=10.0))], workers=1)
    )
    assert strict.counts == {"BREACH": 1} and strict.exit_code == 1
    html = passing._repr_html_()
    assert "1 PASS" in repr(passing) and "<table>" in html
    picture = ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])
    words = [t.text for t in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert "PASS" in words and any(str(w).startswith("1, USD ") for w in words)
    assert list(passing.tape.index) == ["L0"]


def test_a_killed_run_goes_on_to_the_same_bytes(small_tape: MakeTape, tmp_path: Path) -> None:
    tape = small_tape(30)
    paths = [tmp_path / f"whole{suffix}" for suffix in (".csv", ".parquet", ".xlsx")]
    run_portfolio(Request(template=SMALL, sources=[str(tape)], outputs=paths, workers=1))
    whole = {path.suffix: path.read_bytes() for path in paths}
    target = tmp_path / "again.csv"
    journal = tmp_path / "again.csv.journal"
    words = [
        "-o",
        str(target),
        "-o",
        str(tmp_path / "again.parquet"),
        "-o",
        str(tmp_path / "again.xlsx"),
    ]
    lines = -1
    for attempt in range(3):  # killed twice, at other places
        command = [*COMMAND, "portfolio", str(tape), *HOUSE, *words, "--workers", "2", "--resume"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if attempt == 2:
            _, told = process.communicate(timeout=300)
            assert process.returncode in (0, 1), told
            break
        give_up = time.monotonic() + 120
        while not journal.exists() or journal.read_bytes().count(b"\n") < max(2, lines + 3):
            assert time.monotonic() < give_up and process.poll() is None
            time.sleep(0.01)
        workers = children(process.pid)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert workers
        while any(map(alive, workers)):  # in the middle of a loan, or of their start
            assert time.monotonic() < give_up
            time.sleep(0.01)
        lines = journal.read_bytes().count(b"\n")
        assert not target.exists()
        if attempt == 0:
            refused(run("portfolio", tape, *HOUSE, *words), "a run was broken off", "--resume")
            with journal.open("ab") as file:  # as if it had been killed in the middle of a line
                file.write(b'0badc0de {"digest":')
    assert {s: (tmp_path / f"again{s}").read_bytes() for s in whole} == whole
    assert not journal.exists()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_run_that_is_asked_to_end_leaves_its_journal_and_no_worker(
    name: str, small_tape: MakeTape, tmp_path: Path
) -> None:
    tape, target = small_tape(60), tmp_path / "book.csv"
    journal = tmp_path / "book.csv.journal"
    words = [*COMMAND, "portfolio", str(tape), *HOUSE, "-o", str(target), "--workers", "2"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    give_up = time.monotonic() + 120
    while not journal.exists() or not journal.read_bytes().count(b"\n"):
        assert time.monotonic() < give_up and process.poll() is None
        time.sleep(0.01)
    pids = children(process.pid)
    number = getattr(signal, name)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert pids and not [pid for pid in pids if alive(pid)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["book.csv.journal", "tape.csv"]
    refused(run("portfolio", tape, *HOUSE, "-o", target), "add --resume to go on")
    target.write_text("of a run before")
    refused(run("portfolio", tape, *HOUSE, "-o", target), "add --resume to go on")
    assert run("portfolio", tape, *HOUSE, "-o", target, "--resume").returncode in (0, 1)
    assert target.exists() and not journal.exists()


def test_a_killed_worker_costs_nothing(small_tape: MakeTape) -> None:
    book = tasks(small_tape(40), template=SMALL)
    wanted = {task.id: evaluate_loan(task) for task in book}
    found = {}
    for result in run_here(book, 2, Limits()):
        found[result.id] = result
        if len(found) in (1, 4):
            kill_a_child(b"portfolio.worker")
    assert found == wanted


def test_hundreds_of_loans_say_what_each_says_alone(
    make_tape: MakeTape, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They simulate in machine code, and leave out what no tape shows."""
    tape = make_tape(2, gpus=50_000, market_rent=2.1, base_rate=0.04, sale_haircut=0.2)
    alone = {task.id: evaluate_loan(task) for task in tasks(tape)}
    monkeypatch.setattr("xlcredit.portfolio.run._MANY", 2)
    many = {r.id: r for r in run_portfolio(Request(sources=[str(tape)], workers=1)).results}
    assert many.keys() == alone.keys()
    for name, one in alone.items():
        other = many[name]
        for figure in ("loss", "min_dscr", "unpaid_at_maturity", "lender_irr", "max_ltv"):
            assert one.numbers[figure] == other.numbers[figure], figure
        assert other.numbers == pytest.approx(one.numbers, rel=1e-11)
        assert msgspec.structs.replace(other, numbers=one.numbers) == one
        assert other.numbers != one.numbers, "machine code rounds otherwise"


def test_hundreds_of_loans_with_little_memory_are_not_compiled(
    make_tape: MakeTape, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiling takes more than a loan does: without it they say what each says alone."""
    tape = make_tape(2, gpus=50_000, market_rent=2.1, base_rate=0.04, sale_haircut=0.2)
    monkeypatch.setattr("xlcredit.portfolio.run._MANY", 2)
    little = Limits(megabytes=999)
    found = run_portfolio(Request(sources=[str(tape)], workers=1, limits=little)).results
    assert list(found) == [evaluate_loan(task) for task in tasks(tape)]


@pytest.mark.parametrize(("name", "content"), [("master_check", "OK"), ("min_dscr", 9.0)])
def test_a_workbook_passes_on_nothing_that_is_typed_over(
    small: Path, name: str, content: str | float, tmp_path: Path
) -> None:
    """A row of the tape says which cell it is, and is no PASS."""
    book = openpyxl.load_workbook(small)
    ((sheet, cell),) = book.defined_names[name].destinations
    book[sheet][cell.replace("$", "")] = content
    book.save(tmp_path / "typed.xlsx")
    as_built, typed = (evaluate_loan(*tasks(path)) for path in (small, tmp_path / "typed.xlsx"))
    assert (as_built.status, as_built.warnings) == ("PASS", [])
    (told,) = typed.warnings
    assert typed.status == "CHECK" and "is typed over its formula in " in told


def test_a_worker_that_cannot_compile_says_so(
    make_tape: MakeTape, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a cluster it is another machine than the one that has asked."""

    def kernel(_name: str) -> str:
        raise ImportError("No module named 'numba'")

    monkeypatch.setattr("xlcredit.models.simulation.kernel_name", kernel)
    (task,) = tasks(make_tape(1))
    answer = msgspec.msgpack.decode(
        worker._JOBS["loans"]()(msgspec.msgpack.encode(task)), type=Result
    )
    assert answer.status == "ERROR" and answer.id == task.id
    assert "No module named 'numba'; it needs xlcredit[fast] too" in answer.error


def test_limits_cost_one_loan_and_not_the_book(make_tape: MakeTape) -> None:
    book = tasks(make_tape(2))
    slow = list(run_here(book, 1, Limits(seconds=0.05)))
    assert [r.status for r in slow] == ["ERROR"] * 2
    assert "took longer than 0.05 seconds; raise --time-limit" in slow[0].error
    fat = list(run_here(book[:1], 1, Limits(megabytes=250)))
    assert fat[0].status == "ERROR" and "memory" in fat[0].error


def test_results_share_what_they_have_in_common(small_tape: MakeTape) -> None:
    result = evaluate_loan(tasks(small_tape(1), template=SMALL)[0])
    sent = msgspec.msgpack.encode(result)
    one, other = (shared(msgspec.msgpack.decode(sent, type=Result)) for _ in range(2))
    assert one == other == result
    for words in (lambda r: r.numbers, lambda r: r.texts, lambda r: r.texts.values()):
        assert all(a is b for a, b in zip(words(one), words(other), strict=True))


def test_two_runs_cannot_have_one_output(small_tape: MakeTape, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "book.csv.journal", Result, resume=False)
    done = run("portfolio", small_tape(1), *HOUSE, "-o", tmp_path / "book.csv")
    refused(done, "another run is at work on this output")
    journal.close(finished=True)


def test_a_full_disk_keeps_what_is_done(small_tape: MakeTape, tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no device that is always full")
    task = tasks(small_tape(1), template=SMALL)[0]
    result = evaluate_loan(task)
    journal = Journal(tmp_path / "book.csv.journal", Result, resume=False)
    journal.add("first", result)
    journal._file.close()
    journal._file = full.open("wb", buffering=0)
    with pytest.raises(FileError, match="No space left on device; what is done is kept"):
        journal.add("second", result)
    journal.close(finished=False)
    again = Journal(tmp_path / "book.csv.journal", Result, resume=True)
    assert len(again) == 1
    assert again.get("first") == result
    again.close(finished=True)


def test_results_of_other_code_are_not_mixed_in(
    small_tape: MakeTape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is resumed after the code has changed says so, and begins anew."""
    path = tmp_path / "book.csv.journal"
    task = tasks(small_tape(2), template=SMALL)[0]
    left = Journal(path, Result, resume=False)
    left.add(task.digest, failed(task, "what the old code said"))
    left.close(finished=False)
    same = Journal(path, Result, resume=True)
    assert task.digest in same and not same.message
    same.close(finished=False)
    monkeypatch.setattr("xlcredit.portfolio.journal.code_digest", lambda: "of other code")
    told: list[str] = []
    request = Request(
        template=SMALL,
        sources=[str(small_tape(2))],
        outputs=[tmp_path / "book.csv"],
        workers=1,
        resume=True,
    )
    found = run_portfolio(request, told=told.append)
    assert len(told) == 1 and "calculated by other code; all is calculated anew" in told[0]
    assert not found.errors and len(found.results) == 2
    assert not path.exists()


def test_code_is_known_by_what_its_files_hold(tmp_path: Path) -> None:
    def told() -> str:
        code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        code += "from xlcredit.portfolio.code import code_digest; print(code_digest())"
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout

    root = Path(xlcredit.__file__).parents[1]
    for name in ("xlcredit", "templates"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    first = told()
    assert told() == first
    for changed in ("xlcredit/models/debt.py", "templates/gpu-term-loan/template.toml"):
        with (tmp_path / changed).open("a", encoding="utf-8") as file:
            file.write("# a change\n")
        second = told()
        assert second != first
        first = second


def test_a_tape_of_any_length_is_written_a_few_rows_at_a_time(tmp_path: Path) -> None:
    """Rows are made when they are written; what is read back is every row in its order."""
    columns = [Column("number", "number"), Column("word", "text")]
    rows = Ordered(2_500, lambda at: [at / 7, f"L{at}"] if at % 5 else [None, None])
    for name in ("tape.parquet", "tape.csv"):
        write_table(Table(columns, rows), tmp_path / name)
    assert parquet.ParquetFile(tmp_path / "tape.parquet").num_row_groups == 3
    for read in (pd.read_parquet(tmp_path / "tape.parquet"), pd.read_csv(tmp_path / "tape.csv")):
        assert [None if pd.isna(v) else v for v in read["number"]] == [r[0] for r in rows]
        assert [None if pd.isna(v) else v for v in read["word"]] == [r[1] for r in rows]
    write_table(Table(columns, []), tmp_path / "none.parquet")
    assert list(pd.read_parquet(tmp_path / "none.parquet").columns) == ["number", "word"]


def test_a_tape_of_another_delimiter_and_a_parquet_tape(
    small_tape: MakeTape, tmp_path: Path
) -> None:
    tape = small_tape(2)
    wanted = run_portfolio(Request(template=SMALL, sources=[str(tape)], workers=1))
    with tape.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    german = tmp_path / "german.csv"
    with german.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    frame = pd.read_csv(tape, parse_dates=["as_of", "closing_date"])
    frame.to_parquet(tmp_path / "tape.parquet")
    for other in (german, tmp_path / "tape.parquet"):
        found = run_portfolio(Request(template=SMALL, sources=[str(other)], workers=1))
        assert [r.numbers for r in found.results] == [r.numbers for r in wanted.results]


def tape_of(separator: str, **given: str) -> bytes:
    """A row of the hosting loan that has every column, and a text in those that are given."""
    template, _ = load("hosting-project-loan")
    needed = [name for name, item in template.inputs.items() if item.value is None]
    row = {"template": template.name, "as_of": "2026-11-22"} | dict.fromkeys(needed, "") | given
    return "\n".join([separator.join(row), separator.join(row.values()), ""]).encode()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("132,125", "lease_rent: 132,125 is 132125 or 132.125"),
        ("132.125", "lease_rent: 132.125 is 132125 or 132.125"),
        ("1,300,000", ""),
        ("0,08", ""),
    ],
)
def test_a_number_between_semicolons_is_read_where_it_has_one_reading(
    number: str, said: str
) -> None:
    """Who separates by semicolons writes decimal commas: 132,125 could be read a thousandfold."""
    tape = tape_of(";", name="A, 1,000", lease_rent=number)
    (row,) = read_rows(tape, Path("tape.csv"))
    assert said in row.error if said else "lease_rent" not in row.error


def test_a_percentage_on_a_tape_is_one_of_a_share() -> None:
    (row,) = read_rows(tape_of(",", coupon="8%", lease_rent="120"), Path("tape.csv"))
    assert "coupon" not in row.error
    (row,) = read_rows(tape_of(",", coupon="8%", lease_rent="120%"), Path("tape.csv"))
    assert "lease_rent must be a number [USD/kW-month]; got '120%'" in row.error


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (pa.timestamp("us"), 2**62),
        (pa.timestamp("s"), 2**50),
        (pa.timestamp("s", tz="Nowhere/Zone"), 0),
        (pa.list_(pa.int64()), [1, 2]),
        (pa.struct([("a", pa.int64())]), {"a": 1}),
        (pa.bool_(), True),
        (pa.binary(), b"\xff"),
        (pa.duration("s"), 3),
    ],
    ids=str,
)
def test_a_parquet_tape_of_odd_values_is_one_line(kind: Any, number: Any, tmp_path: Path) -> None:
    deal = pa.array(["gpu-term-loan"]), pa.array([number], kind)
    parquet.write_table(pa.table(deal, names=["template", "borrower"]), tmp_path / "odd.parquet")
    found = run(
        "portfolio", tmp_path / "odd.parquet", "-o", tmp_path / "book.csv", "--workers", "1"
    )
    assert found.returncode == 2
    assert "Traceback" not in found.stderr and "mistake in xlcredit" not in found.stderr


def test_a_house_template_goes_along(make_tape: MakeTape, tmp_path: Path) -> None:
    _, home = load("gpu-term-loan")
    house = tmp_path / "house" / "template.toml"
    house.parent.mkdir()
    text = (home / "template.toml").read_text(encoding="utf-8")
    house.write_text(text.replace('name = "gpu-term-loan"', 'name = "house"'), encoding="utf-8")
    tape = make_tape(1, template="house")
    found = run_portfolio(Request(sources=[str(tape)], template=str(house), workers=1))
    assert not found.errors
    assert found.results[0].template == "house"
    assert found.table.column("dscr_on_curve") == [found.results[0].numbers["dscr_on_curve"]]


def test_a_data_frame_is_a_tape(small_tape: MakeTape) -> None:
    tape = small_tape(3)
    wanted = xlcredit.portfolio(tape, template=SMALL, workers=1).tape
    frame = pd.read_csv(tape, parse_dates=["as_of"])
    for given in (frame, frame.set_index("id")):
        found = xlcredit.portfolio(given, template=SMALL, workers=1)
        assert not found.errors
        assert found.tape["source"].tolist() == ["DataFrame 1"] * 3
        pd.testing.assert_frame_equal(
            found.tape.drop(columns="source"), wanted.drop(columns="source")
        )
    with pytest.raises(UserError, match="a pattern or a DataFrame; got a dict"):
        xlcredit.portfolio({"id": ["a"]})


def test_a_tape_that_cannot_be_read_makes_no_book(tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text('id,template\n"a', encoding="utf-8")
    refused(run("portfolio", broken, "-o", tmp_path / "book.xlsx"), "is no CSV file")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.csv"]


def test_a_loan_that_is_changed_meanwhile_is_told(small_tape: MakeTape, tmp_path: Path) -> None:
    """Loans are read again when it is their turn: one that is then another is not calculated."""
    tape = small_tape(2)

    def change(_all: int, _kept: int) -> None:
        tape.write_text(tape.read_text(encoding="utf-8").replace("B1", "B9"), encoding="utf-8")

    found = run_portfolio(Request(template=SMALL, sources=[str(tape)], workers=1), started=change)
    assert list(found.errors) == ["L1"]
    assert "was changed while the book was calculated; run again" in found.errors["L1"]
    assert found.results[0].status != "ERROR"


def test_nothing_found_and_no_way_to_write(tmp_path: Path) -> None:
    refused(run("portfolio", tmp_path / "none*.xlsx"), "no such file")
    refused(run("portfolio", tmp_path, "-o", tmp_path / "x.txt"), "endings")
    with pytest.raises(UserError, match="no such file"):
        xlcredit.portfolio(tmp_path / "none.xlsx")


def test_json(small_tape: MakeTape) -> None:
    done = run("portfolio", small_tape(1), *HOUSE, "--json", "--workers", 1)
    data = json.loads(done.stdout)
    assert data["loans"] == 1 and data["tape"][0]["template"] == "small"


@pytest.mark.parametrize(
    "order",
    [
        "import xlcredit; f = xlcredit.portfolio",
        "import xlcredit.portfolio; f = xlcredit.portfolio",
        "from xlcredit import portfolio as f",
        "import xlcredit.portfolio.run; import xlcredit; f = xlcredit.portfolio",
        "import xlcredit as x; x.portfolio; import xlcredit.portfolio.tape; f = x.portfolio",
        "from xlcredit.portfolio import portfolio as f",
    ],
)
def test_the_package_is_the_function_in_every_order_of_imports(order: str) -> None:
    deal = load(SMALL)[1] / "deal.toml"
    program = f"{order}; print(f({str(deal)!r}, template={SMALL!r}, workers=1))"
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("<portfolio of 1 loan: 1 ")


def test_a_house_template_is_never_the_one_that_ships(tmp_path: Path) -> None:
    """A copy has a name of its own, and a tape of it is calculated by the copy."""
    house = tmp_path / "house"
    run("new", "gpu-term-loan", "--copy", "-o", house)
    text = (house / "template.toml").read_text(encoding="utf-8")
    assert 'name = "house"' in text
    tape, book = tmp_path / "tape.csv", tmp_path / "book.parquet"
    assert f"--template {house}" in run("new", house, "-o", tape).stdout
    run("portfolio", tape, "--template", house, "-o", book)
    assert list(pd.read_parquet(book)["template"]) == ["house"]
    alone = run("portfolio", tape, "-o", tmp_path / "alone.parquet")
    assert alone.returncode == 2 or "house" in alone.stderr


def _judged(name: str, margin: float, since: dt.date) -> CovenantResult:
    return CovenantResult(
        name=name, label=name, status="BREACH", value=1.0 + margin, threshold=1.0, margin=margin,
        first_breach=since,
    )  # fmt: skip


def test_the_report_says_the_earliest_breach_errors_in_cells_and_years_in_order(
    tmp_path: Path,
) -> None:
    early, late = dt.date(2031, 1, 31), dt.date(2031, 8, 31)
    broken = {f"figure_{n}": "#DIV/0!" for n in range(17)}
    results = [
        Result(
            id=f"L{year}", source="book.csv", row=2, status="BREACH", as_of=dt.date(2026, 1, 31),
            numbers={"debt": balance, "tenor_months": 60.0, "contract_months": 24.0},
            dates={"closing_date": dt.date(year, 1, 31)},
            covenants=[_judged("deep", -0.5, late), _judged("slight", -0.1, early)],
            cell_errors=broken if year == 2025 else {},
        )
        for year, balance in ((2026, 5e6), (2024, 9.5e6), (2025, 7e6))
    ]  # fmt: skip
    write_report(results, tmp_path / "book.xlsx")
    sheets = openpyxl.load_workbook(tmp_path / "book.xlsx")
    head, *rows = sheets["Covenants"].iter_rows(min_row=4, values_only=True)
    assert {row[head.index("First breach of any")].date() for row in rows} == {early}
    assert {row[head.index("Deepest breach")] for row in rows} == {"deep"}
    told = list(sheets["Errors"].iter_rows(min_row=5, values_only=True))
    assert [row[0] for row in told] == ["L2025"]
    assert "17 figures are errors: figure_0 #DIV/0!, " in told[0][3]
    assert told[0][3].endswith(", and 2 more")
    assert "Every loan was calculated" not in str(sheets["Errors"]["A2"].value)
    column = list(sheets["Book"].iter_rows(values_only=True))
    for title, first in (("Vintage (year of closing)", 2024), ("Contract ends in", 2026)):
        at = next(n for n, row in enumerate(column) if row[0] == title)
        assert [row[0] for row in column[at + 1 : at + 4]] == [first, first + 1, first + 2]
    wall = next(n for n, row in enumerate(column) if str(row[0]).startswith("Maturity wall"))
    assert [row[4] for row in column[wall + 1 : wall + 4]] == [9.5, 7.0, 5.0]
    (chart,) = sheets["Book"]._charts
    assert chart.series[0].val.numRef.f == f"'Book'!$E${wall + 2}:$E${wall + 4}"


def test_a_row_is_told_with_its_loan_and_a_date_in_words_with_how_to_write_it(
    make_tape: MakeTape,
) -> None:
    tape = make_tape(1, id="A7", closing_date="15 Jan 2027")
    (told,) = run_portfolio(Request(sources=[str(tape)], workers=1)).problems
    assert "tape.csv, row 2, loan A7: closing_date must be a date" in told
    assert told.endswith("got '15 Jan 2027'; write 2027-01-15")


def test_each_loan_of_two_readings_is_named(make_tape: MakeTape) -> None:
    done = run("portfolio", make_tape(2, market_rent=310))
    assert "2 loans with figures of two readings" in done.stderr
    assert " L0: market_rent" in done.stderr and " L1: market_rent" in done.stderr
