"""Every worksheet function through xlwings' own COM server, as Excel on Windows calls it."""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functions.cases import answer, every_function, example, replaced
from tests.hosts.windows import MISSING, SCODES, Windows, shown, to_windows, windows
from xlcredit.errors import CODES, CellError
from xlcredit.functions import REGISTRY, Function
from xlcredit.hosts.classic.com import ERROR_NUMBERS, from_com, to_com
from xlcredit.hosts.reasons import CallSite, Reasons
from xlcredit.worksheet.cells import Cells
from xlcredit.worksheet.explain import argument_help

CALLER = "[Deal.xlsx]Debt!R5C3"


@pytest.fixture(scope="module")
def excel() -> Iterator[Windows]:
    with windows() as stood_in:
        yield stood_in


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


@pytest.mark.parametrize(("code", "scode"), SCODES.items())
def test_error_integers_are_error_values(code: str, scode: int) -> None:
    assert from_com(scode) == CellError(code)
    assert from_com(((1.0, scode),)) == Cells([1.0, CellError(code)], (1, 2))
    assert ERROR_NUMBERS[code] == scode & 0xFFFF


def test_newer_error_values_are_value_errors() -> None:
    spill, getting_data = -2146826243, -2146826245
    assert from_com(spill) == from_com(getting_data) == CellError("#VALUE!")


def test_other_raw_values() -> None:
    assert from_com(7) == 7.0
    assert from_com(True) is True
    assert from_com(None) is None
    assert from_com("text") == "text"
    assert from_com(decimal.Decimal("2.5")) == 2.5
    noon = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
    assert from_com(noon) == 46053.5
    assert from_com(((noon,), (None,))) == Cells([46053.5, None], (2, 1))
    assert from_com(((5.0,),)) == Cells([5.0], (1, 1))


def test_an_answer_of_plain_cells_is_not_copied() -> None:
    answered = [[1.0, "text"]]
    assert to_com(answered) is answered


def test_dates_leave_as_serials() -> None:
    assert to_com(datetime.date(2026, 1, 31)) == [[46053.0]]
    assert to_com(datetime.date(1900, 3, 1)) == [[61.0]]
    assert to_com(datetime.date(1900, 2, 28)) == [["#XLC:NUM!"]]


# --- reasons --------------------------------------------------------------------------------


def test_the_reason_of_an_error_cell_is_kept_until_it_answers(excel: Windows) -> None:
    excel.call("XLC_RENT", 2.5, 1.5, 0.0, None, None, None, CALLER)
    place = CallSite("[Deal.xlsx]Debt", 5, 3)
    found = excel.classic.REASONS.find(place, CellError("#NUM!"))
    assert found.reason.startswith("decline must be")
    assert found.__traceback__ is None
    assert excel.classic.REASONS.find(place, CellError("#N/A")).reason == ""
    excel.call("XLC_RENT", 2.5, 0.3, 0.0, None, None, None, CALLER)
    assert excel.classic.REASONS.find(place, CellError("#NUM!")).reason == ""


@pytest.mark.skipif("XLC_WHY" not in REGISTRY, reason="not registered")
def test_why_tells_the_reason_behind_a_cell_of_a_block(excel: Windows) -> None:
    excel.call("XLC_RENT", 2.5, 0.3, ((0.0,), (-1.0,)), None, None, None, CALLER)
    told = "month must be a number at least 0; got -1"
    below = (SCODES["#NUM!"], "[Deal.xlsx]Debt!R6C3")
    assert told in excel.call("XLC_WHY", below, "[Deal.xlsx]Debt!R1C1")
    block = (((2.5,), (SCODES["#NUM!"],)), CALLER)
    assert told in excel.call("XLC_WHY", block, "[Deal.xlsx]Debt!R1C1")
    other = (SCODES["#NUM!"], "[Deal.xlsx]Debt!R9C3")
    assert told not in excel.call("XLC_WHY", other, "[Deal.xlsx]Debt!R1C1")
    assert told not in excel.call("XLC_WHY", SCODES["#NUM!"])


def test_an_address_is_read_whatever_the_sheet_is_called() -> None:
    assert CallSite.parse("'[My !R1C1.xlsx]It''s']!R2C3'!R5C7:R9C9") == (
        "'[My !R1C1.xlsx]It''s']!R2C3'",
        5,
        7,
    )
    for other in ("", "A1", None, 5.0, "Sheet!A1"):
        assert CallSite.parse(other) is None


def test_only_so_many_reasons_are_kept() -> None:
    reasons = Reasons(most=3)
    for row in range(10):
        reasons.keep(CallSite("S", row, 1), CellError("#N/A", f"row {row}"))
    assert reasons.find(CallSite("S", 6, 1), CellError("#N/A")).reason == ""
    assert reasons.find(CallSite("S", 7, 1), CellError("#N/A")).reason == "row 7"
    reasons.keep(CallSite("S", 20, 1), [[CellError("#N/A", "long")]] * 10)
    assert reasons.find(CallSite("S", 22, 1), CellError("#N/A")).reason == "long"
    assert reasons.find(CallSite("S", 23, 1), CellError("#N/A")).reason == ""


def test_a_reason_is_of_its_own_sheet() -> None:
    reasons = Reasons()
    reasons.keep(CallSite("S", 1, 1), CellError("#N/A", "here"))
    assert reasons.find(CallSite("T", 1, 1), CellError("#N/A")).reason == ""


def test_the_module_is_as_before_without_windows() -> None:
    from xlcredit.hosts.classic import udfs as classic

    assert set(classic.__all__) == set(REGISTRY)
    got: Any = classic.XLC_RENT(2.5, 0.3, 12.0)  # type: ignore[attr-defined]
    assert got == [[1.75]]
