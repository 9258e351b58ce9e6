"""What holds for every worksheet function, whatever it computes.

Each test takes the arguments from the function's own worked example, so a new function is
covered as soon as it is registered.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from typing import Any

import docstring_parser
import numpy as np
import pandas as pd
import pytest

from tests.functions.cases import (
    ANY_CELL,
    ELEMENTWISE,
    NUMERIC,
    VECTORS,
    answer,
    every_function,
    example,
    is_column,
    positions,
    replaced,
    same,
    single_example,
    transposed,
)
from xlcredit.errors import CODES, CellError
from xlcredit.functions import OMITTED, REGISTRY, Function, call
from xlcredit.worksheet.explain import argument_help, manual
from xlcredit.worksheet.vocabulary import VBA_KEYWORDS, VOCABULARY

SECTIONS = ("parameters", "returns", "raises", "notes", "examples", "references")
#: They tell about the library, so they have no formula and no source to cite.
AUDIT = {"XLC_WHY", "XLC_SOURCE", "XLC_EXPLAIN", "XLC_VERSION"}
#: Their arguments say what goes down and what goes across.
GRIDS = {"XLC_SIM_GRID"}
LONGEST = 255
EPOCH = datetime.date(1899, 12, 30)


# --- names and texts ------------------------------------------------------------------------


@every_function
def test_the_name_is_a_noun_that_every_host_can_hold(function: Function) -> None:
    assert re.fullmatch(r"XLC(_[A-Z]+)+", function.name)
    assert not re.fullmatch(r"[A-Z]{1,3}\d+|R\d*C\d*", function.name), "reads as a cell address"
    assert function.category.startswith("xlcredit: ")


@every_function
def test_parameters_are_words_of_the_vocabulary(function: Function) -> None:
    names = [p.name for p in function.parameters]
    labels = [f.name for p in function.parameters if p.terms for f in dataclasses.fields(p.terms)]
    assert set(names + labels) <= set(VOCABULARY)
    assert len(names) == len(set(names))
    assert len(names) <= 10


@every_function
def test_parameters_are_names_that_vba_can_hold(function: Function) -> None:
    names = [p.vba for p in function.parameters]
    assert not VBA_KEYWORDS & set(names)
    assert all(re.fullmatch(r"[a-z][a-z_]*", name) for name in names)
    assert len(names) + sum(map(len, names)) <= 254, "xlwings gives up beyond this"


@every_function
def test_optional_arguments_come_last(function: Function) -> None:
    required = [p.required for p in function.parameters]
    assert required == sorted(required, reverse=True)


@every_function
def test_help_fits_the_function_wizard(function: Function) -> None:
    assert 0 < len(function.summary) <= LONGEST
    for name, text in argument_help(function).items():
        assert 0 < len(text) <= LONGEST, name


@every_function
def test_the_docstring_tells_every_argument_in_order(function: Function) -> None:
    written = docstring_parser.parse(function.doc, docstring_parser.DocstringStyle.NUMPYDOC)
    assert [p.arg_name for p in written.params] == [p.name for p in function.parameters]


@every_function
def test_the_docstring_gives_the_vocabulary_s_units(function: Function) -> None:
    for parameter, told in zip(function.parameters, manual(function).parameters, strict=True):
        assert told.meaning, parameter.name
        assert told.unit == parameter.word.unit, parameter.name


@every_function
def test_the_docstring_has_every_section(function: Function) -> None:
    needed = ("returns", "examples") if function.name in AUDIT else SECTIONS
    page = manual(function)
    assert not [section for section in needed if not getattr(page, section)]


# --- blank, omitted, zero -------------------------------------------------------------------


@every_function
def test_a_blank_an_omitted_and_an_empty_text_argument_are_one(function: Function) -> None:
    arguments = example(function)
    expected = answer(function.name, *arguments)
    while arguments and arguments[-1] is None:
        arguments.pop()
        assert same(answer(function.name, *arguments), expected)
    for position, parameter in enumerate(function.parameters):
        if not parameter.required:
            blank = replaced(example(function), position, None)
            expected = answer(function.name, *blank)
            for cell in (OMITTED, "", [[None]]):
                got = answer(function.name, *replaced(blank, position, cell))
                assert same(got, expected), (parameter.name, cell)


@every_function
def test_an_empty_range_is_an_error_that_names_its_argument(function: Function) -> None:
    for position, parameter in enumerate(function.parameters):
        for empty in ([], [[]], (), np.empty(0), np.empty((0, 2))):
            got = answer(function.name, *replaced(example(function), position, empty))
            assert got == CellError("#VALUE!"), parameter.name
            assert f"{parameter.name} is an empty range" in got.reason


@every_function
def test_a_masked_cell_is_a_blank_and_a_matrix_an_array(function: Function) -> None:
    for position, parameter in positions(function, *NUMERIC, "observed"):
        argument = example(function)[position]
        if not isinstance(argument, list) or parameter.kind == "terms":
            argument = [argument, argument]
        if any(isinstance(cell, list) or cell is None for cell in argument):
            continue
        blank = answer(function.name, *replaced(example(function), position, [None, *argument]))
        masked = np.ma.array([9.0, *argument], mask=[True] + [False] * len(argument))
        for form in (masked, masked[:, None], [np.ma.masked, *argument]):
            got = answer(function.name, *replaced(example(function), position, form))
            assert same(got, blank), (parameter.name, form)
            assert getattr(got, "reason", "") == getattr(blank, "reason", "")
        column = answer(function.name, *replaced(example(function), position, argument))
        matrix = np.array(argument)[:, None].view(np.matrix)
        assert same(answer(function.name, *replaced(example(function), position, matrix)), column)


@every_function
def test_a_required_blank_is_an_error_that_names_it(function: Function) -> None:
    for position, parameter in enumerate(function.parameters):
        if parameter.required and parameter.kind not in ANY_CELL:
            for cell in (None, OMITTED, ""):
                got = answer(function.name, *replaced(example(function), position, cell))
                assert got == CellError("#VALUE!"), parameter.name
                assert got.reason.startswith(f"{parameter.name} is required"), got.reason


@every_function
def test_the_default_written_out_changes_nothing(function: Function) -> None:
    for position, parameter in enumerate(function.parameters):
        default: Any = parameter.default
        if dataclasses.is_dataclass(default):
            values = dataclasses.asdict(default)  # type: ignore[arg-type]
            default = [[k, v] for k, v in values.items() if v is not None]
        if isinstance(default, (float, int, str, list)):
            omitted = replaced(example(function), position, None)
            expected = answer(function.name, *omitted)
            assert same(answer(function.name, *replaced(omitted, position, default)), expected)


@every_function
def test_zero_is_a_number_and_not_a_blank(function: Function) -> None:
    for position, parameter in positions(function, *NUMERIC):
        if parameter.required:
            got = answer(function.name, *replaced(example(function), position, 0.0))
            assert not isinstance(got, CellError) or "required" not in got.reason, parameter.name


@every_function
def test_a_blank_inside_a_series_is_an_error(function: Function) -> None:
    for position, parameter in positions(function, *VECTORS):
        argument = example(function)[position]
        if is_column(argument):
            holed = replaced(argument, 1, None)
            got = answer(function.name, *replaced(example(function), position, holed))
            assert got == CellError("#VALUE!"), parameter.name
            assert parameter.name in got.reason


@every_function
def test_too_many_arguments_are_refused(function: Function) -> None:
    assert answer(function.name, *example(function), 1.0) == CellError("#VALUE!")


# --- shapes ---------------------------------------------------------------------------------


@every_function
def test_the_example_has_an_answer(function: Function) -> None:
    # XLC_WHY answers with the reason even for an error
    assert not isinstance(answer(function.name, *example(function)), CellError)


@every_function
def test_equal_inputs_give_equal_answers(function: Function) -> None:
    assert call(function.name, *example(function)) == call(function.name, *example(function))


def as_rows(function: Function) -> list[Any]:
    """The example with every column laid as a row."""
    kinds = ELEMENTWISE | VECTORS
    return [
        [argument] if p.kind in kinds and is_column(argument) else argument
        for p, argument in zip(function.parameters, example(function), strict=True)
    ]


@every_function
def test_a_row_is_read_like_a_column(function: Function) -> None:
    if as_rows(function) == example(function):
        pytest.skip("no columns in the example")
    column = answer(function.name, *example(function))
    row = answer(function.name, *as_rows(function))
    labelled = not function.elementwise and isinstance(column, list) and type(column[0][0]) is str
    fixed = labelled or function.name in GRIDS
    assert same(row, column if fixed else transposed(column))


def tuples(argument: Any) -> Any:
    return tuple(map(tuples, argument)) if isinstance(argument, list) else argument


def nested(argument: Any) -> Any:
    return [[cell] for cell in argument] if is_column(argument) else argument


def numpy_array(argument: Any) -> Any:
    return np.array(argument) if isinstance(argument, list) else argument


def object_array(argument: Any) -> Any:
    return np.array(argument, dtype=object) if isinstance(argument, list) else argument


def pandas_object(argument: Any) -> Any:
    if is_column(argument):
        return pd.Series(argument)
    return pd.DataFrame(argument) if isinstance(argument, list) else argument


@pytest.mark.parametrize(
    "form", [tuples, nested, object_array, pandas_object], ids=lambda form: form.__name__
)
@every_function
def test_a_range_is_read_in_any_form(function: Function, form: Any) -> None:
    expected = answer(function.name, *example(function))
    assert same(answer(function.name, *map(form, example(function))), expected)


@every_function
def test_numbers_are_read_from_numpy_arrays(function: Function) -> None:
    arguments = [
        numpy_array(argument) if p.kind in NUMERIC | {"dates"} else argument
        for p, argument in zip(function.parameters, example(function), strict=True)
    ]
    assert same(answer(function.name, *arguments), answer(function.name, *example(function)))


@every_function
def test_a_range_of_one_cell_is_that_cell(function: Function) -> None:
    boxed = [a if isinstance(a, (list, dict)) else [[a]] for a in example(function)]
    assert same(answer(function.name, *boxed), answer(function.name, *example(function)))


@every_function
def test_numpy_scalars_and_integers_are_numbers(function: Function) -> None:
    def numpy_scalar(argument: Any) -> Any:
        return np.float64(argument) if type(argument) in (int, float) else argument

    expected = answer(function.name, *example(function))
    assert same(answer(function.name, *map(numpy_scalar, example(function))), expected)


@every_function
def test_a_range_gives_the_answers_of_its_cells(function: Function) -> None:
    """Broadcasting: each argument in turn as a column, and as a row, against single calls."""
    arguments = single_example(function)
    for position, parameter in positions(function, *ELEMENTWISE):
        first = arguments[position]
        if not isinstance(first, (int, float)):
            continue
        cells = [first, first * 0.5, first * 1.25]
        one_by_one = [answer(function.name, *replaced(arguments, position, c)) for c in cells]
        column = answer(function.name, *replaced(arguments, position, cells))
        row = answer(function.name, *replaced(arguments, position, [cells]))
        assert same(column, [[one] for one in one_by_one]), parameter.name
        assert same(row, [one_by_one]), parameter.name


@every_function
def test_dates_are_serials_or_dates(function: Function) -> None:
    for position, parameter in positions(function, "dates"):
        given = example(function)[position]
        days = [EPOCH + datetime.timedelta(d) if isinstance(d, (int, float)) else d for d in given]
        forms = [
            days,
            [(day - EPOCH).days for day in days],
            [float((day - EPOCH).days) + 0.75 for day in days],
            [datetime.datetime.combine(day, datetime.time(9, 30)) for day in days],
            np.array(days, dtype="datetime64[D]"),
            pd.Series(pd.to_datetime(days)),
        ]
        expected = answer(function.name, *example(function))
        for form in forms:
            got = answer(function.name, *replaced(example(function), position, form))
            assert same(got, expected), (parameter.name, form)
        texts = [day.isoformat() for day in days]
        got = answer(function.name, *replaced(example(function), position, texts))
        assert got == CellError("#VALUE!")


@pytest.mark.parametrize(
    ("function", "arguments", "named"),
    [("XLC_RENT", (2.5, 0.3, 12, 0), "step"), ("XLC_GPU_RESIDUAL", (3e4, 12, 0.1), "launch")],
)
def test_more_events_than_a_curve_could_have_are_refused(function, arguments, named) -> None:
    months = list(range(1001))
    assert isinstance(call(function, *arguments, months[1:], 0.001), float)
    with pytest.raises(CellError, match=f"{named}_months may hold at most 1000 values; got 1001"):
        call(function, *arguments, months, 0.001)


# --- errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
@every_function
def test_an_error_in_comes_out(function: Function, code: str) -> None:
    for position, parameter in enumerate(function.parameters):
        if parameter.kind in ANY_CELL:
            continue
        for cell in (CellError(code, "the root cause"), [[CellError(code, "the root cause")]]):
            got = answer(function.name, *replaced(example(function), position, cell))
            assert got == CellError(code), parameter.name
            assert got.reason == "the root cause"


@every_function
def test_an_error_without_a_reason_gets_one(function: Function) -> None:
    for position, parameter in enumerate(function.parameters):
        if parameter.kind not in ANY_CELL:
            got = answer(function.name, *replaced(example(function), position, CellError("#REF!")))
            assert got.reason == f"{parameter.name} holds #REF!"


@every_function
def test_an_error_comes_out_before_any_complaint(function: Function) -> None:
    """Each argument in turn is an error, all others are nonsense."""
    for position, parameter in enumerate(function.parameters):
        if parameter.kind not in ANY_CELL:
            nonsense: list[Any] = [{}] * len(function.parameters)
            got = answer(function.name, *replaced(nonsense, position, CellError("#NULL!")))
            assert got == CellError("#NULL!"), parameter.name


@pytest.mark.parametrize("code", CODES)
@every_function
def test_an_error_in_a_range_stays_in_its_place(function: Function, code: str) -> None:
    arguments = single_example(function)
    single = answer(function.name, *arguments)
    for position, parameter in positions(function, "number", "text"):
        cell = arguments[position]
        if cell is None:
            continue
        broken = [cell, CellError(code, "the root cause"), cell]
        expected = [[single], [CellError(code)], [single]]
        got = answer(function.name, *replaced(arguments, position, broken))
        assert same(got, expected), parameter.name
        assert got[1][0].reason == "the root cause"


@pytest.mark.parametrize("code", CODES)
@every_function
def test_an_error_in_a_series_is_the_answer(function: Function, code: str) -> None:
    for position, parameter in positions(function, *VECTORS, "terms"):
        argument = example(function)[position]
        if isinstance(argument, dict):
            argument = [[label, value] for label, value in argument.items()]
        if not isinstance(argument, list) or len(argument) < 2:
            continue
        error = CellError(code, "the root cause")
        last = [argument[-1][0], error] if parameter.kind == "terms" else error
        for broken in (replaced(argument, len(argument) - 1, last), [*argument, last]):
            got = answer(function.name, *replaced(example(function), position, broken))
            assert got == error, parameter.name
            assert got.reason == "the root cause"


NOT_NUMBERS = ["abc", "12", " ", True, False, datetime.date(2026, 1, 1), np.bool_(True)]


@pytest.mark.parametrize("cell", NOT_NUMBERS, ids=repr)
@every_function
def test_what_is_no_number_is_refused_by_name(function: Function, cell: Any) -> None:
    for position, parameter in positions(function, *NUMERIC):
        if parameter.word.flag and isinstance(cell, (bool, np.bool_)):
            continue
        got = answer(function.name, *replaced(example(function), position, cell))
        assert got == CellError("#VALUE!"), parameter.name
        assert parameter.name in got.reason


@every_function
def test_a_flag_is_true_or_false_as_well_as_1_or_0(function: Function) -> None:
    for position, parameter in positions(function, *NUMERIC):
        if parameter.word.flag:
            for flag in (True, False):
                number = answer(function.name, *replaced(example(function), position, float(flag)))
                for form in (flag, np.bool_(flag), [flag], np.array([flag])):
                    got = answer(function.name, *replaced(example(function), position, form))
                    assert same(got, number), (parameter.name, form)


@pytest.mark.parametrize("cell", [np.nan, np.inf, -np.inf], ids=repr)
@every_function
def test_nan_and_infinity_are_refused_by_name(function: Function, cell: float) -> None:
    for position, parameter in positions(function, *NUMERIC):
        got = answer(function.name, *replaced(example(function), position, cell))
        assert got == CellError("#NUM!"), parameter.name
        assert parameter.name in got.reason


@every_function
def test_numbers_outside_the_domain_are_refused_by_name(function: Function) -> None:
    for position, parameter in positions(function, *NUMERIC):
        word = parameter.word
        below = word.low - max(1.0, abs(word.low) * 0.01)
        above = word.high + max(1.0, abs(word.high) * 0.01)
        for cell in (below, above):
            if np.isfinite(cell) and not word.holds(cell):
                got = answer(function.name, *replaced(example(function), position, cell))
                assert got == CellError("#NUM!"), parameter.name
                assert parameter.name in got.reason


# --- words ----------------------------------------------------------------------------------


@every_function
def test_a_word_is_read_in_any_case(function: Function) -> None:
    for position, parameter in positions(function, "choice"):
        for word in parameter.choices:
            expected = answer(function.name, *replaced(example(function), position, word))
            shouted = f" {word.upper().replace('_', ' ')} "
            got = answer(function.name, *replaced(example(function), position, shouted))
            assert same(got, expected), word


@pytest.mark.parametrize("cell", ["nonsense", 1.0, True], ids=repr)
@every_function
def test_an_unknown_word_is_refused_with_the_known_ones(function: Function, cell: Any) -> None:
    for position, parameter in positions(function, "choice"):
        got = answer(function.name, *replaced(example(function), position, cell))
        assert got == CellError("#VALUE!")
        assert parameter.name in got.reason
        assert all(word in got.reason for word in parameter.choices)


@every_function
def test_the_first_measure_is_the_default(function: Function) -> None:
    for _, parameter in positions(function, "choice"):
        if parameter.name == "measure":
            assert parameter.default == parameter.choices[0]


@every_function
def test_all_lists_every_measure(function: Function) -> None:
    for position, parameter in positions(function, "choice"):
        if "all" not in parameter.choices:
            continue
        arguments = single_example(function)
        block = answer(function.name, *replaced(arguments, position, "all"))
        # a measure that is a series of its own stands in no block, and an error beside its figure
        answers = {
            word: answer(function.name, *replaced(arguments, position, word))
            for word in parameter.choices
        }
        alone = {word for word, told in answers.items() if not isinstance(told, list)}
        names = [
            w
            for w in parameter.choices
            if w in alone and w.removesuffix("_error") not in alone - {w}
        ]
        assert [row[0] for row in block] == names
        for name, value, *_ in block:  # a simulated figure has its standard error beside it
            assert same(answers[name], value)


# --- blocks of terms ------------------------------------------------------------------------


def pairs(argument: Any) -> list[list[Any]]:
    rows = argument.items() if isinstance(argument, dict) else argument
    return [list(row) for row in rows]


@every_function
def test_terms_are_read_in_any_order_case_and_spacing(function: Function) -> None:
    for position, _ in positions(function, "terms"):
        argument = example(function)[position]
        if argument is None:
            continue
        shuffled = [[k.upper().replace("_", " "), v] for k, v in reversed(pairs(argument))]
        shuffled.insert(1, [None, None])
        got = answer(function.name, *replaced(example(function), position, shuffled))
        assert same(got, answer(function.name, *example(function)))


@every_function
def test_a_wrong_label_is_refused_with_the_nearest(function: Function) -> None:
    for position, parameter in positions(function, "terms"):
        assert parameter.terms is not None
        name = dataclasses.fields(parameter.terms)[0].name
        got = answer(function.name, *replaced(example(function), position, [[f"{name}x", 1.0]]))
        assert got == CellError("#VALUE!")
        assert f"did you mean {name}?" in got.reason


@every_function
def test_a_label_twice_or_missing_is_refused(function: Function) -> None:
    for position, parameter in positions(function, "terms"):
        assert parameter.terms is not None
        rows = pairs(example(function)[position] or [])
        for row in rows:
            got = answer(function.name, *replaced(example(function), position, [*rows, row]))
            assert got == CellError("#VALUE!")
            assert "twice" in got.reason
        for field in dataclasses.fields(parameter.terms):
            if rows and field.default is dataclasses.MISSING:
                fewer = [row for row in rows if row[0] != field.name]
                if len(fewer) < len(rows) and fewer:
                    got = answer(function.name, *replaced(example(function), position, fewer))
                    assert got == CellError("#VALUE!")
                    assert field.name in got.reason


@every_function
def test_terms_are_numbers(function: Function) -> None:
    for position, _ in positions(function, "terms"):
        rows = pairs(example(function)[position] or [])
        for at, (label, _) in enumerate(rows):
            broken = replaced(rows, at, [label, "12"])
            got = answer(function.name, *replaced(example(function), position, broken))
            assert got == CellError("#VALUE!")
            assert label in got.reason


# --- the documented exception ---------------------------------------------------------------


@pytest.mark.skipif("XLC_COVENANT" not in REGISTRY, reason="not registered")
@pytest.mark.parametrize("cell", [*map(CellError, CODES), None, "", "n/a", True, np.nan], ids=repr)
def test_a_covenant_that_cannot_be_tested_reads_check(cell: Any) -> None:
    assert call("XLC_COVENANT", cell, 1.2) == "CHECK"
    assert call("XLC_COVENANT", 1.3, cell) == "CHECK"
    assert call("XLC_COVENANT", [1.3, cell, 1.1], 1.2) == [["PASS"], ["CHECK"], ["BREACH"]]
