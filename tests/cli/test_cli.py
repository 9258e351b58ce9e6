"""The command line as a user types it: processes, files and exit codes of their own."""

from __future__ import annotations

import json
import re
import zipfile
from functools import cache
from pathlib import Path

import openpyxl
import pytest

from tests.command import complaints, refused, xlcredit
from tests.hostile.faults import given_a_workbook, leaves
from tests.small import SMALL
from xlcredit._version import __version__
from xlcredit.cli import app
from xlcredit.deals import load, shipped


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    done = xlcredit("demo", cwd=folder, columns=140)
    assert done.returncode == 0, done.stderr
    return folder / "demo", done.stdout


def test_demo_shows_the_figures_of_both_deals(demo: tuple[Path, str]) -> None:
    folder, shown = demo
    for words in (
        "A neocloud loan like DDTL 3.0",
        "DSCR, flat rents",
        "Unpaid at maturity",
        "DSCR, after contract",
        "LTV, book",
        "LTV, stressed",
        "LTV, forced sale",
        "BREACH",
        "PASS",
        "0 errors",
    ):
        assert words in shown
    assert sorted(p.stem for p in folder.glob("*.xlsx")) == shipped()


def test_demo_writes_what_other_commands_can_be_tried_with(
    demo: tuple[Path, str], tmp_path: Path
) -> None:
    folder, shown = demo
    commands = [ln.split()[1:] for ln in shown.splitlines() if ln.startswith("  xlcredit ")]
    told = {words[0]: words for words in commands}
    assert {"recalc", "stress", "portfolio", "calibrate"} <= set(told)
    for command in ("portfolio", "calibrate"):  # as they are printed, from where demo was run
        done = xlcredit(*told[command][:-1], tmp_path / told[command][-1], cwd=folder.parent)
        assert done.returncode in (0, 1) and not complaints(done), done.stderr
    assert (tmp_path / "book.xlsx").is_file() and (tmp_path / "market.toml").is_file()


def test_demo_prints_what_the_cells_hold(demo: tuple[Path, str]) -> None:
    folder, shown = demo
    book = openpyxl.load_workbook(folder / "gpu-term-loan.xlsx", data_only=True)
    names = ("dscr_as_underwritten", "dscr_on_curve", "dscr_after_contract")
    places = [next(book.defined_names[name].destinations) for name in names]
    values = [book[sheet][cell].value for sheet, cell in places]
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
    refused(xlcredit("demo", work), "exists already", "--force")
    assert mine.read_bytes() == b"my own work"


