"""A calculation is let go with all that it has held, also one whose functions answered errors."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import openpyxl
import pytest

from xlcredit.recalc import recalculate
from xlcredit.recalc.formualizer import Embedded


@pytest.mark.parametrize(
    "formula",
    [
        "=XLC_DSCR(1,1)",
        '=XLC_DSCR("a",1)',
        "=IPMT(1,9,2,3)",
    ],
)
def test_nothing_holds_an_engine_that_is_done(formula: str, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["C1"] = formula
    book.save(tmp_path / "one.xlsx")
    engine = Embedded()
    held = weakref.ref(engine)
    recalculate(tmp_path / "one.xlsx", engine=engine)
    del engine
    gc.collect()
    assert held() is None
