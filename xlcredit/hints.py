"""What may have been meant: the nearest name after a misspelling."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean", "nearest"]

#: Below this likeness a suggestion is noise.
_ALIKE = 0.6
#: From here on two names are one name with a slip.
_SLIP = 0.85
#: Names that are looked at beyond those that are wanted: some are alike in their last word alone.
_MORE = 3


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return what a word may be a misspelling of, the nearest first; mostly nothing.

    Case, what all names of a kind begin with and a last word in common do not make two of them
    alike; of names of several words, one that begins with the other is near.

    Examples
    --------
    >>> nearest("XLC_LVT", ["XLC_LTV", "XLC_PV"], 1), nearest("--jsno", ["--json", "--force"])
    (['XLC_LTV'], ['--json'])
    >>> nearest("XLC_FOO", ["XLC_LTV", "XLC_PV"]), nearest("--set", ["--shared"])
    ([], [])
    >>> nearest("icr_month", ["icr", "mid_month"]), nearest("icr_month", ["mid_month"])
    (['icr'], [])
    """
    import difflib  # noqa: PLC0415 - only after a mistake, and every cell imports this module

    bare = {_bare(name): name for name in known}
    # Longer than any name of ours, and matching takes the square of the length.
    meant = _bare(word)[:80]
    close = difflib.get_close_matches(meant, bare, most + _MORE, _ALIKE)
    close = [name for name in close if _first_words_alike(meant, name)]
    begun = [name for name in bare if name not in close and _begins(meant, name)]
    # the longest of those that it begins with says most, and less than a slip of the fingers
    begun.sort(key=lambda name: abs(len(name) - len(meant)))
    slips = [n for n in close if difflib.SequenceMatcher(None, meant, n).ratio() >= _SLIP]
    others = [name for name in close if name not in slips]
    return [bare[name] for name in [*slips, *begun, *others][:most]]


def did_you_mean(word: str, known: Iterable[str], most: int = 1) -> str:
    """Return the end of a message: what may have been meant, or nothing.

    Examples
    --------
    >>> did_you_mean("marign", ["margin", "fee"]), did_you_mean("rent", ["margin", "fee"])
    ('; did you mean margin?', '')
    """
    near = nearest(word, known, most)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _first_words_alike(word: str, name: str) -> bool:
    """Whether two names are alike in more than the word that they end with."""
    import difflib  # noqa: PLC0415

    (first, _, last), (other, _, end) = word.rpartition("_"), name.rpartition("_")
    if last != end or not first or not other:
        return True
    return difflib.SequenceMatcher(None, first, other).ratio() >= _ALIKE


def _begins(word: str, name: str) -> bool:
    """Whether one of two names begins with the words of the other."""
    short, long = sorted((word, name), key=len)
    return bool(short) and long.startswith(f"{short}_")


def _bare(name: str) -> str:
    return name.casefold().lstrip("-").removeprefix("xlc_")
