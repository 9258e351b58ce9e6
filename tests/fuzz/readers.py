"""The readers, sound files of our own making for each, and how a file is bent.

A bend is a list of small numbers: which file, which part, where, what. So Hypothesis can shrink it
and a coverage-guided fuzzer can learn from it.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import xlcredit
from tests.hostile.archives import packed, unpacked
from tests.hostile.faults import LOAN, closes
from tests.hostile.workbooks import HOSTILE, sound
from tests.small import SMALL
from xlcredit.deals import Template, load, read_deal, shipped
from xlcredit.deals.quotes import read_quotes
from xlcredit.deals.series import read_series
from xlcredit.errors import CellError, XlcreditError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.display import digests
from xlcredit.ooxml.package import Package
from xlcredit.portfolio.rows import example_tape, read_rows
from xlcredit.recalc import recalculate
from xlcredit.recalc.typed import parse_value
from xlcredit.workbook.export import as_csv
from xlcredit.workbook.lint import RULES
from xlcredit.workbook.lint.subject import Subject
from xlcredit.workbook.simulated import read_simulation

__all__ = ["READERS", "Reader", "bent", "read"]

_TEMPLATE = "hosting-project-loan"
#: What means something to one reader or another.
TOKENS: tuple[bytes, ...] = tuple(
    token.encode()
    for token in (
        *("", "0", "-1", "1e999", "nan", "1_0", "9" * 400, "\x00", "\x1b[2J", "\udfff"[:0], "é"),
        *("<", ">", "/>", "</c>", "<c ", "<f>", "</f>", "<v>", '"', "'", "&amp;", "&#0;", "]]>"),
        *("<![CDATA[", "<!--", "-->", "<?", "<!DOCTYPE a>", "xmlns:", ' r="A1"', ' t="s"'),
        *(' t="array" ref="A1:B2"', ' t="shared" si="0"', ' hidden="1"', ' s="-3"', "xl/"),
        *("(", ")", "{", "}", ",", ";", ":", "!", "$", "#REF!", "[1]", "@", "XLC_DSCR(", "IF("),
        *("A1:XFD1048576", "Flow!B1", "OFFSET(", "LET(a,1,", "LAMBDA(", "%", "^", "&", "=", "<>"),
        *(
            "[[",
            "]]",
            "[inputs]",
            "value = ",
            "unit = ",
            '"""',
            "{live.x}",
            "\\u0000",
            "2026-02-31",
        ),
        *("\n", "\r", "\t", ",,", '""', "id", "template", "gpu-term-loan", "TRUE", "50%", "1,5"),
    )
)


@dataclass(frozen=True)
class Reader:
    """Something that reads what strangers write."""

    seeds: Callable[[], Sequence[bytes]]
    read: Callable[[bytes], object]
    zipped: bool = False


def read(name: str, data: bytes) -> None:
    """Give a reader some bytes; an exception that is not ours comes out."""
    with contextlib.suppress(XlcreditError):
        READERS[name].read(data)


def bent(name: str, numbers: Sequence[int]) -> bytes:
    """Bend one of a reader's sound files; the first numbers choose it, each four more are a cut."""
    reader = READERS[name]
    seeds = _seeds(name)
    which, part, *cuts = [*numbers, 0, 0][: max(2, len(numbers))]
    data = seeds[which % len(seeds)]
    if not reader.zipped:
        return _cut(data, cuts)
    parts = unpacked(data)
    chosen = list(parts)[part % len(parts)]
    return packed(parts | {chosen: _cut(parts[chosen], cuts)})


def _cut(data: bytes, cuts: Sequence[int]) -> bytes:
    """At each place take some bytes out, and put a token or a piece of the file itself in."""
    for at, length, token, copied in zip(*[iter(cuts)] * 4, strict=False):
        start = at % (len(data) + 1)
        end = start + length % 40
        piece = data[copied % (len(data) + 1) :][: copied % 60]
        new = TOKENS[token % len(TOKENS)] if token % 4 else piece
        data = data[:start] + new + data[end:]
    return data


@cache
def _seeds(name: str) -> Sequence[bytes]:
    return READERS[name].seeds()


