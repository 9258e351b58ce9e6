"""Files of the commands that read no workbook alone: terms, quotes, tapes, months of one's own."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.commands import fair, run
from tests.hostile.faults import LOAN, closes
from tests.hostile.workbooks import sound
from xlcredit.deals import load

NAME = "hosting-project-loan"


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(20 << 30)  # a hole: it takes no room


def _circle(path: Path) -> None:
    path.symlink_to(path)


def _folder(path: Path) -> None:
    path.mkdir()


#: What may stand where a file should be, and a word of the one line that a user gets.
NO_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "pipe": (_pipe, "is a pipe or a device"),
    "device": (_device, "is a pipe or a device"),
    "huge": (_huge, "larger than"),
    "circle": (_circle, "cannot be read"),
    "folder": (_folder, "is a folder"),
    "nothing": (lambda _: None, "no such file"),
}
#: Each command that reads such a file: its words, given the file and a copy to write.
COMMANDS: dict[str, tuple[str, Callable[[Path, Path], list[object]]]] = {
    "simulate": (".toml", lambda file, copy: ["simulate", file, "--csv", copy]),
    "calibrate --coin": (".csv", lambda file, _: ["calibrate", "--coin", file]),
    "calibrate --rents": (".csv", lambda file, _: ["calibrate", "--rents", file, "--json"]),
    "stress": (
        ".xlsx",
        lambda file, copy: ["stress", file, "--scenario", "all", "-o", copy],
    ),
    "show": (".xlsx", lambda file, _: ["show", file, "--json"]),
    "new": (".toml", lambda file, copy: ["new", NAME, "--deal", file, "-o", copy]),
    "new, template": (".toml", lambda file, copy: ["new", file, "-o", copy]),
    "market": (
        ".toml",
        lambda file, copy: ["portfolio", file, "--simulate", "--workers", "1", "-o", copy],
    ),
}


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_file_is_one_line(command: str, kind: str, tmp_path: Path) -> None:
    suffix, words = COMMANDS[command]
    make, told = NO_FILES[kind]
    file, target = tmp_path / f"in{suffix}", tmp_path / "out" / "copy.xlsx"
    target.parent.mkdir()
    make(file)
    seen = run(*words(file, target))
    fair(seen, target)
    assert seen.code == 2
    assert told in seen.err or (command == "market" and kind in ("nothing", "folder")), seen


@pytest.mark.parametrize("kind", [k for k in NO_FILES if k not in ("nothing", "folder")])
@pytest.mark.parametrize("suffix", [".xlsx", ".toml", ".csv", ".parquet"])
def test_a_book_of_what_is_no_file_is_one_line(kind: str, suffix: str, tmp_path: Path) -> None:
    make, told = NO_FILES[kind]
    make(tmp_path / f"in{suffix}")
    target = tmp_path / "out" / "book.csv"
    target.parent.mkdir()
    seen = run("portfolio", tmp_path / f"in{suffix}", "-o", target, "--workers", "1")
    fair(seen, target)
    assert seen.code == 2 and seen.out == ""
    assert told in seen.err


def test_what_is_no_file_stands_in_its_row_of_the_tape(tmp_path: Path) -> None:
    """Beside a loan that is calculated."""
    deal = load(NAME)[1] / "deal.toml"
    (tmp_path / "loan.toml").write_text(deal.read_text("utf-8"), "utf-8")
    wanted = []
    for kind in NO_FILES.keys() - {"nothing", "folder"}:
        make, told = NO_FILES[kind]
        for suffix in (".xlsx", ".toml", ".csv", ".parquet"):
            make(tmp_path / f"{kind}{suffix}")
            wanted.append(told)
    files = sorted(tmp_path.iterdir())
    seen = run("portfolio", *files, "--json", "--workers", "1")
    assert seen.code == 2 and seen.err == ""
    assert [told for told in wanted if told not in seen.out] == []
    assert len(json.loads(seen.out)["errors"]) == len(wanted)


def test_months_of_one_s_own_are_read_as_any_file(tmp_path: Path) -> None:
    template, home = load(NAME)
    name = next(iter(template.own_rows)).name
    deal, months = tmp_path / "deal.toml", tmp_path / "months.csv"
    text = (home / "deal.toml").read_text("utf-8")
    deal.write_text(f'{text}\n[series.{name}]\nfile = "months.csv"\n', "utf-8")
    for make, told in (NO_FILES[kind] for kind in ("pipe", "device", "huge", "nothing")):
        months.unlink(missing_ok=True)
        make(months)
        seen = run("new", NAME, "--deal", deal, "-o", tmp_path / "out.xlsx")
        fair(seen)
        assert seen.code == 2 and told in seen.err, seen
    for content, told in {
        "month,value\n1,1_000\n": "must be a number",
        "month,value\n1_1,5\n": "is not a month",
        'month,value\n1,"5\n': "is no CSV",
        "month,value\n1,\x1b[2J\n": "must be a number",
        "month,value\n\x00,1\n": "is no text",
        "month,value\n" + "9" * 5000 + ",1\n": "is not a month",
        'month,value\n1,"' + "9" * 200_000 + '"\n': "is no CSV",
    }.items():
        months.unlink(missing_ok=True)
        months.write_text(content, "utf-8")
        seen = run("new", NAME, "--deal", deal, "-o", tmp_path / "out.xlsx")
        fair(seen)
        assert seen.code == 2 and told in seen.err, seen


def _other(old: str, new: str) -> str:
    assert old in LOAN
    return LOAN.replace(old, new, 1)


#: A file of terms, bent.
TERMS = {
    "nested": LOAN + "x = " + "[" * 30_000 + "]" * 30_000,
    "digits": _other("loan = 60", "loan = " + "9" * 5000),
    "large": _other("loan = 60", "loan = " + "9" * 400),
    "paths": _other("paths = 300", "paths = " + "9" * 30),
    "paths, text": _other("paths = 300", 'paths = "x"'),
    "paths, list": _other("paths = 300", "paths = [1, 2]"),
    "paths, infinite": _other("paths = 300", "paths = inf"),
    "paths, time": _other("paths = 300", "paths = 10:00:00"),
    "seed": _other("seed = 5", "seed = 2026-01-01T00:00:00Z"),
    "months": _other("months = 12", "months = 100000000"),
    "months, nan": _other("months = 12", "months = nan"),
    "escape in a term": _other("loan = 60", 'loan = 60\n"\\u001b[2J" = 5'),
    "escape in a value": _other("loan = 60", 'loan = "\\u001b[2J"'),
    "term, list": _other("loan = 60", "loan = [1, 2]"),
    "term, table": _other("loan = 60", "loan = {a = 1}"),
    "term, date": _other("loan = 60", "loan = 2026-01-01"),
    "series, text": _other("scheduled = 1.5", 'scheduled = "x"'),
    "series, ragged": _other("scheduled = 1.5", "scheduled = [[1], [3, 4]]"),
    "series, long": _other("scheduled = 1.5", "scheduled = [" + "1," * 100_000 + "1]"),
    "series, table": _other("scheduled = 1.5", "scheduled = {a = 1}"),
    "series, nested": _other("scheduled = 1.5", "scheduled = " + "[" * 200 + "1" + "]" * 200),
    "template, number": "template = 5",
    "template, list": 'template = ["a"]',
    "template, elsewhere": 'template = "../../../etc/passwd"',
    "template, NUL": 'template = "a\\u0000b"',
    "template, escape": 'template = "\\u001b[2J"',
    "many": _other("loan = 60", "loan = 60\n" + "\n".join(f"x{i} = 1" for i in range(20_000))),
}


@pytest.mark.parametrize("name", TERMS)
def test_terms_that_make_no_sense_are_one_line(name: str, tmp_path: Path) -> None:
    file, target = tmp_path / "loan.toml", tmp_path / "out" / "paths.csv"
    target.parent.mkdir()
    file.write_text(TERMS[name], "utf-8")
    seen = run("simulate", file, "--kernel", "numpy", "--csv", target)
    fair(seen, target)
    assert seen.code == 2, seen
    seen = run(
        "portfolio", file, "--simulate", "--paths", "1000", "-o", target.with_suffix(".xlsx")
    )
    fair(seen)
    assert not any(target.parent.iterdir()) or seen.code == 0


_ROW = "date,price\n"
#: Quotes, bent: what stands after the heading, before two years of closes.
QUOTES = {
    "underscore": "2023-12-31,1_000",
    "other digits": "2023-12-31,١٢",
    "nan": "2023-12-31,nan",
    "infinite": "2023-12-31,1e999",
    "digits": "2023-12-31," + "9" * 5000,
    "field": '2023-12-31,"' + "9" * 200_000 + '"',
    "quote": '"2023-12-31,1',
    "NUL": "2023\0-12-31,1",
    "escape": "\x1b[2J,1",
    "short": "2023-12-31",
    "negative": "2023-12-31,-5",
    "tiny": "2023-12-31,1e-300",
    "astronomic": "2023-12-31,1e300",
    "commas anywhere": '2023-12-31,"25,00,000"',
    "day and more": "2023-12-311,1",
}


@pytest.mark.parametrize("name", QUOTES)
def test_quotes_that_make_no_sense_are_one_line(name: str, tmp_path: Path) -> None:
    file, target = tmp_path / "coin.csv", tmp_path / "out" / "market.toml"
    target.parent.mkdir()
    file.write_text(closes().replace(_ROW, f"{_ROW}{QUOTES[name]}\n", 1), "utf-8")
    seen = run("calibrate", "--coin", file, "-o", target)
    fair(seen, target)
    assert seen.code == 2, seen
    assert "line 2" in seen.err or name in ("NUL", "quote"), seen


def test_a_tape_of_many_cells_in_few_bytes_is_refused(tmp_path: Path) -> None:
    """Equal cells take no room in Parquet."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    out = io.BytesIO()
    column = pa.repeat(1.0, 30_000_000)
    parquet.write_table(pa.table({"id": column, "rent": column}), out)
    file = tmp_path / "tape.parquet"
    file.write_bytes(out.getvalue())
    assert file.stat().st_size < 1 << 20
    seen = run("portfolio", file, "--template", NAME, "--json")
    assert seen.code == 2 and seen.out == ""
    assert "holds 60,000,000 cells" in seen.err