def test_set_changes_the_figures(demo: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = demo
    source = folder / "miner-dual-collateral.xlsx"
    target = tmp_path / "stress.xlsx"
    done = xlcredit("recalc", source, "--set", "coin_price=45,000", "-o", target)
    assert done.returncode == 0, done.stderr
    figures = [json.loads(xlcredit("show", p, "--json").stdout) for p in (source, target)]
    panels = [{p["title"]: p["figures"] for p in f["comparisons"]} for f in figures]
    before, after = (p["Coin and cards fall together"]["LTV, stressed"] for p in panels)
    assert after > before
    unchanged = openpyxl.load_workbook(source)["Inputs"]
    assert 58610 in [c.value for c in unchanged["B"]]


def test_quotes_around_a_scenario_are_the_shells(demo: tuple[Path, str]) -> None:
    book = demo[0] / "gpu-term-loan.xlsx"
    label = load("gpu-term-loan")[0].scenarios.case[1].label
    data = json.loads(xlcredit("recalc", book, "--set", f'scenario="{label}"', "--json").stdout)
    assert data["values"]["scenario"] == label
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
    book = demo[0] / "gpu-borrowing-base.xlsx"
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(stale, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part.startswith("xl/worksheets/sheet"):
                content = content.replace(b"<v>75000000</v>", b"<v>30000000</v>", 1)
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
    book = folder / "gpu-borrowing-base.xlsx"
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
    assert set(statuses.values()) == {"NONE"}, "no card, and so no loan that could pass"
    assert shown["master_check"] == "CHECK"


def test_new_builds_the_filled_example(demo: tuple[Path, str], tmp_path: Path) -> None:
    target = tmp_path / "loan.xlsx"
    done = xlcredit("new", "gpu-borrowing-base", "-o", target)
    assert done.returncode == 0 and "Cover, flat rents" in done.stdout
    assert target.read_bytes() == (demo[0] / "gpu-borrowing-base.xlsx").read_bytes()
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


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p, ["book.xlsx", "no such file"]),
        (text_file, ["book.xlsx"]),
        (other_zip, ["book.xlsx"]),
        (encrypted, ["book.xlsx", "encrypted", "password"]),
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
        ("scenario=Rents 21% lower", ["scenario", "one of", "Rents 20% lower"]),
        ("dscr_on_curve=2", ["dscr_on_curve", "calculated", "not input"]),
        ("Summary!B6=2", ["Summary!B6", "calculated", "not input"]),
        ("Summary!Z99=5", ["Summary!Z99 is empty", "name an input, e.g. "]),
        ("Summry!B6=2", ["no sheet Summry", "did you mean Summary?"]),
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
    refused(xlcredit("lint", book, "--fix", "-o", book, "--force"), "source itself")
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
    refused(xlcredit("functions", "XLC_LTV_BREACHES"), "did you mean XLC_LTV_BREACH?")


@pytest.mark.parametrize("command", [command for command, _ in leaves(app)])
def test_help_has_an_example(command: str) -> None:
    shown = " ".join(xlcredit(*command.split(), "--help").stdout.split())
    assert f"Example: xlcredit {command}" in shown, (
        f"end the docstring of {command} in xlcredit/cli with the line "
        f"Example: xlcredit {command} ..."
    )


# --- what was typed wrong -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "recalcc book.xlsx",
            "there is no command recalcc; did you mean recalc? See xlcredit --help",
        ),
        ("zebra", "there is no command zebra; see xlcredit --help"),
        ("excel doctr", "no command excel doctr; did you mean doctor? See xlcredit excel --help"),
        ("recalc a --sett x=1", "no option --sett; did you mean --set? See xlcredit recalc --help"),
        (
            "portfolio a --memory-limit 1G",
            "--memory-limit MEGABYTES must be a whole number; got 1G; see xlcredit portfolio",
        ),
        ("portfolio a --time-limit=0", "--time-limit SECONDS must be at least 0.01; got 0; see"),
        ("recalc a -set x=1", "there is no option -set; did you mean --set?"),
        ("libreoffice install --set", "option --set; see xlcredit libreoffice install --help"),
        ("--verzion", "there is no option --verzion; did you mean --version? See xlcredit --help"),
        ("recalc", "the argument FILE is missing; see xlcredit recalc --help"),
        (
            "new gpu-term-loan",
            "name the file to write: xlcredit new gpu-term-loan … -o gpu-term-loan.xlsx",
        ),
        ("recalc a -o", "-o requires an argument; see xlcredit recalc --help"),
        ("recalc a --json=1", "--json does not take a value; see xlcredit recalc --help"),
        ("new a -o b.xlsx --host moon", "--host: 'moon' is not one of 'plain', 'lite'; see"),
        ("freeze a -o b --date 1.2.26", "--date takes a day such as 2026-11-22; got 1.2.26"),
        ("show a.xlsx b.xlsx", "show has no use for b.xlsx; see xlcredit show --help"),
        ("functions XLC_ZEBRA", "is not a worksheet function; xlcredit functions lists them"),
    ],
)
def test_a_wrong_command_line_is_one_line(tmp_path: Path, words: str, told: str) -> None:
    done = xlcredit(*words.split(), cwd=tmp_path)
    refused(done, told)
    assert done.stderr.startswith("xlcredit: ")
    assert "did you mean" in told or "did you mean" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_error_is_one_line_whatever_was_typed(tmp_path: Path) -> None:
    refused(xlcredit("show", "two\nlines.xlsx", cwd=tmp_path), "two lines.xlsx: no such file")


def test_a_group_alone_and_help_show_the_help() -> None:
    for words in ((), ("excel",)):
        done = xlcredit(*words)
        assert done.returncode == 2 and "Commands" in done.stdout and done.stderr == ""
    done = xlcredit("recalc", "--help")
    assert done.returncode == 0 and "--set" in done.stdout and "╭" in done.stdout


