"""``python -m tests.fuzz [SECONDS [READER ...]]``: ten minutes over all readers, led by coverage.

Uses atheris where it is installed (extra ``dev``, on Linux); without it, chance alone. Every
finding is printed as the line for ``FOUND`` in ``test_readers.py``.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence

_SECONDS = 600


def _numbers(data: bytes) -> list[int]:
    """Read three bytes each as a number."""
    return [int.from_bytes(data[i : i + 3], "big") for i in range(0, len(data), 3)][:40]


def _one(name: str, numbers: Sequence[int]) -> bool:
    from tests.fuzz.readers import bent, read

    try:
        read(name, bent(name, numbers))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {str(error)[:100]}"
        print(
            f"FOUND ({name!r}, {list(numbers)}),  # {where.filename}:{where.lineno} {told}",
            flush=True,
        )
        return False
    return True


def _by_chance(name: str, seconds: float) -> None:
    chance, started, tried, found = random.Random(name), time.monotonic(), 0, 0
    while time.monotonic() - started < seconds:
        numbers = [chance.randrange(1 << 20) for _ in range(chance.choice((6, 10, 18)))]
        tried, found = tried + 1, found + (not _one(name, numbers))
    print(f"{name}: {tried:,} files by chance, {found} findings")


def _by_coverage(name: str, seconds: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["xlcredit"]):
        from tests.fuzz.readers import READERS

        assert name in READERS
    count = [0, 0]

    def once(data: bytes) -> None:
        count[0] += 1
        count[1] += not _one(name, _numbers(data))
        if count[0] < 20 or count[0] % 20 == 0:  # libFuzzer ends the process without a word
            print(f"{name}: {count[0]:,} files led by coverage, {count[1]} findings", flush=True)

    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={seconds}",
            "-max_len=90",
            "-verbosity=0",
            "-rss_limit_mb=0",
        ],
        once,
    )
    atheris.Fuzz()


def _main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        name, seconds = sys.argv[2], int(sys.argv[3])
        try:
            import atheris  # noqa: F401
        except ImportError:
            _by_chance(name, seconds)
        else:
            _by_coverage(name, seconds)
        return 0
    from tests.fuzz.readers import READERS

    names = sys.argv[2:] or list(READERS)
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else _SECONDS
    found = 0
    for name in names:
        command = [sys.executable, "-m", "tests.fuzz", "--inside", name, str(seconds // len(names))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [s for s in done.stdout.splitlines() if s.startswith(("FOUND", name))]
        known = {line.partition("#")[2]: line for line in lines if line.startswith("FOUND")}
        found += len(known)
        for line in known.values():
            print(line.removeprefix("FOUND "))
        print(lines[-1] if lines else f"{name}: nothing told", flush=True)
        if done.returncode or not lines:  # a crash of the process says no FOUND
            found += 1
            print(f"{name}: ended with {done.returncode}: {done.stderr[-500:]}", flush=True)
    return min(found, 1)


if __name__ == "__main__":
    sys.exit(_main())
