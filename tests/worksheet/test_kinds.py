"""Kinds of arguments: series of one length, measures, conditions."""

from __future__ import annotations

import numpy as np
import pytest

from xlcredit.errors import CellError
from xlcredit.worksheet.kinds import (
    require,
)

from .samples import (
    XLC_PATH,
    XLC_TOTAL,
    error_of,
    run,
)


def test_series_of_different_length_are_told() -> None:
    assert "cash has 3, repayments has 2" in error_of(XLC_TOTAL, [1, 2, 3], [1, 2]).reason


def test_measures() -> None:
    assert run(XLC_PATH, [1, 2]) == 3.0
    assert run(XLC_PATH, [1, 2], "ALL") == [["total", 3.0], ["worst", 1.0]]
    assert run(XLC_PATH, [[1, 2]], "series") == [[1.0, 2.0]]
    assert run(XLC_PATH, 1, "all") == [["total", 1.0], ["worst", CellError("#N/A")]]
    assert error_of(XLC_PATH, 1, "worst").reason == "one period has no worst"


def test_require_stops_a_series() -> None:
    with pytest.raises(CellError, match="got 2"):
        require(np.array([True, False]), "got {}", 2.0)
