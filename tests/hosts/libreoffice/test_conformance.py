"""The conformance table in a real Calc: what differs must be of a documented kind."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest

from tests.conformance.cases import Case, Rows, cases, normal
from tests.functions.cases import answer
from tests.hosts.libreoffice import conformance
from tests.hosts.libreoffice.conformance import (
    BLANK,
    COVENANT,
    DOCUMENTED,
    REFUSED,
    TRUE,
    WRONG,
    difference,
)
from xlcredit.errors import CellError

NA = CellError("#N/A")
REFUSAL = CellError("#VALUE!", "LibreOffice: Err:504")


def _case(function: str, *blocks: Rows | None) -> Case:
    """A call, its answer as in Python."""
    given = [b[0][0] if b is not None and len(b) == len(b[0]) == 1 else b for b in blocks]
    return Case(function, "more", blocks, normal(answer(function, *given)))


#: What the table does not ask, and how it must differ.
MORE: list[tuple[Case, str | None]] = [
    (_case("XLC_RENT", [[None]], [[0.3]], [[12.0]]), BLANK),
    (_case("XLC_COVENANT", [[None]], [[1.2]]), BLANK),
    (_case("XLC_WHY", [[None]]), BLANK),
    (_case("XLC_RENT", [[2.5]], [[0.3]], [[True]]), TRUE),
    (_case("XLC_RENT", [[2.5]], [[0.3]], [[True], [12.0]]), TRUE),
    (_case("XLC_WHY", [[True]]), TRUE),
    (_case("XLC_COVENANT", [[CellError("#REF!")]], [[1.2]]), COVENANT),
    (_case("XLC_DSCR", [[1.0], [CellError("#VALUE!")]], [[1.0], [1.0]]), REFUSED),
    (_case("XLC_WHY", [[1.0], [NA]]), None),
    (_case("XLC_RENT", [[2.5]], [[0.3]], [[None], [12.0]]), None),
    (_case("XLC_RENT", [[NA]], [[0.3]], [[12.0]]), None),
]


@pytest.mark.libreoffice
def test_calc_differs_as_documented_only() -> None:
    if not conformance.HERE and "CI" not in os.environ:
        pytest.skip("LibreOffice is not installed")
    more = [case for case, _ in MORE]
    table = [*cases(), *more]
    shown = conformance.answers(table)
    kinds = [difference(case, got) for case, got in zip(table, shown, strict=True)]
    wrong = [
        f"{case}: {got} is not {case.expected}"
        for case, got, kind in zip(table, shown, kinds, strict=True)
        if kind == WRONG
    ]
    assert not wrong, f"{len(wrong)} of {len(table)}\n" + "\n".join(wrong[:10])
    assert kinds[-len(more) :] == [kind for _, kind in MORE]
    assert set(kinds) == {None, *DOCUMENTED}
    # so few calls of the table may differ: one with an error in a range, of every argument
    ranges = sum(_in_range(case) for case in cases())
    assert Counter(kinds[: -len(more)])[REFUSED] == ranges


def _in_range(case: Case) -> bool:
    blocks = [block for block in case.blocks if block and len(block) * len(block[0]) > 1]
    return any(isinstance(cell, CellError) for block in blocks for row in block for cell in row)


COVER = _case("XLC_COVENANT", [[1.25], [NA]], [[1.2]])
CHECKED = _case("XLC_COVENANT", [[NA]], [[1.2]])
ZERO = _case("XLC_RENT", [[None]], [[0.3]], [[12.0]])


@pytest.mark.parametrize(
    ("case", "got", "kind"),
    [
        (COVER, [[REFUSAL], [REFUSAL]], REFUSED),
        (COVER, [["PASS"], ["CHECK"]], None),
        (COVER, [["PASS"], ["PASS"]], WRONG),
        (COVER, [["PASS"], [REFUSAL]], WRONG),
        (COVER, [[REFUSAL]], WRONG),
        (COVER, [[CellError("#VALUE!")]] * 2, WRONG),
        (COVER, [[CellError("#VALUE!", "LibreOffice: Err:502")]] * 2, WRONG),
        (CHECKED, [[NA]], COVENANT),
        (CHECKED, [["PASS"]], WRONG),
        (CHECKED, [[CellError("#NUM!")]], WRONG),
        (CHECKED, [[REFUSAL]], WRONG),
        (ZERO, [[0.0]], BLANK),
        (ZERO, [[1.0]], WRONG),
        (_case("XLC_RENT", [[2.5]], [[0.3]], [[12.0]]), [[REFUSAL]], WRONG),
        (_case("XLC_RENT", [[2.5]], [[0.3]], [["a"]]), [[REFUSAL]], WRONG),
        (_case("XLC_RENT", [[2.5]], [[0.3]], [["a"]]), [[CellError("#VALUE!")]], None),
        (Case("XLC_VERSION", "of TRUE", (), [[True]]), [["0"]], WRONG),
    ],
)
def test_a_difference_is_classed_by_what_must_show(case: Case, got: Any, kind: str | None) -> None:
    assert difference(case, got) == kind
