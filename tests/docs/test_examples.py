"""Every example in the docstrings runs; those of worksheet functions run with their contract."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

# pytest's checker compares the digits that the docstring shows, not all seventeen.
from _pytest.doctest import _get_checker, _get_flag_lookup

import xlcredit

#: Modules that only their host can import.
_OF_HOSTS = ("_addin", "_trace", "officejs.functions")


def examples() -> Iterator[doctest.DocTest]:
    """The docstrings with examples, outside the worksheet functions."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for found in pkgutil.walk_packages(xlcredit.__path__, "xlcredit."):
        if not found.name.endswith((*_OF_HOSTS, "__main__")):
            for test in finder.find(importlib.import_module(found.name)):
                if test.examples and ".XLC_" not in test.name:
                    yield test


@pytest.mark.parametrize("test", list(examples()), ids=lambda test: test.name)
def test_the_example_runs(test: doctest.DocTest) -> None:
    flags = _get_flag_lookup()
    runner = doctest.DocTestRunner(
        checker=_get_checker(),
        optionflags=flags["NUMBER"]
        | flags["NORMALIZE_WHITESPACE"]
        | flags["ELLIPSIS"]
        | flags["IGNORE_EXCEPTION_DETAIL"],
        verbose=False,
    )
    report: list[str] = []
    runner.run(test, out=report.append)
    assert not runner.failures, "".join(report)
