"""Templates and deal files found and read; what is missing is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xlcredit.deals import Deal, load, read_deal, shipped
from xlcredit.errors import DealError, FileError

from .samples import FILLED, HOME, TEMPLATE


def test_the_readme_has_a_row_for_every_template_and_no_other() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    table = text.partition("| template |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)
    assert sorted(named) == sorted(shipped()), (
        "the table of templates in README.md and the folders of templates/ differ"
    )


def test_every_template_ships_with_a_filled_deal() -> None:
    assert shipped()
    for name in shipped():
        template, home = load(name)
        deal = read_deal(home / "deal.toml", template)
        assert isinstance(deal, Deal)
        assert set(deal.inputs) == set(template.inputs)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        read_deal(tmp_path / "none.toml", TEMPLATE)
    with pytest.raises(FileError, match="folder"):
        read_deal(tmp_path, TEMPLATE)


def test_an_unknown_template_is_named() -> None:
    with pytest.raises(DealError, match="did you mean gpu-term-loan"):
        load("gpu-term-lone")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "deal.toml"
    path.write_text(FILLED, encoding="utf-8-sig")
    assert read_deal(path, TEMPLATE) == read_deal(HOME / "deal.toml", TEMPLATE)
