"""A bent file is read or refused with an error of ours; ``python -m tests.fuzz`` looks longer."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.readers import READERS, bent, read

numbers = st.lists(st.integers(0, 1 << 20), max_size=18)


@pytest.mark.parametrize("name", READERS)
@given(numbers=numbers)
def test_a_reader_answers_or_says_why_not(name: str, numbers: list[int]) -> None:
    read(name, bent(name, numbers))


@pytest.mark.parametrize("name", READERS)
@given(data=st.binary(max_size=200))
def test_bytes_of_any_kind(name: str, data: bytes) -> None:
    read(name, data)


@pytest.mark.parametrize("name", READERS)
def test_the_seeds_are_sound(name: str) -> None:
    """Without this, every bend could be refused for what was there before."""
    READERS[name].read(bent(name, [0, 0]))


#: What was found, and mended: a reader and the bend.
FOUND: list[tuple[str, list[int]]] = [
    ("setting", [5592405] * 16 + [5592320, 246]),  # e99999 has digits and is no number
    # a row too short to name its template; a template's name too long for a file system
    ("tape", [700849, *[11645361] * 3, 11615549, 4013373, 4013373, 4013373, 4043185, 10]),
    (
        "tape",
        [
            700849,
            11662602,
            11640992,
            *[10526880] * 7,
            4170161,
            5700603,
            *[16514043] * 5,
            16494926,
            14284977,
            177,
        ],
    ),
    # a prefix that is not ASCII before the names; a type of relationship that is none
    (
        "recalculation",
        [3866521, 986880, 2297600, *[9013641] * 3, 8978432, 26111, 16750591],
    ),
    ("recalculation", [6514028, 7107432, 15033716, 4481396, 6361631, 2435475]),
    # a column named twice, so that a short line ended before the last of them
    (
        "quotes",
        [
            *(4183, 4473857, 17476, *[4473924] * 4, 4478720, 0, 4473924, 4473924, 4504763),
            *(4473943, 5701632, 161, 11055528, 5701632, 1070935, 5701632, 87, 5721687, 87),
        ],
    ),
]


@pytest.mark.parametrize(("name", "numbers"), FOUND)
def test_what_was_found_stays_mended(name: str, numbers: list[int]) -> None:
    read(name, bent(name, numbers))


def test_a_reader_that_brings_the_process_down_is_a_finding() -> None:
    """It has no time left to say so itself; by chance, without atheris, each file is a finding."""
    command = [sys.executable, "-m", "tests.fuzz", "1", "a reader that is none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    told = r"a reader that is none: (ended with|[\d,]+ files by chance, [1-9])"
    assert re.search(told, done.stdout), done.stdout
