"""Deal and template files: what is wrong is named, with its place and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlcredit.deals import load, read_deal
from xlcredit.errors import DealError

from .samples import HOME


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('label = "Tenor"', 'labell = "Tenor"', ["labell", "did you mean label", "line 28"]),
        ('direction = "max"', 'direction = "most"', ["direction", "most", "line"]),
        ('name = "margin"', 'name = "base_rate"', ["base_rate", "twice"]),
        ('unit = "USD/kWh"', 'unit = "EUR/kWh"', ["power_price", "EUR/kWh"]),
        ("values = [0.0, 1.2, ", "values = [", ["Rents 20% higher"]),
    ],
)
def test_a_mistake_in_a_template_is_named(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    text = (HOME / "template.toml").read_text()
    assert old in text
    path = tmp_path / "template.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DealError) as caught:
        load(str(path))
    for word in words:
        assert word in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{balance.prev}", "{balnce.prev}", ["balnce", "did you mean balance"]),
        ("{balance.prev}", "{balance.before}", ["before", "prev"]),
        ("MIN(commitment,", "MIN(comitment,", ["comitment", "did you mean commitment"]),
    ],
)
def test_a_formula_that_names_nothing_is_named(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    from xlcredit.workbook import build

    text = (HOME / "template.toml").read_text()
    path = tmp_path / "template.toml"
    path.write_text(text.replace(old, new, 1))
    template, _ = load(str(path))
    with pytest.raises(DealError) as caught:
        build(template, read_deal(HOME / "deal.toml", template))
    for word in words:
        assert word in str(caught.value), str(caught.value)
