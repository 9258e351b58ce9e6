"""What may be defined as a worksheet function."""

from __future__ import annotations

from typing import Any

import pytest

from xlcredit.worksheet.kinds import (
    Number,
)
from xlcredit.worksheet.registry import describe


def test_a_name_or_a_word_outside_the_rules_is_refused() -> None:
    def LTV(value: Number) -> Any: ...

    def XLC_ODD(nonsense: Number) -> Any: ...

    def XLC_ORDER(value: Number = 0.0, threshold: Number = None, *, loan: Number) -> Any: ...

    for python in (LTV, XLC_ODD, XLC_ORDER):
        with pytest.raises(ValueError, match=python.__name__):
            describe(python, "xlcredit: Tests")
