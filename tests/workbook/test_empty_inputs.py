"""An input that somebody has emptied is no 0: nothing passes, and no sentence stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workbook.conftest import Example
from xlcredit.recalc import recalculate
from xlcredit.workbook.covenants import CHECK


@pytest.mark.parametrize("name", ["rent_decline", "covenant_dscr"])
def test_nothing_passes_on_an_empty_input(name: str, example: Example, tmp_path: Path) -> None:
    """Without a decline every payment is made, and a cover of 0 is always reached."""
    book, path = example.formulas, tmp_path / "emptied.xlsx"
    sheet, _, place = book.defined_names[name].attr_text.replace("$", "").partition("!")
    cell = book[sheet][place]
    held, cell.value = cell.value, None
    book.save(path)
    cell.value = held
    result, template = recalculate(path), example.template
    names = result.names
    assert names["master_check"] == CHECK
    assert {names[test.name] for test in [*template.covenant, *template.test]} == {CHECK}
    told = [text for text in result.values["Summary"].values() if "input is empty" in str(text)]
    assert len(told) == sum(bool(shown.reading) for shown in template.comparison)
    stress = result.values["Stress"].values()
    assert not {"PASS", "BREACH"} & {text for text in stress if isinstance(text, str)}