def test_charts_are_written_whole_and_replace_nothing_unasked(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    file, maps = tmp_path / "loan.toml", tmp_path / "maps"
    file.write_text(LOAN, "utf-8")
    words = ["simulate", file, "--kernel", "numpy", "--charts"]
    maps.mkdir()
    (tmp_path / "mine.png").write_bytes(b"mine")
    (maps / "ltv.png").symlink_to(tmp_path / "mine.png")
    seen = run(*words, maps)
    fair(seen)
    assert seen.code == 2 and "holds pictures already; use --force" in seen.err
    assert run(*words, maps, "--force").code == 0
    assert (tmp_path / "mine.png").read_bytes() == b"mine"
    assert not (maps / "ltv.png").is_symlink()
    os.mkfifo(tmp_path / "pipe.png")
    seen = run("portfolio", file, "--simulate", "--paths", "1000", "--workers", "1", "--force",
               "--chart", tmp_path / "pipe.png")  # fmt: skip
    assert seen.code == 2 and "is a pipe or a device" in seen.err
    seen = run(*words, file)
    fair(seen)
    assert seen.code == 2 and "is a file; name a folder" in seen.err


@pytest.mark.parametrize(
    ("name", "words"),
    [("a\nb.toml", ["--blank"]), ("a\nb", ["--copy"]), ('a"b', ["--copy"]), ("a\\", ["--copy"])],
)
def test_a_name_that_would_break_a_deal_is_one_line(
    name: str, words: list[str], tmp_path: Path
) -> None:
    """A deal names its schema and a template itself, both as the file is called."""
    target = tmp_path / name
    seen = run("new", NAME, *words, "-o", target)
    fair(seen, target)
    assert seen.code == 2 and "must be plain text" in seen.err


@pytest.mark.parametrize("words", [["lite"], ["recalc"], ["freeze"], ["lint", "--fix"]])
def test_a_name_that_no_file_can_have_is_told_with_it(words: list[str], tmp_path: Path) -> None:
    file = tmp_path / "in.xlsx"
    file.write_bytes(sound())
    for target in (tmp_path / ("a" * 300 + ".xlsx"), file / "out.xlsx"):
        seen = run(*words, file, "-o", target)
        fair(seen)
        assert seen.code == 2 and str(target) in seen.err
