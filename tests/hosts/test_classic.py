"""Every worksheet function through xlwings' own COM server, as Excel on Windows calls it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.functions.cases import answer, every_function, example, replaced
from tests.hosts.windows import MISSING, SCODES, Windows, shown, to_windows
from xlcredit.errors import CODES, CellError
from xlcredit.functions import REGISTRY, Function
from xlcredit.worksheet.explain import argument_help

# --- registration ---------------------------------------------------------------------------


@every_function
def test_xlwings_finds_the_function_under_its_name(excel: Windows, function: Function) -> None:
    info = getattr(excel.classic, function.name).__xlfunc__
    assert info["name"] == function.name
    assert info["category"] == function.category
    assert info["ret"] == {"doc": function.summary, "options": {"convert": "raw"}}
    assert [a["name"] for a in info["args"]] == [p.vba for p in function.parameters]
    assert all(a["options"] == {"convert": "raw"} for a in info["args"])
    assert [a["doc"] for a in info["args"]] == list(argument_help(function).values())
    assert not info["volatile"]


@every_function
def test_xlwings_own_wrapper_has_the_function(excel: Windows, function: Function) -> None:
    declared = [p.vba if p.required else f"Optional {p.vba}" for p in function.parameters]
    assert f"Function {function.name}({', '.join(declared)})" in excel.vba()


def test_xlwings_own_wrapper_has_nothing_else(excel: Windows) -> None:
    assert set(re.findall(r"Function (\w+)\(", excel.vba())) == set(REGISTRY)


# --- the same answers as in Python ----------------------------------------------------------


@every_function
def test_the_server_gives_what_python_gives(excel: Windows, function: Function) -> None:
    raw = [to_windows(argument) for argument in example(function)]
    expected = shown(answer(function.name, *example(function)))
    assert excel.call(function.name, *raw) == expected
    assert excel.call_through_xlwings(function.name, *raw) == expected


def test_the_server_that_excel_starts_is_xlwings_own_with_our_answers(
    excel: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    theirs, served = excel.server.XLPython, []
    monkeypatch.setattr(excel.server, "XLPython", theirs)  # as it was, afterwards
    monkeypatch.setattr(excel.server, "serve", served.append)
    importlib.import_module("xlcredit.hosts.classic.server").serve("{a class}")
    assert served == ["{a class}"]
    assert issubclass(excel.server.XLPython, theirs)
    assert excel.server.XLPython._public_methods_ == theirs._public_methods_
    module = "xlcredit.hosts.classic.udfs"
    assert excel.server.XLPython().CallUDF(module, "XLC_RENT", (2.5, 0.3, 12.0)) == 1.75


def test_other_udfs_go_to_xlwings(excel: Windows) -> None:
    import xlwings as xw

    @xw.func
    def TWICE(x):  # type: ignore[no-untyped-def]
        return 2 * x

    vars(excel.classic)["TWICE"] = TWICE
    assert excel.call("TWICE", 21.0) == 42.0


@every_function
def test_an_argument_not_written_is_a_blank(excel: Windows, function: Function) -> None:
    raw = [
        MISSING if argument is None and not p.required else to_windows(argument)
        for p, argument in zip(function.parameters, example(function), strict=True)
    ]
    assert excel.call(function.name, *raw) == shown(answer(function.name, *example(function)))


@pytest.mark.parametrize("code", CODES)
@every_function
def test_an_error_cell_comes_out_marked(excel: Windows, function: Function, code: str) -> None:
    for position in range(len(function.parameters)):
        arguments = replaced(example(function), position, CellError(code))
        raw = [to_windows(argument) for argument in arguments]
        assert excel.call(function.name, *raw) == shown(answer(function.name, *arguments))


def test_a_range_spills_with_errors_in_place(excel: Windows) -> None:
    months = ((0.0, 12.0), (None, SCODES["#N/A"]))
    got = excel.call("XLC_RENT", 2.5, 0.3, months)
    assert got == [[2.5, 1.75], ["#XLC:VALUE!", "#XLC:N/A"]]


def test_an_array_constant_of_one_row_is_a_row(excel: Windows) -> None:
    assert excel.call("XLC_RENT", 2.5, 0.3, (0.0, 12.0)) == [2.5, 1.75]


# --- raw values -----------------------------------------------------------------------------


# --- reasons --------------------------------------------------------------------------------


def test_the_module_is_as_before_without_windows() -> None:
    from xlcredit.hosts.classic import udfs as classic

    assert set(classic.__all__) == set(REGISTRY)
    got: Any = classic.XLC_RENT(2.5, 0.3, 12.0)  # type: ignore[attr-defined]
    assert got == [[1.75]]
