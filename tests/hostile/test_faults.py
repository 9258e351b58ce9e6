"""A write that is cut off leaves the old file or nothing: every command, every fault."""

from __future__ import annotations

import ast
import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import xlcredit
from tests.hostile.commands import fair, run
from tests.hostile.faults import (
    COMMANDS,
    FAULTS,
    SHORT,
    trials,
    ways_in_the_table,
    ways_to_write,
)
from tests.hostile.workbooks import sound
from xlcredit.errors import FileError
from xlcredit.files import LARGEST, read_file, replace_file


def test_the_table_holds_every_way_to_write() -> None:
    deletes_its_one_file = ("excel remove", "--folder")
    assert ways_in_the_table() == ways_to_write() - {deletes_its_one_file}


#: What else writes, and why no fault can leave half a file of the user's.
OTHER_WRITERS = {
    "files.py": "the one place that writes a user's file, which the table puts to the test",
    "log.py": "lines at the end of our log; if they cannot be written, nothing else fails",
    "portfolio/journal.py": "lines with a checksum; what is not whole is not read",
    "portfolio/crew.py": "a pipe to the process that asked",
    "portfolio/evaluate.py": "a temporary folder",
    "portfolio/shipping.py": "our code at a worker, unpacked beside and moved into place",
    "portfolio/worker.py": "a pipe to the process that asked",
    "recalc/bulk.py": "the memory of the strict engine, and no file",
    "recalc/machine.py": "a cache, moved into place",
    "recalc/_soffice.py": "a temporary folder",
    "recalc/libreoffice.py": "a temporary folder, from which LibreOffice takes its own copy",
    "hosts/classic/engine.py": "a temporary folder, from which Excel opens its own copy",
    "hosts/installation.py": "whether a folder can be written to",
    "hosts/libreoffice/child.py": "a pipe to the process that asked",
    "hosts/libreoffice/install.py": "a temporary folder",
    "hosts/libreoffice/package.py": "a temporary folder",
}


