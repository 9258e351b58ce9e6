"""What a file says that is no TOML, in the words of who wrote it: the line, and what to write."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator

__all__ = ["MOST", "toml_problem", "toml_problems"]

#: Mistakes that one message names.
MOST = 20
#: Characters of a line that are looked at: a search in a longer one could take minutes.
_LONGEST = 1_000

_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_DATE = re.compile(r"=\s*(\d{4}-\d{1,2}-\d{1,2})\b")
_DATE_ABROAD = re.compile(r"=\s*(\d{1,2}[./]\d{1,2}[./]\d{2,4})")
_PERCENT = re.compile(r"=\s*([-+]?\d+(?:\.\d+)?)\s*%")
_THOUSANDS = re.compile(r"=\s*(\d{1,3}(?:[,'’]\d{3}){2,}|\d{1,3}(?:['’]\d{3})+)(?!,?\d)")
_ONE_COMMA = re.compile(r"=\s*(\d{1,3}),(\d{3})(?!,?\d)")
_DECIMAL_COMMA = re.compile(r"=\s*(\d+),(\d+)(?!,?\d)")
_TRUTH = re.compile(r"=\s*(TRUE|FALSE|True|False|yes|no)\b")
#: Mistakes after which the rest of a file can be read, and what stands there in their place.
_KNOWN = (_DATE, _DATE_ABROAD, _PERCENT, _THOUSANDS, _ONE_COMMA, _DECIMAL_COMMA, _TRUTH)
_NO_VALUE = re.compile("|".join(pattern.pattern for pattern in _KNOWN))

_BARE_WORDS = re.compile(r"^\s*[\w-]+\s*=\s*([^\W\d_][\w .&/()-]*?)\s*(?:#.*)?$")
_SCALES = {"k": "e3", "m": "e6", "mn": "e6", "million": "e6", "bn": "e9", "billion": "e9", "x": ""}
_SCALED = re.compile(rf"=\s*([-+]?\d[\d_.]*)\s*({'|'.join(_SCALES)})\b", re.IGNORECASE)
#: What stands in a line whose quoted texts are blanked, and what to write; {0} is what was found.
_SLIPS = (
    (r"^\s*([\w-]+)\s*=\s*(?:#.*)?$", "{0} has no value; write one, or begin the line with #"),
    (r"([“”„‘’«»])", '{0} is a quote of a word processor; write a plain one: "'),
    (r"=\s*[$€£¥]\s*([\d.,_]+)", "a currency sign is part of no number; write {0}"),
    (r"=\s*(\.\d+)", "{0} is no number; write 0{0}"),
    (r"^\s*(\[[\w.-]+)\s*$", "{0} is not closed; write {0}]"),
    (r"^\s*(\[\[[\w.-]+)\]?\s*$", "{0} is not closed; write {0}]]"),
    (r"^\s*([\w-]+)\s*:", "{0} is followed by a colon; write {0} ="),
    (r"(//)", "a remark begins with #, not with {0}"),
    (r"(;)\s*$", "no line ends with a semicolon"),
    (r"(,)\s*\}", "no comma stands before the } of a table in one line"),
    (
        r"^\s*([\w-]+(?: +[\w-]+)+)\s*=",
        "{0} is no key: a key is one word, as written by the template",
    ),
    (r"^\s*([\w-]+)\s+[^\s=][^=]*$", "no = stands behind {0}"),
)
_READ = tuple((re.compile(pattern), told) for pattern, told in _SLIPS)
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")
_NO_COMMA = re.compile(r"[\w\"'\]}]\s+([\w-]+)\s*=")
_GAP = re.compile(r"([^\s,\[=]+)\s+([^\s,\]#=]+)\s*[,\]]")
_OPENED = re.compile(r"=\s*\[[^\]]*$")
_TEXT_IN_TEXT = re.compile(r"=\s*\"[^\"]*\"[^\s,}\]#]")


def toml_problem(error: ValueError, text: str) -> tuple[int, str]:
    """Say in which line a file stops being TOML, and what to write there.

    Parameters
    ----------
    error : ValueError
        What the parser says.
    text : str
        The file.

    Returns
    -------
    (int, str)
        The line from 1, 0 if it is not known, and the problem with its remedy.

    Examples
    --------
    >>> import tomllib
    >>> try:
    ...     tomllib.loads("margin = 4%")
    ... except ValueError as error:
    ...     toml_problem(error, "margin = 4%")
    (1, 'not valid TOML: 4% is no number; write "4%" in quotes, or the share of 1')
    """
    told = str(error)
    found = _AT_LINE.search(told)
    lines = text.splitlines()
    at = int(found[1] or len(lines)) if found else 0
    there = lines[at - 1] if 0 < at <= len(lines) else ""
    plain = _AT_LINE.sub("", told)
    if "overwrite" in told or "twice" in told:
        return at, f"not valid TOML: {there.split('=')[0].strip()} stands there a second time"
    if "Unclosed array" in told:
        at, plain = _open_list(lines, at)
        return at, f"not valid TOML: {plain}"
    return at, f"not valid TOML: {next(_remedies(there[:_LONGEST]), plain)}"


def toml_problems(error: ValueError, text: str) -> list[tuple[int, str]]:
    r"""Say the same of every line that a known mistake is in, the first one first.

    A value that is no TOML is read as 0 to see what comes after it; what follows from a mistake
    that cannot be read past is not told.

    Examples
    --------
    >>> import tomllib
    >>> text = "margin = 4%\nclosing = 30.11.2026\nfee = 1"
    >>> try:
    ...     tomllib.loads(text)
    ... except ValueError as error:
    ...     [line for line, _ in toml_problems(error, text)]
    [1, 2]
    """
    found = [toml_problem(error, text)]
    lines = text.splitlines()
    while len(found) < MOST:
        at = found[-1][0]
        if not 0 < at <= len(lines):
            break
        there = lines[at - 1]
        lines[at - 1] = _NO_VALUE.sub("= 0", there, count=1)
        if lines[at - 1] == there:
            break
        try:
            tomllib.loads("\n".join(lines))
            break
        except ValueError as another:
            line, problem = toml_problem(another, "\n".join(lines))
            if not any(pattern.search(lines[line - 1]) for pattern in _KNOWN):
                break
            found.append((line, problem))
    return found


def _remedies(line: str) -> Iterator[str]:
    """What a line means to say, by the mistakes that people make."""
    yield from _wrong_values(line)
    if odd := next((c for c in line if c.isspace() and c not in " \t"), ""):
        yield f"a space that is none (U+{ord(odd):04X}) stands in this line; type it again"
    quotes = line.replace('\\"', "")
    if quotes.count('"') % 2 or (quotes.count("'") % 2 and '"' not in quotes):
        yield "a quote is not closed in this line"
    if _TEXT_IN_TEXT.search(line):
        yield "a text that holds quotes stands in quotes of the other kind: 'IF(x=\"a\",1,0)'"
    bare = _QUOTED.sub(lambda text: '"' + "_" * (len(text[0]) - 2) + '"', line)
    if "{" in bare:
        yield from _in_braces(bare)
    for pattern, told in _READ:
        if match := pattern.search(bare):
            yield told.replace("{0}", match[1].strip())
    if words := _BARE_WORDS.match(line):
        yield f'{words[1]} is a text; write "{words[1]}" in quotes'


def _wrong_values(line: str) -> Iterator[str]:
    """Values in a spelling that is not TOML's."""
    for date in _DATE.findall(line):
        if not _is_date(date):
            yield f"{date} is no day of the calendar; a date is year-month-day, as 2026-11-30"
    if abroad := _DATE_ABROAD.search(line):
        yield f"{abroad[1]} is no date here; write year-month-day, as 2026-11-30"
    if percent := _PERCENT.search(line):
        yield f'{percent[1]}% is no number; write "{percent[1]}%" in quotes, or the share of 1'
    if groups := _THOUSANDS.search(line):
        yield f"{groups[1]} is no number; write {re.sub(r'[^0-9]', '', groups[1])}"
    if one := _ONE_COMMA.search(line):
        whole, rest = one.groups()
        yield f"{whole},{rest} can be read in two ways; write {whole}{rest} or {whole}.{rest}"
    if comma := _DECIMAL_COMMA.search(line):
        yield f"{comma[1]},{comma[2]} has a decimal comma; write {comma[1]}.{comma[2]}"
    if scaled := _SCALED.search(line):
        number = scaled[1] + _SCALES[scaled[2].lower()]
        yield f"{scaled[1]}{scaled[2]} is no number; write {number}"
    if truth := _TRUTH.search(line):
        yield f"{truth[1]} is not a word of TOML; write true or false"


def _in_braces(bare: str) -> Iterator[str]:
    """What is wrong with a table in one line; its texts are blanked."""
    if missing := _NO_COMMA.search(bare, bare.index("{")):
        yield f"a comma is missing before {missing[1]}"
    if bare.count("{") > bare.count("}"):
        yield "a table in braces begins and ends in one line; its } is missing"


def _open_list(lines: list[str], at: int) -> tuple[int, str]:
    """Where a list is not closed: a comma is missing in it, or the bracket at its end."""
    there, before = (lines[n - 1].strip() if 0 < n <= len(lines) else "" for n in (at, at - 1))
    if there.startswith(("{", '"', "'", "[")) and before and before[-1] not in ",[":
        return at - 1, "a comma is missing at the end of this line"
    if gap := _GAP.search(there[:_LONGEST]):
        return at, f"a comma is missing between {gap[1]} and {gap[2]}"
    opened = [n for n, line in enumerate(lines[:at], 1) if _OPENED.search(line[:_LONGEST])]
    return (opened[-1] if opened else at), "a list begins here whose ] is missing"


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
