"""The errors: the tree that the module draws is the one there is, and an error value is one."""

from __future__ import annotations

import pickle
import re

import pytest

from xlcredit import errors
from xlcredit.errors import CODES, CellError, XlcreditError


def drawn() -> dict[str, int]:
    """Each class of the drawing, and how far in it stands."""
    lines = re.findall(r"^([ |]*)(?:\+-- )?([A-Z]\w+Error)", errors.__doc__ or "", re.MULTILINE)
    return {name: len(indent) for indent, name in lines}


def test_the_drawing_is_the_tree() -> None:
    classes = {n: c for n in errors.__all__ if isinstance(c := getattr(errors, n), type)}
    depth = {name: len(c.__mro__) - len(XlcreditError.__mro__) for name, c in classes.items()}
    shown = drawn()
    assert set(shown) == set(classes)
    assert sorted(shown, key=lambda n: (shown[n], n)) == sorted(depth, key=lambda n: (depth[n], n))


@pytest.mark.parametrize("code", CODES)
def test_an_error_value_is_equal_by_its_code_and_survives_a_process(code: str) -> None:
    error = CellError(code, "the reason")
    again = pickle.loads(pickle.dumps(error))
    assert again == error == CellError(code)
    assert hash(again) == hash(error)
    assert (again.reason, str(again)) == ("the reason", f"{code} the reason")
    assert error not in (code, CellError("#N/A" if code != "#N/A" else "#NUM!"))


def test_there_is_no_other_error_value() -> None:
    with pytest.raises(ValueError, match="not an Excel error value"):
        CellError("#SPILL!")
