"""``python -m tests.supply licences|sbom|install|audit [FILE]``.

``licences`` lists what comes along and under which licence; ``sbom`` prints a bill of materials
(CycloneDX 1.5, JSON); ``install`` builds the wheel, installs it in a clean environment, where every
other file must have its hash, and runs the demo and the tests of what was installed. ``audit``
looks every locked version up in a database of advisories: ``FILE`` in the form of PyUp's
``insecure_full.json``, or that of the package safety-db (``pip install safety-db``), which is from
2021: with a network, ``pip-audit --disable-pip -r requirements-hashed.lock`` asks a newer one.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import venv
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from tests.supply.closure import ALLOWED, HASHED, ROOT, advisories, hashes, pins, runtime
from xlcredit._version import __version__

#: What the tests of the installed package need besides.
_TESTERS = ("pytest", "hypothesis", "mpmath")
_TESTS = (
    "tests/functions/test_reference.py",
    "tests/functions/test_docstrings.py",
    "tests/deals/test_deals.py",
)


def _licences() -> int:
    bad = 0
    for part in runtime():
        fits = bool(ALLOWED.search(part.licence))
        bad += not fits
        print(
            f"{part.name:28} {part.version:14} {part.licence}{'' if fits else '  <- not allowed'}"
        )
    return bad


def _sbom() -> int:
    known = hashes()
    components = [
        {
            "type": "library",
            "name": part.name,
            "version": part.version,
            "purl": f"pkg:pypi/{part.name}@{part.version}",
            "licenses": [{"license": {"name": part.licence}}],
            "hashes": [{"alg": "SHA-256", "content": h} for h in known.get(part.name, [])],
        }
        for part in runtime()
    ]
    whole = {"type": "library", "name": "xlcredit", "version": __version__}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": whole},
        "components": components,
    }
    print(json.dumps(bill, indent=2, ensure_ascii=False))
    return 0


def _install() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        (wheel,) = folder.glob("*.whl")
        venv.create(folder / "clean", with_pip=True)
        python = folder / "clean/bin/python"
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        lock = folder / "lock.txt"
        lock.write_text(_hashed([p.name for p in runtime()] + _with_needs(_TESTERS)), "utf-8")
        subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(lock)], check=True)
        subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
        subprocess.run([str(python), "-m", "pip", "check"], check=True)
        work = folder / "work"
        shutil.copytree(ROOT / "tests", work / "tests")
        shutil.copytree(ROOT / "templates", work / "templates")
        shutil.copy(ROOT / "pyproject.toml", work)
        program = folder / "clean/bin/xlcredit"
        subprocess.run([str(program), "demo"], cwd=work, check=True)
        tests = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *_TESTS]
        subprocess.run(tests, cwd=work, check=True)
        where = [str(python), "-c", "import xlcredit; print(xlcredit.__file__)"]
        found = subprocess.run(where, cwd=work, check=True, capture_output=True, text=True).stdout
        assert str(folder) in found, found
        print(f"installed and tested: {wheel.name}")
    return 0


def _with_needs(names: tuple[str, ...]) -> list[str]:
    return [*names, *(part.name for name in names for part in runtime(name))]


def _hashed(names: list[str]) -> str:
    """Take the entries of some distributions out of the lock."""
    entries = re.split(r"^(?=[A-Za-z0-9._-]+==)", HASHED.read_text("utf-8"), flags=re.MULTILINE)
    wanted = [e for e in entries[1:] if re.sub(r"[-_.]+", "-", e.split("==")[0]).lower() in names]
    return "".join(wanted)


def _audit() -> int:
    if len(sys.argv) > 2:
        path = Path(sys.argv[2])
    elif found := find_spec("safety_db"):
        path = Path(str(found.origin)).parent / "insecure_full.json"
    else:
        sys.exit("name a database, or pip install safety-db")
    known = json.loads(path.read_text("utf-8"))
    made = datetime.fromtimestamp(known["$meta"]["timestamp"], UTC).date()
    pinned = pins(HASHED)
    told = list(advisories(pinned, known))
    for line in told:
        print(line)
    print(f"{len(pinned)} locked versions, {len(known) - 1:,} packages of {made}: {len(told)} told")
    return min(len(told), 1)


_COMMANDS = {"audit": _audit, "licences": _licences, "sbom": _sbom, "install": _install}
if hasattr(signal, "SIGPIPE"):
    # `… sbom | head` reads a few lines and goes: no error of ours.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
if sys.argv[1:2] == [] or sys.argv[1] not in _COMMANDS:
    sys.exit((__doc__ or "").splitlines()[0])
sys.exit(_COMMANDS[sys.argv[1]]())
