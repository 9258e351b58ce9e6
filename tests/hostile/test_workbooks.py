"""Every hostile workbook against every command that reads one.

Whatever is in the file, a user sees a result or one line that says why there is none; nothing is
left behind, and nothing reaches the terminal that is no text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.archives import packed, unpacked
from tests.hostile.commands import fair, run
from tests.hostile.faults import given_a_workbook
from tests.hostile.workbooks import HOSTILE, SHEET, sound

#: Each command that reads a workbook: what follows its name, given the file and a copy to write.
COMMANDS: dict[str, Callable[[Path, Path], list[object]]] = {
    "recalc": lambda file, _: ["--json", file],
    "recalc -o": lambda file, copy: [file, "-o", copy],
    "lint": lambda file, _: [file],
    "lint --fix": lambda file, copy: [file, "--fix", "-o", copy],
    "freeze": lambda file, copy: [file, "-o", copy],
    "freeze --verify": lambda file, _: ["--verify", file],
    "lite": lambda file, copy: [file, "-o", copy],
    "show": lambda file, _: [file],
    "doctor": lambda file, _: [file],
    "diff": lambda file, _: [file, file],
    "extract": lambda file, copy: [file, "-o", copy.with_suffix(".toml")],
}
#: What else is given a workbook, and why a hostile one is no other for it.
ELSEWHERE = {
    "stress": "opens it as recalc does, and is about what stands in it",
    "simulate": "opens it as recalc does; tests/cli/test_simulate.py",
    "portfolio": "puts a loan that cannot be read into its row; tests/portfolio",
    "excel doctor": "tests/hosts/test_doctor.py",
}
#: These say that the sound workbook is none of ours.
_OURS_ONLY = {"freeze --verify", "show", "diff", "extract"}


def test_every_command_that_is_given_a_workbook_is_here() -> None:
    """A new one would be tried with sound workbooks alone."""
    left_out = given_a_workbook() - {command.split()[0] for command in COMMANDS} - set(ELSEWHERE)
    assert not left_out, (
        f"put {sorted(left_out)} into COMMANDS of tests/hostile/test_workbooks.py (and into "
        "_OURS_ONLY if it takes our own workbooks alone), or into ELSEWHERE with the reason"
    )
    assert set(ELSEWHERE) <= given_a_workbook(), "ELSEWHERE names what is given no workbook"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_command_falls_over(name: str, tmp_path: Path) -> None:
    file = tmp_path / "in" / "hostile.xlsx"
    file.parent.mkdir()
    file.write_bytes(HOSTILE[name](unpacked(sound())))
    before = file.read_bytes()
    for number, (command, words) in enumerate(COMMANDS.items()):
        target = tmp_path / f"out{number}" / "copy.xlsx"
        target.parent.mkdir()
        fair(run(command.split()[0], *words(file, target)), target)
    assert file.read_bytes() == before


def test_the_sound_workbook_is_sound(tmp_path: Path) -> None:
    """Without this, all the others could be refused for another reason than theirs."""
    file = tmp_path / "sound.xlsx"
    file.write_bytes(sound())
    for number, (command, words) in enumerate(COMMANDS.items()):
        seen = run(command.split()[0], *words(file, tmp_path / f"copy{number}.xlsx"))
        assert seen.code == (2 if command in _OURS_ONLY else 0), seen
    assert run("recalc", file, "--check").code == 0


def test_what_packs_well_and_is_small_is_no_bomb(tmp_path: Path) -> None:
    """An empty sheet or a plain picture packs a thousand to one, too."""
    file = tmp_path / "in.xlsx"
    file.write_bytes(packed(unpacked(sound()) | {"xl/media/a.bin": bytes(10 << 20)}))
    assert run("recalc", file, "--json").code == 0


REFUSED = {
    "bad_checksum_of_a_part_nobody_reads": "part xl/media/logo.png cannot be read",
    "names_that_differ_in_case": "two parts of the same name",
    "overlapping_members": "overlaps another",
    "headers_that_disagree": "part xl/worksheets/sheet1.xml cannot be read",
    "seventy_thousand_members": "holds 70,007 parts; refused",
    "bomb_that_lies": "part xl/media/a.bin cannot be read",
    "zip64_directory_nowhere": "it is no zip file",
    "zip64_size_huge": "would unpack to 4,611,686,018,427 MB; refused",
    "zip64_size_small": "part xl/media/a.bin cannot be read",
    "member_outside": "a part outside itself",
    "strange_compression": "Excel cannot unpack part",
    "utf16_workbook": "xl/workbook.xml is not stored as UTF-8",
    "latin1": "xl/workbook.xml is not stored as UTF-8",
    "entity_from_outside": "is not valid XML",
    "string_minus_one": "the value of A20 cannot be read",
    "number_with_underscore": "the value of A20 cannot be read",
    "number_in_other_digits": "the value of A20 cannot be read",
    "number_nan": "the value of A20 cannot be read",
    "cell_in_another_row": "A7 stands in row 20",
    "cell_twice": "stands there twice",
    "iterations_minus_one": "the number of iterations cannot be read",
    "iterations_1e30": "the number of iterations cannot be read",
    "iterations_nan": "the number of iterations cannot be read",
    "sheet_twice": "two sheets are called FLOW",
    "sheet_without_name": "a sheet has no name",
    "name_of_sheet_minus_one": "the name x cannot be read",
    "twenty_arrays_of_a_hundred_thousand": "array formulas fill more than",
    "array_of_a_million": "the extent of the array formula in Flow!A20 cannot be read",
    "shared_that_is_none": "shares a formula that cannot be read",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(name: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.xlsx"
    file.write_bytes(HOSTILE[name](unpacked(sound())))
    seen = run("recalc", file, "--json")
    assert seen.code == 2
    assert REFUSED[name] in seen.err


@pytest.mark.parametrize("name", ["shared_off_the_sheet", "shared_off_the_left"])
def test_a_shared_formula_that_leaves_the_sheet_is_an_error(name: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.xlsx"
    file.write_bytes(HOSTILE[name](unpacked(sound())))
    seen = run("recalc", file, "--json")
    assert seen.code == 1
    errors = {error["cell"]: error["code"] for error in json.loads(seen.out)["errors"]}
    assert errors.get("A21", errors.get("B20")) in ("#REF!", "#NAME?"), errors


#: Names whose text, with the names in it, would not end, and a word of why their cell has no value.
ENDLESS = {
    "names_that_double": "names that use each other",
    "names_in_a_circle": "names that use each other",
    "name_used_thousands_of_times": "the formula, with the names in it",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_names_without_end_cost_their_cell_alone(name: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.xlsx"
    file.write_bytes(HOSTILE[name](unpacked(sound())))
    seen = run("recalc", file, "--json")
    (error,) = json.loads(seen.out)["errors"]
    assert (seen.code, error["cell"]) == (1, "A20")
    assert ENDLESS[name] in error["reason"]


@pytest.mark.parametrize("name", ["odd_prefixes", "comments_everywhere", "text_in_cdata"])
def test_odd_xml_is_read_and_written_as_any_other(name: str, tmp_path: Path) -> None:
    """Recalculated after a change, the copy holds what the sound workbook would."""
    copies = []
    for content in (sound(), HOSTILE[name](unpacked(sound()))):
        file, target = tmp_path / f"{len(copies)}.xlsx", tmp_path / f"copy{len(copies)}.xlsx"
        file.write_bytes(content)
        assert run("recalc", file, "--set", "rent=3", "-o", target).code == 0
        seen = run("recalc", target, "--check", "--json")
        assert seen.code == 0, seen
        copies.append(json.loads(seen.out)["values"])
        frozen = tmp_path / f"frozen{len(copies)}.xlsx"
        assert run("freeze", target, "-o", frozen).code == 0
        assert run("freeze", "--verify", frozen).code == 0
    assert copies[0] == copies[1]
    assert copies[0]["rent"] == 3.0


@pytest.mark.parametrize(
    ("command", "words"),
    [("recalc", []), ("lite", []), ("lint", ["--fix"]), ("freeze", [])],
)
def test_a_signature_that_does_not_hold_for_the_copy_is_told(
    command: str, words: list[str], tmp_path: Path
) -> None:
    signed = unpacked(sound()) | {"_xmlsignatures/sig1.xml": b"<Signature/>"}
    file = tmp_path / "in.xlsx"
    for content, told in ((packed(signed), True), (sound(), False)):
        file.write_bytes(content)
        seen = run(command, file, *words, "-o", tmp_path / "copy.xlsx", "--force")
        assert seen.code == 0
        assert ("digital" in seen.out.lower()) == told, seen.out


def test_a_lone_surrogate_stays_the_text_that_it_is(tmp_path: Path) -> None:
    parts = unpacked(HOSTILE["lone_surrogate"](unpacked(sound())))
    parts[SHEET] = parts[SHEET].replace(
        b"</row></sheetData>", b'<c r="B20"><f>A20</f><v>0</v></c></row></sheetData>'
    )
    file, target = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    file.write_bytes(packed(parts))
    seen = run("recalc", file, "--check", "--json")
    assert json.loads(seen.out)["changes"][0]["now"] == "_xD800_ and \x00"
    assert run("recalc", file, "-o", target).code == 0
    assert b"_x005F_xD800_ and _x0000_" in unpacked(target.read_bytes())[SHEET]