def test_nothing_else_writes_a_file() -> None:
    package = Path(xlcredit.__file__).parent
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if any(_writes(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == OTHER_WRITERS.keys()


def _writes(tree: ast.Module) -> Iterator[bool]:
    """Whether a call opens a file to write, or puts one somewhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [*node.args, *(word.value for word in node.keywords)]
            texts = [
                arg.value for arg in ast.walk(ast.Tuple(given)) if isinstance(arg, ast.Constant)
            ]
            modes = [
                text for text in texts if isinstance(text, str) and set(text) <= set("rwaxbt+")
            ]
            yield name in {"write_bytes", "write_text", "mkstemp", "rename", "symlink_to", "link"}
            yield name in {"open", "fdopen"} and any(set(mode) & set("wax+") for mode in modes)


@pytest.mark.filterwarnings(
    "ignore:This process:DeprecationWarning"
)  # forks beside NumPy's threads
@pytest.mark.parametrize("command", COMMANDS)
def test_a_fault_leaves_the_old_file_or_nothing(command: str) -> None:
    done = trials(command)
    assert {trial.fault for trial in done} | {SHORT} == {*FAULTS, SHORT}
    assert len(done) >= 2 * len(FAULTS)
    assert [trial for trial in done if not trial.fair] == []


@contextlib.contextmanager
def mounted(disk: Path, option: str) -> Iterator[Path]:
    """A small disk in memory; only root may mount one."""
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", option, "tmpfs", str(disk)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode
    ):
        pytest.skip("only root may mount a disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=16k") as disk:
        source, target = tmp_path / "in.xlsx", disk / "o.xlam"
        source.write_bytes(sound())
        seen = run("excel", "build", "-o", target)
        fair(seen, target)
        assert "No space left on device" in seen.err


def test_the_umask_counts_and_a_private_source_stays_private(tmp_path: Path) -> None:
    source = tmp_path / "in.xlsx"
    source.write_bytes(sound())
    modes = []
    for umask, mode in ((0o022, 0o644), (0o077, 0o644), (0o022, 0o600)):
        before = os.umask(umask)
        try:
            source.chmod(mode)
            target = tmp_path / f"{umask}{mode}.xlsx"
            assert run("recalc", source, "-o", target).code == 0
        finally:
            os.umask(before)
        modes.append(oct(target.stat().st_mode & 0o777))
    assert modes == ["0o644", "0o600", "0o600"]


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    source, other, link = (tmp_path / name for name in ("in.xlsx", "other.xlsx", "link.xlsx"))
    source.write_bytes(sound())
    other.write_bytes(b"somebody's")
    for words in (["recalc"], ["freeze"], ["lite"], ["lint", "--fix"]):
        link.unlink(missing_ok=True)
        link.symlink_to(other)
        assert run(*words, source, "-o", link, "--force").code == 0
        assert other.read_bytes() == b"somebody's"
        assert not link.is_symlink()


def _just_before(
    call: str, happens: Callable[[], object], patch: pytest.MonkeyPatch, times: int = 1
) -> None:
    """Let something happen once, when a system call is about to be made for the n-th time."""
    real, calls = getattr(os, call), iter(range(1, 100))

    def struck(*given: Any, **named: Any) -> Any:
        if next(calls) == times:
            happens()
        return real(*given, **named)

    patch.setattr(os, call, struck)


#: Each step of a write, and which of the calls of that name: a folder is held, then a file opened.
STEPS = [("open", 2), ("fsync", 1), ("link", 1), ("replace", 1)]


@pytest.mark.parametrize(("call", "times"), STEPS)
@pytest.mark.parametrize("nameless", [True, False])
def test_a_folder_swapped_in_the_middle_gets_nothing(
    call: str, times: int, nameless: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, moved, elsewhere = (tmp_path / name for name in ("out", "moved", "elsewhere"))
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / "o.xlsx").write_bytes(b"somebody's")
    done = []

    def swap() -> None:
        folder.rename(moved)
        folder.symlink_to(elsewhere)
        done.append(call)

    if not nameless:  # as on a file system where every file has a name
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    _just_before(call, swap, monkeypatch, times)
    replace_file(folder / "o.xlsx", b"new")
    if not done:
        assert (call, nameless) == ("link", False)  # what has a name needs none
        swap()
    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == {
        "o.xlsx": b"somebody's"
    }
    assert {path.name: path.read_bytes() for path in moved.iterdir()} == {"o.xlsx": b"new"}


@pytest.mark.parametrize(("call", "times"), STEPS)
def test_a_target_swapped_in_the_middle_is_replaced_and_never_followed(
    call: str, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, other = tmp_path / "o.xlsx", tmp_path / "other.xlsx"
    other.write_bytes(b"somebody's")
    _just_before(call, lambda: target.symlink_to(other), monkeypatch, times)
    replace_file(target, b"new")
    assert not target.is_symlink()
    assert target.read_bytes() == b"new"
    assert other.read_bytes() == b"somebody's"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(("call", "times"), STEPS)
def test_a_folder_that_takes_the_target_s_place_stays(
    call: str, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "o.xlsx"
    _just_before(call, target.mkdir, monkeypatch, times)
    with pytest.raises(IsADirectoryError):
        replace_file(target, b"new")
    assert [(path, path.is_dir()) for path in tmp_path.rglob("*")] == [(target, True)]


def test_a_folder_that_cannot_be_written_to_is_told_first(tmp_path: Path) -> None:
    """Before the seconds in which everything is made, which then are lost."""
    file, source, started = tmp_path / "file", tmp_path / "in.xlsx", []
    file.touch()
    source.write_bytes(sound())
    for words in (
        ["demo", file],
        ["demo", file / "below" / "it"],
        ["recalc", source, "-o", file / "o.xlsx"],
        ["new", "gpu-term-loan", "-o", file / "o.xlsx"],
        ["excel", "build", "-o", file / "o.xlam"],
    ):
        seen = run(*words)
        assert seen.code == 2
        assert seen.err.endswith(f": {file} is no folder; name one to write into\n")
        assert seen.err.count("\n") == 1
        started.append(seen.out)
    assert "".join(started) == ""
    assert file.read_bytes() == b""


def test_a_disk_that_is_only_read_is_told_first(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "ro") as disk:
        seen = run("demo", disk / "new")
        assert seen.code == 2
        assert seen.err.endswith(f": {disk} may not be written to; name another folder\n")


def test_pipes_and_devices_are_no_files(tmp_path: Path) -> None:
    pipe, source = tmp_path / "pipe.xlsx", tmp_path / "in.xlsx"
    os.mkfifo(pipe)
    source.write_bytes(sound())
    zero = tmp_path / "zero.xlsx"
    zero.symlink_to("/dev/zero")
    for bad in (pipe, zero):
        seen = run("recalc", bad, "--json")
        assert seen.code == 2
        assert "is a pipe or a device" in seen.err
        seen = run("recalc", source, "-o", bad, "--force")
        assert seen.code == 2
        assert "is a pipe or a device" in seen.err
        assert not bad.is_file()
    deal = tmp_path / "deal.toml"
    os.mkfifo(deal)
    seen = run("new", "gpu-term-loan", "--deal", deal, "-o", tmp_path / "new.xlsx")
    assert seen.code == 2
    assert "is a pipe or a device" in seen.err


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.xlsx"
    with huge.open("wb") as file:
        file.truncate(20 << 30)  # a hole: it takes no room
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FileError, match="larger than"):
        read_file(huge)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 4 * LARGEST / 1024


@pytest.mark.parametrize(
    ("lock", "program"), [("~$o.xlsx", "Excel"), (".~lock.o.xlsx#", "LibreOffice")]
)
def test_a_workbook_that_is_open_is_not_replaced(lock: str, program: str, tmp_path: Path) -> None:
    target = tmp_path / "o.xlsx"
    target.write_bytes(b"work in progress")
    (tmp_path / lock).touch()
    with pytest.raises(FileError, match=f"is open in {program}; close it there first"):
        replace_file(target, b"new")
    assert target.read_bytes() == b"work in progress"
    target.unlink()
    replace_file(target, b"new")  # a lock whose file is gone locks nothing
    assert target.read_bytes() == b"new"


def test_a_file_cut_short_is_refused_at_any_length(tmp_path: Path) -> None:
    whole, file = sound(), tmp_path / "cut.xlsx"
    for length in range(0, len(whole), 53):
        file.write_bytes(whole[:length])
        seen = run("recalc", file, "--json")
        assert seen.code == 2, length
        fair(seen)