# --- the readers ------------------------------------------------------------------------------


def _read_workbook(data: bytes) -> None:
    book = Book(Package(data))
    assert book.formulas is not None
    for place in [*book.formulas, *book.members]:
        book.saved(place)
    assert [book.constants, book.names, book.cell_names, book.iteration, digests(book)]


def _lint(data: bytes) -> None:
    subject = Subject(Package(data))
    for rule in RULES:
        if rule.id != "L23":  # a recalculation, which is a reader of its own
            list(rule.find(subject))


def _evaluate(data: bytes) -> None:
    with contextlib.suppress(CellError):
        xlcredit.evaluate("=" + data.decode("utf-8", "replace"))


def _in_a_file(suffix: str, use: Callable[[Path], object]) -> Callable[[bytes], None]:
    def reading(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"file{suffix}"
            path.write_bytes(data)
            use(path)

    return reading


@cache
def _loaded() -> tuple[Template, Path]:
    """The template of the deals and the tapes, which no reader changes."""
    return load(_TEMPLATE)


def _deals() -> list[bytes]:
    return [(_loaded()[1] / "deal.toml").read_bytes()]


def _templates() -> list[bytes]:
    # the small one is read thirty times while one of the others is
    names = [SMALL] * 30 + list(shipped())
    return [(load(name)[1] / "template.toml").read_bytes() for name in names]


def _tapes() -> list[bytes]:
    template, home = _loaded()
    tape = example_tape(template, read_deal(home / "deal.toml", template))
    return [as_csv(tape)]


def _quotes() -> list[bytes]:
    rents = 'date,gpu,price,source\n2025-01-31,H100,2.5,a\n2025-02-28,H100,"2,100",b\n'
    return ["\n".join(closes().splitlines()[:20]).encode(), rents.encode()]


def _months(path: Path) -> None:
    template, _ = _loaded()
    name = template.own_rows[0].name
    read_series({name: {"file": path.name}}, template, path, "series", date(2026, 1, 31))


def _workbooks() -> list[bytes]:
    # Those that are slow to read are left to their own tests.
    names = ("odd_prefixes", "comments_everywhere", "text_in_cdata", "two_arrays_in_one_place",
             "shared_off_the_left", "lone_surrogate", "cells_out_of_order")  # fmt: skip
    return [sound(), *(HOSTILE[name](unpacked(sound())) for name in names)]


_FORMULAS = (
    b"XLC_DSCR({150;120},{100;100})", b"SUM(1,2)*(3-4)^2%", b'IF(1>2,"a","b"&"c")',
    b"INDEX({1,2;3,4},2,1)", b"LET(a,2,a*a)", b"VLOOKUP(2,{1,2;2,3},2,FALSE)", b"-1+TRUE",
    b"TEXT(46000,\"yyyy-mm-dd\")", b"SUMPRODUCT({1,2},{3,4})", b"IFERROR(1/0,2)",
)  # fmt: skip
READERS: dict[str, Reader] = {
    "workbook": Reader(_workbooks, _read_workbook, zipped=True),
    "lint": Reader(_workbooks, _lint, zipped=True),
    "recalculation": Reader(_workbooks, recalculate, zipped=True),
    "formula": Reader(lambda: _FORMULAS, _evaluate),
    "deal": Reader(_deals, _in_a_file(".toml", lambda path: read_deal(path, _loaded()[0]))),
    "template": Reader(_templates, _in_a_file(".toml", lambda path: load(str(path)))),
    "series": Reader(lambda: [b"month,value\n1,5\n2,\n3,1.5e3\n"], _in_a_file(".csv", _months)),
    "quotes": Reader(_quotes, _in_a_file(".csv", lambda path: read_quotes(path, "H100"))),
    "terms": Reader(lambda: [LOAN.encode()], _in_a_file(".toml", read_simulation)),
    "tape": Reader(_tapes, lambda data: list(read_rows(data, Path("tape.csv"), _TEMPLATE))),
    "setting": Reader(
        lambda: (b"30%", b"45,000", b"2026-11-22", b"TRUE", b"'Flat'"),
        lambda data: parse_value(data.decode("utf-8", "replace")),
    ),
}
