"""Worksheet functions of one line, and how the tests of this folder call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest

from xlcredit.errors import CellError
from xlcredit.worksheet.boundary import evaluate
from xlcredit.worksheet.kinds import (
    Cell,
    Dates,
    Labels,
    Number,
    Observed,
    Scalar,
    Series,
    Text,
    Whole,
    align,
    checked,
    pick,
    rule,
)
from xlcredit.worksheet.registry import Function, describe

NO_SERIES = np.empty(0)


def XLC_SUM(value: Number, threshold: Number = 1.0) -> Any:
    return checked(
        np.add(value, threshold),
        rule(np.not_equal(value, 13.0), "value must not be {}", value, code="#N/A"),
        rule(np.less(value, 1000.0), "value must stay below 1000; got {}", value),
    )


def XLC_PICKY(loan: Number) -> Any:
    assert not np.any(np.less(loan, 0.0) | np.isinf(loan)), "a loan is at least 0"
    return np.sqrt(loan)


def XLC_WORD(value: Observed) -> Any:
    return np.where(np.isnan(value), "CHECK", np.where(np.greater(value, 1.0), "YES", "NO"))


def XLC_MIXED(value: Number) -> Any:
    if np.ndim(value) == 0:
        return "small" if value < 10 else float(value)
    return np.array([["small" if v < 10 else v for v in row] for row in value], dtype=object)


def XLC_TEXT(gpu: Text, field: Text = "name") -> Any:
    return np.char.add(np.asarray(gpu, dtype=str), np.asarray(field, dtype=str)).astype(object)


def XLC_TOTAL(cash: Series, repayments: Series = NO_SERIES) -> Any:
    if len(repayments):
        cash, repayments = align(cash=cash, repayments=repayments)
        return float(np.sum(cash * repayments))
    return float(np.sum(cash))


def XLC_TABLE(cash: Series, rate: Series) -> Any:
    cash, rate = align(cash=cash, rate=rate)
    return np.column_stack([cash, cash * rate])


def XLC_PATH(cash: Series, measure: Literal["total", "worst", "series"] = "total") -> Any:
    worst = float(cash.min()) if len(cash) > 1 else CellError("#N/A", "one period has no worst")
    return pick(measure, total=float(cash.sum()), worst=worst, series=cash)


def XLC_NEXT(periods: Whole, rate: Scalar = 0.5) -> Any:
    return periods + rate


def XLC_LABEL(period_labels: Labels) -> Any:
    return period_labels[-1]


def XLC_DAYS(dates: Dates) -> Any:
    return dates


def XLC_SEEN(cell: Cell) -> Any:
    return repr(cell)


def XLC_BROKEN(value: Number) -> Any:
    raise KeyError("a bug")


def XLC_NOTHING(value: Number) -> Any:
    return None


@dataclass(frozen=True)
class Terms:
    loan: float
    rate: float
    balloon: float = 5.0


def XLC_TERMS(terms: Terms) -> Any:
    return terms.loan * terms.rate + terms.balloon


def the(python: Any) -> Function:
    return describe(python, "xlcredit: Tests")


def run(python: Any, *raw: Any) -> Any:
    return evaluate(the(python), raw)


def error_of(python: Any, *raw: Any) -> CellError:
    with pytest.raises(CellError) as caught:
        run(python, *raw)
    return caught.value
