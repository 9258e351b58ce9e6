"""One row says how a figure of a unit looks, wherever it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from xlcredit.deals.units import DRIVER_UNITS, UNITS, unit
from xlcredit.errors import DealError
from xlcredit.workbook import style

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", DRIVER_UNITS)
def test_a_unit_is_found_by_its_name_and_formats_a_figure(name: str) -> None:
    found = unit(name)
    assert found.name == name
    assert found.terminal.format(1234.5 * found.scale)
    assert found.percent == ("%" in found.cell)


@pytest.mark.parametrize(
    ("months", "shown"),
    [(10.5, "10.5"), (10.0, "10"), (10, "10"), (-2.5, "-2.5"), (9.97, "10"), (0.04, "0")],
)
def test_months_are_read_to_a_tenth_and_whole_ones_without(months: float, shown: str) -> None:
    assert unit("months").shown(months) == shown


@pytest.mark.parametrize("name", ["USD/kw-month", "percent", "Share"])
def test_an_unknown_unit_is_an_error_with_the_remedy(name: str) -> None:
    with pytest.raises(DealError, match=f"unit '{name}' is not known"):
        unit(name)
    cell = Workbook().active["A1"]
    with pytest.raises(DealError, match="is not known"):
        style.number(cell, name)


def test_a_template_with_a_unit_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    from xlcredit.deals import load

    text = (ROOT / "templates/gpu-term-loan/template.toml").read_text("utf-8")
    path = tmp_path / "template.toml"
    path.write_text(text.replace('unit = "share"', 'unit = "shares"', 1), "utf-8")
    with pytest.raises(DealError, match=r"unit 'shares' is not known.*share"):
        load(str(path))


def test_the_language_page_lists_the_units() -> None:
    page = (ROOT / "templates/README.md").read_text("utf-8")
    assert [name for name in UNITS if f"`{name}`" not in page] == []
