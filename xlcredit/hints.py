"""What may have been meant: the nearest name after a misspelling."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean", "nearest"]

#: Below this likeness a suggestion is noise.
_ALIKE = 0.6


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return what a word may be a misspelling of, the nearest first; mostly nothing.

    Case, and what all names of a kind begin with, do not make two of them alike.

    Examples
    --------
    >>> nearest("XLC_LVT", ["XLC_LTV", "XLC_PV"], 1), nearest("--jsno", ["--json", "--force"])
    (['XLC_LTV'], ['--json'])
    >>> nearest("XLC_FOO", ["XLC_LTV", "XLC_PV"]), nearest("--set", ["--shared"])
    ([], [])
    """
    import difflib  # noqa: PLC0415 - only after a mistake, and every cell imports this module

    bare = {_bare(name): name for name in known}
    # Longer than any name of ours, and matching takes the square of the length.
    return [bare[b] for b in difflib.get_close_matches(_bare(word)[:80], bare, most, _ALIKE)]


def did_you_mean(word: str, known: Iterable[str], most: int = 1) -> str:
    """Return the end of a message: what may have been meant, or nothing.

    Examples
    --------
    >>> did_you_mean("marign", ["margin", "fee"]), did_you_mean("rent", ["margin", "fee"])
    ('; did you mean margin?', '')
    """
    near = nearest(word, known, most)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _bare(name: str) -> str:
    return name.casefold().lstrip("-").removeprefix("xlc_")
