"""Values inside their declared ranges, a few at a time, leave no cell that shows an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from xlcredit.deals import load
from xlcredit.deals.template import Input
from xlcredit.workbook.session import Session

#: What has made an error once.
FOUND: dict[str, list[dict[str, Any]]] = {
    "hosting-project-loan": [
        {"market_rent": 0.0, "customer_stops": 13.0, "support_months": 0.0, "cash_sweep": 0.0},
        {"market_rent": 0.0, "tolerance": 1e-12},
        {"downtime_months": 60.0, "refi_test_months": 1.0, "refi_months": 1.0},
        {"liquidity_interest": 24.0, "liquidity_principal": 24.0, "tenor_months": 12.0},
    ],
    "gpu-borrowing-base": [
        {"rent_floor": 5.0},
        {"limit_ltv": 0.0, "covenant_dscr": 0.0},
        {"ineligible_3": 10_000_000.0, "sale_impact": 0.0},
    ],
}


@pytest.fixture(scope="module", params=FOUND)
def book(request: pytest.FixtureRequest, book_of: Callable[[str], Session]) -> Iterator[Session]:
    yield (session := book_of(request.param))
    session.reset()


def values(item: Input, scenarios: list[str]) -> st.SearchStrategy[Any] | None:
    """Values that the sheet takes, its limits among them; none for words and dates."""
    if item.name in ("scenario", "downside"):
        return st.sampled_from(scenarios)
    if item.unit in ("text", "date"):
        return st.sampled_from(item.choices) if item.choices else None
    usual = float(item.value) if isinstance(item.value, (int, float)) else 1.0
    low = 0.0 if item.low is None else float(item.low)
    high = max(10 * usual, low + 1.0) if item.high is None else float(item.high)
    between = st.integers(int(low), int(high)).map(float) if item.whole else st.floats(low, high)
    return st.one_of(st.just(low), st.just(high), between)


def drawn(name: str) -> st.SearchStrategy[dict[str, Any]]:
    template, _ = load(name)
    labels = [case.label for case in template.scenarios.case]
    found = {i.name: values(i, labels) for s in template.section for i in s.input}
    able = {n: s for n, s in found.items() if s is not None}
    chosen = st.lists(st.sampled_from(sorted(able)), min_size=1, max_size=4, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({n: able[n] for n in names}))


def faults(book: Session, changed: dict[str, Any]) -> list[Any]:
    book.reset()
    book.set(changed)
    return book.errors


def test_what_was_found_once_is_gone(book: Session) -> None:
    name = next(n for n in FOUND if n in repr(book))
    for changed in FOUND[name]:
        assert not faults(book, changed), changed
        assert book["master_check"] in ("OK", "CHECK")
    book.reset()


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(st.data())
def test_no_legal_deal_shows_an_error(book: Session, data: st.DataObject) -> None:
    """A book without a loan, or whose covenant is never tested, has figures that do not exist."""
    changed = data.draw(drawn(next(n for n in FOUND if n in repr(book))))
    found = faults(book, changed)
    lent = book["debt"]
    assume(isinstance(lent, float) and lent > 0)
    if "first_tested" in book:
        assume(book["first_tested"] <= book["tenor_months"])  # type: ignore[operator]
    assert not found, (changed, found[:3])
