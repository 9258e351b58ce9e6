"""``python -m tests.mutation [PER_FILE [PATTERN]]`` mutates a sample of lines and counts survivors.

Needs cosmic-ray (``pip install cosmic-ray==8.7.0``, in this environment or another on the PATH). A
copy of the repository is mutated, never this one. The sample depends on the file alone, so that a
score can be repeated; a survivor is printed with its line. Annotations are not mutated: they are
never evaluated (``from __future__ import annotations``), so no test could notice. Kernels are
mutated as the Python that they are written in: numba is told not to compile. A mutant that takes
half a minute more than three times what all tests took without one counts as noticed.
"""

from __future__ import annotations

import ast
import os
import random
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.test_mirror import NAMED, TESTS, TOGETHER, modules, own

ROOT = Path(__file__).parents[2]
_PYTEST = (
    sys.executable,
    "-m",
    "pytest",
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "--doctest-modules",
)
#: The same examples each time, so that a score can be repeated; no machine code, no LibreOffice.
_HOW = {
    "HYPOTHESIS_PROFILE": "quick",
    "NUMBA_DISABLE_JIT": "1",
    "PYTEST_ADDOPTS": "-m 'not libreoffice'",
}
_OOXML = (
    "tests/ooxml",
    "tests/hostile/test_workbooks.py::test_what_is_refused_is_named",
    "tests/hostile/test_workbooks.py::test_what_packs_well_and_is_small_is_no_bomb",
    "tests/hostile/test_workbooks.py::test_odd_xml_is_read_and_written_as_any_other",
    "tests/recalc/test_engines.py",
    "tests/recalc/test_excel_values.py",
)
#: Rooms of the package whose every file is mutated, and the tests of all files in it.
ROOMS: dict[str, tuple[str, ...]] = {
    "models": ("tests/functions/test_reference.py", "tests/functions/test_docstrings.py"),
    "worksheet": ("tests/worksheet", "tests/functions/test_contract.py"),
    "ooxml": _OOXML,
}


def _tests(module: str) -> tuple[str, ...]:
    """Name the tests that should notice; a file's own come first, for most mutants end there."""
    if module.startswith("models/kernels/"):
        return ("tests/models/test_kernels.py", "tests/models/test_joint.py")
    named = [path.relative_to(TESTS).as_posix() for path in own(module)]
    stated = [NAMED.get(module), TOGETHER.get(Path(module).parent.as_posix())]
    files = dict.fromkeys(f"tests/{file}" for file in [*named, *stated] if file)
    own_examples = f"xlcredit/{module}.py"
    return (own_examples, *files, *ROOMS[module.partition("/")[0]])


#: Each file that is mutated, with its tests.
TARGETS: dict[str, tuple[str, ...]] = {
    f"xlcredit/{module}.py": _tests(module)
    for room in ROOMS
    for module in modules()
    if module.startswith(f"{room}/")
}


def _mutate(
    copy: Path, path: str, tests: tuple[str, ...], sample: int, limit: float
) -> tuple[int, int]:
    """Mutate one file of the copy; give how many mutants there were, and how many survived."""
    config, session = copy / "cosmic.toml", copy / "cosmic.sqlite"
    session.unlink(missing_ok=True)
    command = shlex.join((*_PYTEST, *tests))
    config.write_text(
        f'[cosmic-ray]\nmodule-path = "{path}"\ntimeout = {limit:.1f}\nexcluded-modules = []\n'
        f'test-command = "{command}"\n[cosmic-ray.distributor]\nname = "local"\n'
    )
    _run(copy, "init", str(config), str(session))
    _sample(session, path, sample, _annotations((copy / path).read_text(encoding="utf-8")))
    _run(copy, "exec", str(config), str(session))
    with sqlite3.connect(session) as base:
        results = base.execute(
            "select r.test_outcome, m.operator_name, m.start_pos_row, r.diff, r.worker_outcome "
            "from work_results r "
            "join mutation_specs m on m.job_id = r.job_id order by m.start_pos_row"
        ).fetchall()
    survivors = [row for row in results if str(row[0]).endswith("SURVIVED")]
    late = sum(str(row[4]).endswith("TIMEOUT") for row in results)
    if late:
        print(f"   {path}: {late} ran out of time, which counts as noticed")
    for _, operator, line, diff, _ in survivors:
        print(f"   {path}:{line} {operator.removeprefix('core/')}")
        for text in (diff or "").splitlines():
            if text[:1] in "+-" and text[:3] not in ("+++", "---"):
                print(f"      {text}")
    return len(results), len(survivors)


Span = tuple[tuple[int, int], tuple[int, int]]


def _annotations(text: str) -> list[Span]:
    """Where the annotations of a file begin and end: lines from 1, columns from 0."""
    found = []
    for node in ast.walk(ast.parse(text)):
        for note in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if note is not None:
                end = (note.end_lineno, note.end_col_offset)
                found.append(((note.lineno, note.col_offset), end))
    return found


def _sample(session: Path, path: str, most: int, without: list[Span]) -> None:
    """Keep some of the mutants: the same ones each time."""
    with sqlite3.connect(session) as base:
        found = base.execute(
            "select job_id, start_pos_row, start_pos_col from mutation_specs "
            "where operator_name not like '%Decorator%' order by operator_name, occurrence"
        ).fetchall()
        jobs = [
            job
            for job, *place in found
            if not any(start <= tuple(place) < end for start, end in without)
        ]
        kept = set(random.Random(path).sample(jobs, min(most, len(jobs))))
        for (job,) in base.execute("select job_id from work_items").fetchall():
            if job not in kept:
                base.execute("delete from mutation_specs where job_id = ?", (job,))
                base.execute("delete from work_items where job_id = ?", (job,))


def _run(copy: Path, *words: str) -> None:
    done = subprocess.run(
        ["cosmic-ray", *words],
        cwd=copy,
        env=os.environ | _HOW,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"cosmic-ray {words[0]}: {done.stdout}{done.stderr}")


def _main() -> None:
    if not shutil.which("cosmic-ray"):
        sys.exit("cosmic-ray is not on the PATH: pip install cosmic-ray==8.7.0")
    sample = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    pattern = sys.argv[2] if len(sys.argv) > 2 else ""
    counts: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(copy)], check=True)
        wanted = {path: tests for path, tests in TARGETS.items() if pattern in path}
        every = dict.fromkeys(test for tests in wanted.values() for test in tests)
        started = time.monotonic()
        told = subprocess.run(
            [*_PYTEST, *every], cwd=copy, env=os.environ | _HOW, check=False
        ).returncode
        if told:
            sys.exit("the tests do not pass as it is, so that no mutant could be told")
        limit = 30.0 + 3.0 * (time.monotonic() - started)
        for path, tests in wanted.items():
            mutants, survivors = _mutate(copy, path, tests, sample, limit)
            for group in (path.split("/")[1], "all"):
                total, alive = counts.setdefault(group, [0, 0])
                counts[group] = [total + mutants, alive + survivors]
            print(f"{path:36} {mutants:3} mutants, {survivors} survived", flush=True)
    for group, (total, alive) in sorted(counts.items(), key=lambda one: one[0] == "all"):
        noticed = 1 - alive / max(total, 1)
        print(f"{group:36} {total:3} mutants, {alive} survived: {noticed:.0%} noticed")


_main()
