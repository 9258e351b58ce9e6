"""The worked example of every worksheet function runs."""

from __future__ import annotations

import doctest

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
