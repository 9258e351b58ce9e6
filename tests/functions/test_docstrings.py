"""The worked example of every worksheet function runs."""

from __future__ import annotations

import doctest
import re
from typing import get_args, get_type_hints

import pytest

# pytest's checker compares the digits that the docstring shows, not all seventeen.
from _pytest.doctest import _get_checker, _get_flag_lookup

from xlcredit.functions import REGISTRY, call


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_the_worked_example_runs(name: str) -> None:
    function = REGISTRY[name]
    namespace = {"call": call, "REGISTRY": REGISTRY}
    test = doctest.DocTestParser().get_doctest(function.doc, namespace, name, None, 0)
    assert test.examples, f"{name} has no worked example"
    flags = _get_flag_lookup()
    runner = doctest.DocTestRunner(
        checker=_get_checker(),
        optionflags=flags["NUMBER"] | flags["NORMALIZE_WHITESPACE"] | flags["ELLIPSIS"],
        verbose=False,
    )
    report: list[str] = []
    runner.run(test, out=report.append)
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize("name", REGISTRY)
def test_the_signature_says_what_the_docstring_says_of_the_result(name: str) -> None:
    function = REGISTRY[name]
    _, kind = get_args(get_type_hints(function.python, include_extras=True)["return"])
    first = re.search(r"Returns\n-+\n([^\n]+)", function.doc)
    assert first and kind == first[1]
