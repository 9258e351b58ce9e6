"""The same workbooks that the tests of recalculation use."""

from tests.recalc.conftest import (
    Make,
    calculate,
    committee_book,
    edit_part,
    functions,
    make,
    parts,
    recorder,
)

__all__ = [
    "Make",
    "calculate",
    "committee_book",
    "edit_part",
    "functions",
    "make",
    "parts",
    "recorder",
]
