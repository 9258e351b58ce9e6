"""What a worksheet function answers: the kind stands in its signature, as those of arguments do.

To a type checker a result is anything, as a cell may hold anything; the word is for readers, and a
test holds it to the docstring.
"""

from __future__ import annotations

from typing import Annotated, Any

__all__ = [
    "AnyFacts",
    "BlockResult",
    "GridResult",
    "LabelResult",
    "NumberOrSeries",
    "NumberResult",
    "NumberOrRange",
    "ScheduleResult",
    "TextResult",
    "TextRows",
    "TextOrRange",
]

#: A number for numbers, a range for ranges.
NumberOrRange = Annotated[Any, "number or range"]
NumberResult = Annotated[Any, "number"]
#: One figure, or that figure of every period.
NumberOrSeries = Annotated[Any, "number or series"]
#: A row a period, a column a figure.
ScheduleResult = Annotated[Any, "schedule"]
#: Labels beside figures.
BlockResult = Annotated[Any, "block"]
GridResult = Annotated[Any, "grid"]
TextResult = Annotated[Any, "text"]
TextOrRange = Annotated[Any, "text or range"]
TextRows = Annotated[Any, "rows of text"]
LabelResult = Annotated[Any, "label"]
#: What a table of the catalogue holds.
AnyFacts = Annotated[Any, "number, date or text, or range"]
