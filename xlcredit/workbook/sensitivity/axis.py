"""An input and the values that it takes in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from xlcredit.errors import UserError
from xlcredit.hints import did_you_mean
from xlcredit.recalc.typed import parse_value
from xlcredit.workbook.session import Session

__all__ = ["Axis", "check_axes", "parse_axis"]

#: More points on one axis than anybody reads.
_MOST = 10_000


@dataclass(frozen=True)
class Axis:
    """A named input and its values, in the order in which they are taken."""

    name: str
    values: tuple[Any, ...]

    @property
    def is_number(self) -> bool:
        """Whether every value is a number."""
        return all(isinstance(v, float) for v in self.values)


def parse_axis(text: str) -> Axis:
    """Read an axis as an analyst types it: from, to and how many, or the values themselves.

    Examples
    --------
    >>> parse_axis("rent_decline=0:50%:3").values
    (0.0, 0.25, 0.5)
    >>> parse_axis("scenario=As input,Flat").values
    ('As input', 'Flat')
    """
    name, equals, rest = text.partition("=")
    name = name.strip()
    if not (name and equals and rest.strip()):
        raise UserError(_told(text))
    parts = [parse_value(part.strip()) for part in rest.split(":")]
    if len(parts) == 1:
        return Axis(name, tuple(parse_value(v.strip()) for v in rest.split(",")))
    numbers = [part for part in parts if isinstance(part, float)]
    if len(parts) != 3 or len(numbers) != 3:
        raise UserError(_told(text))
    first, last, points = numbers
    if not points.is_integer() or not 2 <= points <= _MOST:
        raise UserError(_told(text))
    return Axis(name, tuple(float(v) for v in np.linspace(first, last, int(points))))


def _told(text: str) -> str:
    form = "NAME=FROM:TO:POINTS or NAME=V1,V2,..."
    return f'a grid is {form}, such as rent_decline=0:0.5:11; got "{text}"'


def check_axes(book: Session, axes: list[Axis]) -> None:
    """Refuse an input that is not there, or a value that the sheet would not take.

    Raises
    ------
    UserError
        If an axis stands twice, or the workbook refuses one of its values.
    """
    names = [axis.name.lower() for axis in axes]
    for axis in axes:
        if names.count(axis.name.lower()) > 1:
            raise UserError(f"{axis.name} is on the grid twice")
        if axis.name not in book:
            near = did_you_mean(axis.name, book.inputs)
            raise UserError(f"{axis.name} is not an input of {book.path.name}{near}")
        for value in axis.values:
            book.check({axis.name: value})
