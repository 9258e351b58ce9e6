"""Every worksheet function agrees with values made by an independent route."""

from __future__ import annotations

import pytest

from tests.oracles.tables import Table, difference, tables
from xlcredit.functions import REGISTRY

#: They tell about the library, not about credit: the contract tests cover them.
NOT_NUMERIC = {"XLC_WHY", "XLC_EXPLAIN", "XLC_VERSION", "XLC_SOURCE", "XLC_GPU"}

#: Their values come with a standard error: ``test_simulation.py`` holds them to another's.
SIMULATED = {"XLC_DUAL_SIM", "XLC_SIM_GRID"}

TABLES = {table.function: table for table in tables()}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_agrees_with_the_reference(table: Table) -> None:
    assert table.cases
    for case in table.cases:
        gap = difference(case["arguments"], table.function, case["expected"])
        assert gap <= table.tolerance, (case, gap)


def test_every_function_has_a_reference() -> None:
    missing = set(REGISTRY) - NOT_NUMERIC - SIMULATED - set(TABLES)
    assert not missing, f"let a program tests/oracles/make_*.py write the values of {missing}"
    assert set(TABLES) <= set(REGISTRY)
