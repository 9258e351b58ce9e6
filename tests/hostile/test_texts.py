"""Deals, templates and texts: what a stranger could write into them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.hostile.archives import packed, unpacked
from tests.hostile.commands import fair, run
from tests.hostile.workbooks import SHEET, sound
from xlcredit.deals import load
from xlcredit.files import read_file

NAME = "hosting-project-loan"


def _deal() -> str:
    _, home = load(NAME)
    return (home / "deal.toml").read_text("utf-8")


#: A deal file bent: what is there (a pattern, for the wording is the deal's own), what takes its
#: place, and a word of the one line that a user gets.
_NAME, _SOURCE = r'^name = "', 'source = "'
_COMMITMENT, _DATE = r"^commitment = \{ value = \d+", r"^as_of = \d+-\d+-\d+"
DEALS = {
    "nested": (r"^\[inputs\]", "[inputs]\nx = " + "[" * 30_000 + "]" * 30_000, "nested too deep"),
    "digits": (_COMMITMENT, "commitment = { value = " + "9" * 5000, "digits"),
    "many digits": (_COMMITMENT, "commitment = { value = " + "9" * 4000, "too large"),
    "long key": (
        r"^\[inputs\]",
        "[inputs]\n" + " . ".join(["a", '"b"'] * 9999) + " = 1",
        "32 parts",
    ),
    "long table": (r"^\[inputs\]", "[" + ".".join(["a"] * 9999) + "]\n[inputs]", "32 parts"),
    "control": (_SOURCE, r'source = "a\u001B[2J', "plain text"),
    "long": (_SOURCE, 'source = "' + "b" * 40_000, "plain text"),
    "name": (_NAME, r'name = "\u0007', "plain text"),
    "no utf-8": (_NAME, 'name = "\udcff', "is not UTF-8"),
    "date": (_DATE, "as_of = 9999-99-99", "not valid TOML"),
    "infinite": (_COMMITMENT, "commitment = { value = inf", "commitment"),
    "surrogate": (_SOURCE, r'source = "\uD800', "not valid TOML"),
}


@pytest.mark.parametrize("name", DEALS)
def test_a_deal_that_cannot_be_read_is_one_line(name: str, tmp_path: Path) -> None:
    old, new, word = DEALS[name]
    text, bent = re.subn(old, lambda _: new, _deal(), count=1, flags=re.MULTILINE)
    assert bent
    deal, target = tmp_path / "deal.toml", tmp_path / "out" / "new.xlsx"
    target.parent.mkdir()
    deal.write_text(text, "utf-8", errors="surrogateescape")
    seen = run("new", NAME, "--deal", deal, "-o", target)
    fair(seen, target)
    assert seen.code == 2
    assert word in seen.err, seen.err


#: A template file bent.
TEMPLATES = {
    "nested": lambda text: text + "[" * 50_000,
    "digits": lambda text: text.replace("1", "9" * 5000, 1),
    "half": lambda text: text[: len(text) // 2],
    "control": lambda text: text.replace('"', "\0"),
}


@pytest.mark.parametrize("bend", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_that_cannot_be_read_is_one_line(
    bend: Callable[[str], str], tmp_path: Path
) -> None:
    _, home = load(NAME)
    template, target = tmp_path / "template.toml", tmp_path / "out" / "new.xlsx"
    target.parent.mkdir()
    template.write_text(bend((home / "template.toml").read_text("utf-8")), "utf-8")
    seen = run("new", template, "--deal", home / "deal.toml", "-o", target)
    fair(seen, target)
    assert seen.code == 2


def test_no_text_of_a_deal_becomes_a_formula(tmp_path: Path) -> None:
    text = re.sub(r'^name = "', 'name = "=1+1 ', _deal(), count=1, flags=re.MULTILINE)
    text = text.replace('source = "', 'source = "=HYPERLINK(1)')
    deal, target = tmp_path / "deal.toml", tmp_path / "new.xlsx"
    deal.write_text(text, "utf-8")
    assert run("new", NAME, "--deal", deal, "-o", target).code == 0
    cells = [c for sheet in openpyxl.load_workbook(target) for row in sheet for c in row]
    shown = [c for c in cells if isinstance(c.value, str) and "HYPERLINK(1)" in c.value]
    assert shown
    assert {c.data_type for c in shown} == {"s"}
    assert not [c for c in cells if c.data_type == "f" and c.value.startswith("=1+1")]


def test_no_escape_reaches_the_terminal(tmp_path: Path) -> None:
    escape = "\x1b]0;owned\x07 \x9b2J \u202e"
    spelled = "_x001B_]0;owned_x0007_ \x9b2J \u202e"
    parts = unpacked(sound())
    parts[SHEET] = (
        parts[SHEET].decode().replace("<f>B3+1</f>", f'<f>B3+"{escape[-1]}\x9b"</f>').replace(
            "</sheetData>",
            f'<row r="20"><c r="A20" t="inlineStr"><is><t>{spelled}</t></is></c>'
            "<c r=\"B20\"><f>A20</f><v>0</v></c></row></sheetData>",
        )
    ).encode()  # fmt: skip
    file = tmp_path / f"{escape[:1]}[2J\u202e.xlsx"
    file.write_bytes(packed(parts))
    commands = (
        *(["recalc", "--check"], ["recalc", "--json"], ["lint"], ["lint", "--json"]),
        *(["lint", "--sarif"], ["show"], ["freeze", "--verify"], ["diff", file]),
    )
    for words in commands:
        seen = run(*words, file)
        fair(seen)
        assert "\x1b" not in seen.out + seen.err


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever swaps it in between gains nothing: copy and seal are of the same bytes."""
    source, target = tmp_path / "in.xlsx", tmp_path / "copy.xlsx"
    other = packed(
        unpacked(sound()) | {SHEET: unpacked(sound())[SHEET].replace(b"<v>2</v>", b"<v>9</v>")}
    )
    for words in (["freeze"], ["lite"], ["recalc"], ["lint", "--fix"]):
        read: list[Path] = []

        def once(path: Path, *limits: int, read: list[Path] = read) -> bytes:
            content = read_file(path, *limits)
            if path == source:
                read.append(path)
                source.write_bytes(other)
            return content

        source.write_bytes(sound())
        monkeypatch.setattr("xlcredit.ooxml.package.read_file", once)
        assert run(*words, source, "-o", target, "--force").code == 0
        assert read == [source], words
        assert b"<v>2</v>" in unpacked(target.read_bytes())[SHEET]
        monkeypatch.undo()


def test_a_name_that_no_text_spells_is_one_line(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 could stand in no deal, no tape and no seal."""
    file = tmp_path / "a\udcff.xlsx"
    file.write_bytes(sound())
    copied = ["new", NAME, "--copy", "-o", tmp_path / "\udcff"]
    frozen = ["freeze", file, "-o", tmp_path / "b.xlsx"]
    for words in (["lint", "--sarif", file], ["portfolio", file], frozen, copied):
        seen = run(*words)
        fair(seen)
        assert seen.code == 2 and "is not UTF-8 text" in seen.err
    assert list(tmp_path.iterdir()) == [file]
