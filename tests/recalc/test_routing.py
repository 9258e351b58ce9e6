"""Which engine calculates: by its name, and where a workbook needs another."""

from __future__ import annotations

import pytest

from xlcredit.errors import RecalcError
from xlcredit.recalc import recalculate

from .conftest import Make


def test_unknown_engine(make: Make) -> None:
    with pytest.raises(RecalcError, match="no engine 'abacus'"):
        recalculate(make({"A1": "=1"}), functions={}, engine="abacus")
