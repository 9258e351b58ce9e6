"""Every worksheet function in a real Calc: the same cells as in Python, errors and all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functions.cases import answer, every_function, example, same
from tests.hosts.libreoffice import examples
from tests.hosts.libreoffice.conftest import Calculate, Rows
from xlcredit._version import __version__
from xlcredit.errors import CellError
from xlcredit.functions import Function
from xlcredit.recalc import LibreOffice

pytestmark = pytest.mark.libreoffice


@pytest.fixture(scope="module", params=["calc", "delegated"])
def sheets(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Rows]:
    """All examples, calculated by xlcredit in Calc's own process and in another one."""
    office: LibreOffice = request.getfixturevalue(request.param)
    return examples.calculated(office, tmp_path_factory.mktemp(request.param) / "examples.xlsx")


@every_function
def test_calc_shows_what_python_gives(sheets: dict[str, Rows], function: Function) -> None:
    shown = examples.answer_in(sheets[function.name], function)
    assert same(shown, examples.as_rows(answer(function.name, *example(function))))


@every_function
def test_an_error_cell_comes_out_as_it_is(sheets: dict[str, Rows], function: Function) -> None:
    """Calc passes it on by itself; and so not even XLC_COVENANT can say PASS."""
    if function.name == "XLC_WHY":
        return
    for name, code, cell in examples.error_cells(sheets[function.name], function):
        assert examples.is_error(cell, code), (name, code, cell)


def test_errors_of_ours_have_the_codes_of_excel(calculate: Calculate) -> None:
    """As a value, and as ISNA, ERROR.TYPE and IFERROR see them."""
    cells = {
        (1, 1): "=XLC_RENT(2.5,1.5,12)",
        (1, 2): '=XLC_RENT(2.5,"a",12)',
        (1, 3): "=XLC_DUAL_LTV(1,0,1,0,1)",
        (1, 4): "=XLC_FIRST_BREACH({1;2},{2;2},1)",
    }
    codes = ["#NUM!", "#VALUE!", "#DIV/0!", "#N/A"]
    types = [6.0, 3.0, 2.0, 7.0]
    for column in range(1, 5):
        letter = "ABCD"[column - 1]
        cells[2, column] = f"=ERROR.TYPE({letter}1)"
        cells[3, column] = f"=IFERROR({letter}1,-1)"
        cells[4, column] = f"=ISNA({letter}1)"
    first, second, third, fourth = calculate(cells)["Sheet"][:4]
    assert all(examples.is_error(cell, code) for cell, code in zip(first, codes, strict=True))
    assert second == types
    assert third == [-1.0] * 4
    assert fourth == [0.0, 0.0, 0.0, 1.0]


def test_arguments_of_every_form(calculate: Calculate) -> None:
    cells: dict[Any, Any] = {
        # a row of months, a column of months, one of which is no month
        (1, 1): 0, (1, 2): 12, (1, 3): 24,
        (2, 1): 12, (3, 1): "twelve", (4, 1): None,
        (6, 1): ("=XLC_RENT(2.5,0.3,A1:C1)", (1, 3)),
        (7, 1): ("=XLC_RENT(2.5,0.3,A1:A4)", (4, 1)),
        (12, 1): ("=XLC_RENT(2.5,0.3,{0,12;24,0})", (2, 2)),
        # omitted in the middle, with the rest behind
        (15, 1): "=XLC_RENT(2.5,0.3,12,,6,0.5)",
        (16, 1): "=XLC_RENT(2.5,0.3,12,,,)",
        # too few, and blank
        (17, 1): "=XLC_RENT(2.5,0.3)",
        (18, 1): "=XLC_RENT(Z1,0.3,12)",
        (19, 1): '=XLC_RENT("",0.3,12)',
        (20, 1): '=XLC_RENT(2.5,0.3,12,"")',
        (21, 1): "=SUM(XLC_RENT(2.5,0.3,A1:C1))",
        (22, 1): "=INDEX(XLC_SCULPT({100,100,100},1.2,0.12),1,2)",
        (23, 1): "=INDEX(XLC_SCULPT({100;100;100},1.2,0.12),2,1)",
        (24, 1): '=xlc_dscr({120;90},{100;100},"MIN")',
    }  # fmt: skip
    rows = calculate(cells)["Sheet"]
    assert rows[5][:3] == pytest.approx([2.5, 1.75, 1.225], rel=1e-15)
    assert [rows[6][0], rows[7][0]] == [2.5, 1.75]
    assert examples.is_error(rows[8][0], "#VALUE!")
    assert examples.is_error(rows[9][0], "#VALUE!")
    assert rows[11][:2] + rows[12][:2] == pytest.approx([2.5, 1.75, 1.225, 2.5], rel=1e-15)
    assert rows[14][0] == pytest.approx(0.875)
    assert rows[15][0] == 1.75
    assert examples.is_error(rows[16][0], "#VALUE!")
    assert rows[17][0] == 0.0  # Calc hands a blank cell over as 0: nobody can tell
    assert examples.is_error(rows[18][0], "#VALUE!")
    assert rows[19][0] == 1.75
    assert rows[20][0] == pytest.approx(5.475)
    assert rows[21][0] == rows[22][0] == pytest.approx(100 / 1.2)
    assert rows[23][0] == 0.9


def test_a_range_with_an_error_is_refused_by_calc(calculate: Calculate) -> None:
    cells = {
        (1, 1): 1.25,
        (2, 1): "=NA()",
        (3, 1): ("=XLC_COVENANT(A1:A2,1.2)", (2, 1)),
        (5, 1): "=XLC_DSCR(A1:A2,1)",
        (6, 1): '=IF(XLC_COVENANT(A2,1.2)="PASS",1,0)',
    }
    rows = calculate(cells)["Sheet"]
    for row in (2, 3, 4):
        assert rows[row][0].reason == "LibreOffice: Err:504"
    assert examples.is_error(rows[5][0], "#N/A")


def test_too_many_arguments_are_refused_by_calc(calculate: Calculate) -> None:
    assert isinstance(calculate({(1, 1): "=XLC_LAUNCH_DROP(2,1,1)"})["Sheet"][0][0], CellError)


def test_calc_after_its_python_has_gone(calculate: Calculate, lost: LibreOffice) -> None:
    """The reason is in XLC_VERSION; no other cell shows anything that could be believed."""
    cells = {
        (1, 1): "=XLC_VERSION()",
        (2, 1): "=XLC_RENT(2.5,0.3,12)",
        (3, 1): '=IF(XLC_COVENANT(1.3,1.2)="PASS",1,0)',
        (4, 1): "=XLC_WHY(A2)",
    }
    rows = calculate(cells, lost)["Sheet"]
    assert "/no/such/python" in rows[0][0]
    assert "xlcredit libreoffice install" in rows[0][0]
    assert examples.is_error(rows[1][0], "#NAME?")
    assert examples.is_error(rows[2][0], "#NAME?")
    assert rows[3][0] == rows[0][0]


def test_the_version(calculate: Calculate) -> None:
    assert calculate({(1, 1): "=XLC_VERSION()"})["Sheet"] == [[__version__]]
