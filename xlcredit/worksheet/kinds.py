"""The kinds of argument that a worksheet function can take, and what its body may answer.

A worksheet function annotates each parameter with one of these names. The annotation is both
the static type that the body works with and the rule by which the boundary reads a raw cell.

========== ======================= ===================================================
kind       the body receives       a cell or range may hold
========== ======================= ===================================================
Number     float or 2-D array      numbers; broadcasts like NumPy
Observed   float or 2-D array      anything; whatever is not a number arrives as NaN
Text       str or 2-D object array words; broadcasts like NumPy
Series     1-D array               a row or a column of numbers, or one constant
Labels     list                    a row or a column of text, numbers or dates
Dates      1-D datetime64[D] array a row or a column of dates (serials or dates)
Scalar     float                   one number
Whole      int                     one whole number
Cell       object                  one cell, even one that holds an error
Literal    str                     one of the words listed, in any case
dataclass  that dataclass          a two-column label/value block
========== ======================= ===================================================

In an array of numbers, a cell that holds no number, or one outside its domain, is NaN: the body
computes on, and the boundary shows the cell's error in its place.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xlcredit.errors import CellError

__all__ = [
    "Block",
    "Cell",
    "Checked",
    "Dates",
    "Labels",
    "Number",
    "Observed",
    "Rule",
    "Scalar",
    "Series",
    "Text",
    "Whole",
    "align",
    "checked",
    "few",
    "pick",
    "require",
    "rule",
]

FloatArray = NDArray[np.float64]

#: Launches or steps of one curve; XLC_CURVE takes any number of points.
MOST_EVENTS = 1000

Number = Annotated[Any, "number"]
Observed = Annotated[Any, "observed"]
Text = Annotated[Any, "text"]
Series = Annotated[FloatArray, "series"]
Labels = Annotated[list[Any], "labels"]
Dates = Annotated[NDArray[np.datetime64], "dates"]
Scalar = Annotated[float, "scalar"]
Whole = Annotated[int, "whole"]
Cell = Annotated[Any, "cell"]

#: Labels and values that spill as two columns.
Block = dict[str, Any]


class Rule(NamedTuple):
    """A condition across arguments that must hold, element by element."""

    holds: Any
    code: str
    message: str
    shown: tuple[Any, ...]

    def error(self, *values: Any) -> CellError:
        """Return the error that names the values which broke the rule."""
        return CellError(self.code, self.message.format(*(f"{float(v):.6g}" for v in values)))

    def stand(self) -> None:
        """Raise the rule's error unless it holds everywhere: for a single answer."""
        holds = self.holds
        if not (holds if isinstance(holds, (bool, np.bool_)) else np.all(holds)):
            raise self.error(*(np.asarray(v).reshape(-1)[0] for v in self.shown))


class Checked(NamedTuple):
    """Values together with the rules that decide which of them stand."""

    result: Any
    rules: tuple[Rule, ...]


def rule(holds: Any, message: str, *shown: Any, code: str = "#NUM!") -> Rule:
    """State a condition across arguments; ``{}`` in ``message`` shows the values in turn."""
    return Rule(holds, code, message, shown)


def checked(result: Any, *rules: Rule) -> Checked:
    """Return ``result`` except where a rule is broken: there the cell shows the rule's error.

    The body computes first and checks afterwards, so that one bad element of a range is an
    error in its own place and never aborts the rest of the block.
    """
    return Checked(result, rules)


def require(holds: Any, message: str, *shown: Any, code: str = "#NUM!") -> None:
    """Stop with an error unless ``holds``: for series functions, which have one answer."""
    if not np.all(holds):
        raise CellError(code, message.format(*(f"{float(v):.6g}" for v in shown)))


def few(**series: FloatArray) -> None:
    """Stop where a series of events is longer than any curve could have: each costs a pass."""
    for name, values in series.items():
        if len(values) > MOST_EVENTS:
            message = f"{name} may hold at most {MOST_EVENTS} values; got {len(values)}"
            raise CellError("#NUM!", message)


def pick(measure: str, **measures: Any) -> Any:
    """Return the measure named; for ``"all"``, every measure that is a single figure."""
    if measure == "all":
        return {name: value for name, value in measures.items() if name != "series"}
    value = measures[measure]
    if isinstance(value, CellError):
        raise value
    return value


def align(**series: ArrayLike) -> list[FloatArray]:
    """Stretch constants to the common length of the series; ``#VALUE!`` if lengths differ."""
    arrays = {name: np.atleast_1d(np.asarray(s, dtype=np.float64)) for name, s in series.items()}
    long = {name: len(a) for name, a in arrays.items() if len(a) != 1}
    if len(set(long.values())) > 1:
        counts = ", ".join(f"{name} has {n}" for name, n in long.items())
        raise CellError("#VALUE!", f"series must have the same number of periods: {counts}")
    periods = max(long.values(), default=1)
    return [np.broadcast_to(a, (periods,)) for a in arrays.values()]
