"""Every word of the vocabulary says its domain, holds what it says, and nothing beside it."""

from __future__ import annotations

import math
import re

import pytest

from xlcredit.worksheet.vocabulary import VOCABULARY, Word

WORDS = pytest.mark.parametrize("word", VOCABULARY.values(), ids=VOCABULARY)


@WORDS
def test_the_ends_are_inside_and_what_follows_is_not(word: Word) -> None:
    assert word.unit and word.meaning
    if word.among:
        assert all(map(word.holds, word.among))
        assert not word.holds(max(word.among) + 1)
        return
    for end, beyond in ((word.low, -math.inf), (word.high, math.inf)):
        assert word.holds(end)
        assert not word.holds(math.nextafter(end, beyond))
    assert not any(map(word.holds, (math.nan, math.inf, -math.inf)))
    if word.whole:
        assert not word.holds(word.low + 0.5)


@WORDS
def test_the_domain_in_words_is_the_domain(word: Word) -> None:
    """Read the sentence, and ask the word about the numbers that it names."""
    ends = re.findall(r"(above|at least|below|at most) (\S+)", word.domain)
    for relation, shown in ends:
        number = float(shown)
        assert word.holds(number) == (relation in ("at least", "at most")), word.domain
    named = {relation in ("above", "at least") for relation, _ in ends}
    assert (True in named) == (not word.among and word.low > -1e300)
    assert (False in named) == (not word.among and word.high < 1e300)
    assert word.domain.startswith("a whole number") == (word.whole and not word.among)


def test_one_path_may_be_asked_for_and_none_may_not() -> None:
    """One is a simulation, though it has no standard error, which is said beside it."""
    assert VOCABULARY["paths"].holds(1.0)
    assert not VOCABULARY["paths"].holds(0.0)
