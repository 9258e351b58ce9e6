"""The kind of a result stands in the signature as in the docstring."""

from __future__ import annotations

import re
from typing import get_args, get_type_hints

import pytest

# pytest's checker compares the digits that the docstring shows, not all seventeen.
from xlcredit.functions import REGISTRY


@pytest.mark.parametrize("name", REGISTRY)
def test_the_signature_says_what_the_docstring_says_of_the_result(name: str) -> None:
    function = REGISTRY[name]
    _, kind = get_args(get_type_hints(function.python, include_extras=True)["return"])
    first = re.search(r"Returns\n-+\n([^\n]+)", function.doc)
    assert first and kind == first[1]