def test_the_version_is_the_packages() -> None:
    done = xlcredit("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"xlcredit {__version__}\n", "")


# --- one fact, one wording ------------------------------------------------------------------

READERS = {
    "recalc": ("-o", "out.xlsx"),
    "show": (),
    "lint": (),
    "freeze": ("-o", "out.xlsx"),
    "lite": ("-o", "out.xlsx"),
    "extract": ("-o", "out.toml"),
    "excel doctor": (),
}


#: What else is given workbooks, and why these cases are not for it.
NOT_HERE = {
    "doctor": "is about the installation, and the workbook one more part of it",
    "diff": "two files; tests/cli/test_life.py",
    "stress": "needs to know what moves",
    "simulate": "deal files too; tests/cli/test_simulate.py",
    "portfolio": "what is wrong with a loan stands in its row; tests/portfolio",
}


def test_every_command_that_is_given_a_workbook_is_here() -> None:
    left_out = given_a_workbook() - set(READERS) - set(NOT_HERE)
    assert not left_out, (
        f"put {sorted(left_out)} into READERS of tests/cli/test_cli.py, "
        "or into NOT_HERE with the reason"
    )
    assert set(NOT_HERE) <= given_a_workbook(), "NOT_HERE names what is given no workbook"


@pytest.mark.parametrize("command", READERS)
def test_a_file_that_is_none_is_told_alike(tmp_path: Path, command: str) -> None:
    text_file(tmp_path / "text.xlsx")
    (tmp_path / "folder.xlsx").mkdir()
    for name, told in (
        ("none.xlsx", "none.xlsx: no such file"),
        ("folder.xlsx", "folder.xlsx: is a folder; "),
        ("text.xlsx", "text.xlsx: is not a workbook; "),
    ):
        refused(xlcredit(*command.split(), name, *READERS[command], cwd=tmp_path), told)
    assert not list(tmp_path.glob("out.*"))


def test_a_target_that_is_there_is_told_alike(small: Path, tmp_path: Path) -> None:
    text_file(tmp_path / "there.xlsx")
    (tmp_path / "folder.xlsx").mkdir()
    for words in (("recalc", small), ("freeze", small), ("lite", small), ("new", SMALL)):
        refused(
            xlcredit(*words, "-o", "there.xlsx", cwd=tmp_path),
            "there.xlsx: exists already; use --force to replace it",
        )
        done = xlcredit(*words, "-o", "folder.xlsx", "--force", cwd=tmp_path)
        refused(done, "folder.xlsx: is a folder; name a file in it")


# --- width ----------------------------------------------------------------------------------


@cache
def shown_figures(book: Path) -> list[str]:
    """Every figure of the dashboard as a person reads it, from the widest output."""
    wide = xlcredit("show", book, columns=400).stdout
    return re.findall(r"\$?-?\d[\d,.]*[%xm]?", wide)


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("columns", [None, 80, 40])
def test_no_figure_is_cut_off(demo: tuple[Path, str], name: str, columns: int | None) -> None:
    book = demo[0] / f"{name}.xlsx"
    done = xlcredit("show", book, columns=columns)
    lines = done.stdout.splitlines()
    assert "…" not in done.stdout
    tables = [line for line in lines if line != line.rstrip()]  # rows are filled with blanks
    assert max(map(len, tables)) <= (columns or 100)
    words = done.stdout.split()
    for figure in shown_figures(book):
        assert any(figure in word for word in words), figure


@pytest.mark.parametrize("columns", [None, 80])
def test_tables_of_functions_are_as_wide_as_told(columns: int | None) -> None:
    for words in ((), ("XLC_DUAL_LTV",), ("XLC_SCULPT",)):
        done = xlcredit("functions", *words, columns=columns)
        assert done.returncode == 0 and "…" not in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= (columns or 100)
    wide = xlcredit("functions", columns=400).stdout.split()
    assert xlcredit("functions", columns=columns).stdout.split() == wide


def test_sentences_are_not_broken(demo: tuple[Path, str], tmp_path: Path) -> None:
    book, target = demo[0] / "gpu-borrowing-base.xlsx", tmp_path / f"{'long ' * 20}name.xlsx"
    done = xlcredit("recalc", book, "--set", "margin=5%", "-o", target, columns=40)
    assert f"written: {target}" in done.stdout.splitlines()
    assert any(line.endswith(" s") and "formulas" in line for line in done.stdout.splitlines())
    wide, narrow = (xlcredit("diff", book, target, columns=c).stdout for c in (400, 40))
    assert wide == narrow
    wide, narrow = (xlcredit("lint", book, columns=c).stdout for c in (400, 40))
    assert wide == narrow
