"""What a command touches: no network, no other program, no file but its own."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.hostile.workbooks import sound
from xlcredit.workbook.export import Column, Table, as_csv

#: Runs commands with a hook that notes every socket, program and file that is opened to write.
_WATCHED = """
import json, os, sys
seen = {"socket": [], "program": [], "file": []}
def hook(event, arguments):
    if event.startswith("socket."):
        seen["socket"].append(event)
    elif event in ("subprocess.Popen", "os.exec", "os.system", "os.posix_spawn", "os.fork"):
        seen["program"].append(event)
    elif event == "open" and isinstance(arguments[2], int):
        if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            seen["file"].append(str(arguments[0]))
sys.addaudithook(hook)
sys.dont_write_bytecode = True
from xlcredit.cli import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["xlcredit", *words]
    try:
        main()
    except SystemExit as left:
        assert left.code in (0, 1), (words, left.code)
print("\\n" + json.dumps(seen))
"""


def test_no_network_no_other_program_no_file_but_its_own(tmp_path: Path) -> None:
    source, scratch = tmp_path / "in.xlsx", tmp_path / "scratch"
    scratch.mkdir()
    source.write_bytes(sound())
    words = [
        ["recalc", source, "-o", tmp_path / "a.xlsx"],
        ["recalc", source, "--json"],
        ["lint", source],
        ["freeze", source, "-o", tmp_path / "b.xlsx"],
        ["lite", source, "-o", tmp_path / "c.xlsx"],
        ["new", "gpu-borrowing-base", "-o", tmp_path / "d.xlsx"],
        ["extract", tmp_path / "d.xlsx", "-o", tmp_path / "e.toml"],
        ["show", tmp_path / "d.xlsx"],
        ["functions", "XLC_DSCR"],
    ]
    commands = json.dumps([[str(word) for word in line] for line in words])
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, commands],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["socket"] == []
    assert seen["program"] == []
    # a nameless file shows as the folder it is made in; openpyxl builds sheets in scratch files
    files = {Path(name) for name in seen["file"] if not name.isdecimal()}  # a file that is open
    assert {path for path in files if path.parent != scratch} <= {tmp_path, scratch}
    assert list(scratch.iterdir()) == []


def test_a_text_in_a_csv_file_is_never_a_formula() -> None:
    """Excel calculates what looks like one, also where a deal or a tape gave the name."""
    names = ["=HYPERLINK(1)", "+1", "-2+3", "@SUM(1)", "\tx", "Atlas", "A=B"]
    table = Table([Column("name", "text"), Column("value", "number")], [[n, -1.5] for n in names])
    rows = list(csv.reader(io.StringIO(as_csv(table).decode())))[1:]
    assert [row[0] for row in rows] == [*(f"'{n}" for n in names[:5]), *names[5:]]
    assert {row[1] for row in rows} == {"-1.5"}
