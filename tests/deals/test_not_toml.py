"""Slips of the pen in TOML: each names its line and what to write."""

from __future__ import annotations

import tomllib

import pytest

from xlcredit.deals.not_toml import toml_problems

#: What somebody writes, the line that is named, words of the remedy.
SLIPS = {
    "comma in braces": ('a = 1\nmargin = { value = 0.04 unit = "x" }', 2, "missing before unit"),
    "comma in a row": ('row = [\n  { name = "a", label = "b" unit = "USD" },\n]', 2, "before unit"),
    "comma after a row": ('row = [\n  { name = "a" }\n  { name = "c" },\n]', 2, "end of this line"),
    "comma in a list": ("months = [1, 2 3]", 1, "between 2 and 3"),
    "bracket of a list": ("a = 1\nmonths = [1, 2\nmargin = 3", 2, "] is missing"),
    "bracket of a table": ("[covenants\nx = 1", 1, "write [covenants]"),
    "brackets of tables": ("[[covenant]\nx = 1", 1, "write [[covenant]]"),
    "brace": ("margin = { value = 1\nfee = 2", 1, "} is missing"),
    "comma before a brace": ("margin = { value = 1, }", 1, "no comma"),
    "equals sign": ("margin 0.04", 1, "no = stands behind margin"),
    "colon": ("margin: 0.04", 1, "write margin ="),
    "no value": ("margin =", 1, "margin has no value"),
    "no quotes": ("borrower = A miner", 1, 'write "A miner" in quotes'),
    "one quote": ('borrower = "A miner\nmargin = 1', 1, "a quote is not closed"),
    "quotes of a word processor": ("borrower = \u201cA miner\u201d", 1, "write a plain one"),
    "quotes in quotes": ('formula = "IF(x="a",1,0)"', 1, "quotes of the other kind"),
    "no-break space": ("margin =\u00a00.04", 1, "U+00A0"),
    "thousands": ("commitment = 2,600,000,000", 1, "write 2600000000"),
    "thousands of Zurich": ("commitment = 2'600'000", 1, "write 2600000"),
    "one comma": ("commitment = 2,600", 1, "write 2600 or 2.600"),
    "decimal comma": ("margin = 0,04", 1, "write 0.04"),
    "currency": ("gpu_cost = $32000", 1, "write 32000"),
    "millions": ("commitment = 2600m", 1, "write 2600e6"),
    "no zero": ("margin = .04", 1, "write 0.04"),
    "percent": ("margin = 4%", 1, 'write "4%"'),
    "semicolon": ("margin = 0.04;", 1, "semicolon"),
    "remark": ("margin = 0.04 // as agreed", 1, "a remark begins with #"),
    "key of two words": ("market rent = 2", 1, "market rent is no key"),
    "key twice": ("margin = 1\nmargin = 2", 2, "margin stands there a second time"),
    "table twice": ("[inputs]\na = 1\n[inputs]\nb = 2", 3, "[inputs] stands there a second time"),
    "day abroad": ("closing_date = 12/31/2026", 1, "year-month-day"),
}


def told(text: str) -> list[tuple[int, str]]:
    with pytest.raises(ValueError) as error:  # noqa: PT011 (the parser has no narrower one)
        tomllib.loads(text)
    return toml_problems(error.value, text)


@pytest.mark.parametrize(("text", "line", "remedy"), SLIPS.values(), ids=SLIPS)
def test_a_slip_names_its_line_and_the_remedy(text: str, line: int, remedy: str) -> None:
    at, problem = told(text)[0]
    assert (at, remedy in problem) == (line, True), problem


def test_several_values_are_told_at_once() -> None:
    found = told("margin = 4%\nclosing_date = 30.11.2026\ncommitment = 2,600,000,000\nfee = 1")
    assert [line for line, _ in found] == [1, 2, 3]


@pytest.mark.parametrize(
    "text", ["a = b" + " " * 500_000 + "!", "a " * 300_000, "x = [" + "1 " * 300_000]
)
def test_a_long_line_is_told(text: str) -> None:
    """A search that goes back in it would never end."""
    assert told(text)
