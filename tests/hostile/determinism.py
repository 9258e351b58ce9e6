"""The same bytes, whatever the machine is set to.

``python -m tests.hostile.determinism`` runs every setting on its own and prints what it gave;
``--json`` prints the digests of this machine as it is, ``--against PYTHON`` compares them with
those of another Python that has our dependencies (``--against /opt/python3.14/bin/python``).
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

__all__ = ["SETTINGS", "TOGETHER", "Setting", "digests"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Setting:
    """What a machine, or whoever starts the program, may have set."""

    variables: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    umask: int = 0o022


SETTINGS: dict[str, Setting] = {
    "as it is": Setting(),
    **{f"hash seed {n}": Setting({"PYTHONHASHSEED": str(n)}) for n in (0, 1, 4_000_000_000)},
    **{f"time zone {z}": Setting({"TZ": z}) for z in ("Asia/Kathmandu", "Pacific/Kiritimati")},
    "decimal commas": Setting({"LC_ALL": "de_DE.UTF-8", "XLCREDIT_TEST_LOCALE": "de_DE.UTF-8"}),
    "no locale": Setting({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "umask 077": Setting(umask=0o077),
    "one thread": Setting({"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}),
    "eight threads": Setting({"OMP_NUM_THREADS": "8", "RAYON_NUM_THREADS": "8"}),
    "-O": Setting(flags=("-O",)),
}
#: Several settings at once, for a test that is quick.
TOGETHER = Setting(
    {
        **SETTINGS["hash seed 1"].variables,
        **SETTINGS["time zone Pacific/Kiritimati"].variables,
        **SETTINGS["decimal commas"].variables,
        **SETTINGS["eight threads"].variables,
    },
    flags=("-O",),
    umask=0o077,
)

#: What is run: each command with its words; ``{d}`` is the folder.
_COMMANDS = (
    "new gpu-borrowing-base -o {d}/loan.xlsx",
    "recalc {d}/loan.xlsx --set rent_decline=0.35 -o {d}/flat.xlsx",
    "freeze {d}/loan.xlsx -o {d}/committee.xlsx --date 2026-11-22",
    "extract {d}/loan.xlsx -o {d}/deal.toml",
    "lite {d}/loan.xlsx -o {d}/lite.xlsx",
    "stress {d}/loan.xlsx --scenario all -o {d}/grid.csv",
    "lint {d}/flat.xlsx --sarif",
    "diff {d}/loan.xlsx {d}/flat.xlsx --json",
    "show {d}/loan.xlsx",
    "functions --markdown",
    "excel build -o {d}/xlcredit.xlam",
    "libreoffice build -o {d}/xlcredit.oxt",
)

#: The add-ins name the Python that they start, so that another one makes others.
_OF_ONE_PYTHON = {"xlcredit.xlam", "xlcredit.oxt"}
#: A recalculation says how long it took.
_SECONDS = re.compile(r"in \d+\.\d\d s")


def digests(setting: Setting) -> dict[str, str]:
    """Run every command under a setting: a digest of what each wrote and printed."""
    with tempfile.TemporaryDirectory() as scratch:
        variables = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "TZ"))}
        if "LC_ALL" in setting.variables and (folder := locale_folder()):
            variables["LOCPATH"] = str(folder)
        done = subprocess.run(
            [sys.executable, *setting.flags, "-m", "tests.hostile.determinism", "--inside"],
            env=variables | setting.variables | {"COLUMNS": "120"},
            umask=setting.umask,
            cwd=ROOT,
            input=scratch,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, str] = json.loads(done.stdout)
        return found


@cache
def locale_folder() -> Path | None:
    """Make a locale with decimal commas, if its sources are there (Debian: ``locales``)."""
    if not Path("/usr/share/i18n/locales/de_DE").is_file() or not shutil.which("localedef"):
        return None
    folder = Path(tempfile.mkdtemp(prefix="locale"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = ["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")]
    subprocess.run(command, check=False, capture_output=True)
    return folder


def _inside() -> None:
    """Run the commands in this process, whose settings are those asked for."""
    import locale

    from tests.hostile.commands import run

    if (wanted := os.environ.get("XLCREDIT_TEST_LOCALE")) and os.environ.get("LOCPATH"):
        locale.setlocale(locale.LC_ALL, wanted)
        assert locale.localeconv()["decimal_point"] == ","
    folder = sys.stdin.read()
    found = {}
    for command in _COMMANDS:
        seen = run(*command.format(d=folder).split(), seconds=600)
        printed = _SECONDS.sub("in a moment", seen.out.replace(folder, ""))
        found[command.split()[0] + " prints"] = _digest(f"{seen.code}{printed}".encode())
        assert seen.code in (0, 1), (command, seen.err)
    for path in sorted(Path(folder).iterdir()):
        found[path.name] = _digest(path.read_bytes())
    print(json.dumps(found))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _against(python: str) -> None:
    """Compare with another Python; it may as well run in a container, behind a script."""
    command = [python, "-m", "tests.hostile.determinism", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{python}: {done.stderr}")
    found, expected = json.loads(done.stdout), digests(SETTINGS["as it is"])
    compared = (found.keys() | expected) - _OF_ONE_PYTHON
    other = sorted(name for name in compared if found.get(name) != expected.get(name))
    print(f"{python}: {len(compared)} outputs, {len(other)} differ {', '.join(other)}")
    sys.exit(bool(other))


def _all() -> None:
    expected = digests(SETTINGS["as it is"])
    total = differing = 0
    for name, setting in SETTINGS.items():
        found = digests(setting)
        other = [what for what in expected if found.get(what) != expected[what]]
        total, differing = total + len(found), differing + len(other)
        print(f"{name:32} {len(found):3} outputs, {len(other)} differ {', '.join(other)}")
    print(f"{'all':32} {total:3} outputs, {differing} differ")
    sys.exit(bool(differing))


if __name__ == "__main__":
    if "--inside" in sys.argv:
        _inside()
    elif "--json" in sys.argv:
        print(json.dumps(digests(SETTINGS["as it is"]), indent=1))
    elif "--against" in sys.argv:
        _against(sys.argv[sys.argv.index("--against") + 1])
    else:
        _all()
