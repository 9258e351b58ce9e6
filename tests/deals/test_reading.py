"""Templates and deal files found and read; what is missing is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlcredit.deals import Deal, load, read_deal, shipped
from xlcredit.errors import DealError, FileError

from .samples import FILLED, HOME, TEMPLATE


def test_every_template_ships_with_a_filled_deal() -> None:
    assert len(shipped()) == 4
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
