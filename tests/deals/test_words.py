"""The templates speak of the same thing by the same name, in the same unit."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest

from xlcredit.deals import Template, load, shipped
from xlcredit.deals import units as known
from xlcredit.deals.reading import folder

WORDS = tomllib.loads((folder() / "words.toml").read_text(encoding="utf-8"))
#: What programs read, whatever the template.
FIGURES = (
    *("unpaid_at_maturity", "first_missed_month", "loss", "lender_irr", "min_dscr", "max_ltv"),
    *("breakeven_decline", "expected_loss_spread", "required_spread", "peak_arrears"),
    "repaid_month",
)


def named(template: Template) -> Iterator[tuple[str, str]]:
    """Every name of a template with its unit."""
    yield from ((item.name, item.unit) for item in template.inputs.values())
    rows = (row for sheet in template.sheet for block in sheet.block for row in block.row)
    yield from ((row.name, row.unit) for row in rows)
    figures = (figure for c in template.comparison for figure in c.figure)
    yield from ((figure.name, figure.unit) for figure in (*template.figure, *figures))


@pytest.mark.parametrize("name", shipped())
def test_a_shared_name_has_the_unit_of_the_list(name: str) -> None:
    for word, unit in named(load(name)[0]):
        if word in WORDS["words"]:
            known = WORDS["words"][word]
            assert unit == known["unit"], f"{word} is {known} in templates/words.toml; got {unit}"


def test_a_name_with_two_units_says_why() -> None:
    seen: dict[str, set[str]] = {}
    for name in shipped():
        for word, unit in named(load(name)[0]):
            seen.setdefault(word, set()).add(unit)
    differ = {word for word, units in seen.items() if len(units) > 1}
    unsaid = sorted(differ - set(WORDS["apart"]))
    assert not unsaid, (
        f"{unsaid} have another unit in another template: take another name, or say why below "
        "[apart] in templates/words.toml"
    )


def test_the_list_itself_is_sound() -> None:
    for word, entry in WORDS["words"].items():
        assert word not in WORDS["apart"]
        assert known.unit(entry["unit"])
        assert entry["meaning"]


@pytest.mark.parametrize("name", shipped())
def test_every_template_has_the_figures_that_programs_read(name: str) -> None:
    missing = sorted(set(FIGURES) - {word for word, _ in named(load(name)[0])})
    assert not missing, f"templates/{name}/template.toml has no figure {missing}"


@pytest.mark.parametrize("name", ["gpu-borrowing-base", "miner-dual-collateral"])
def test_a_sentence_rounds_no_amount_to_a_million(name: str) -> None:
    """A covenant of USD 2.5 m must not read 3: millions in words have a digit."""
    text = (folder() / name / "template.toml").read_text(encoding="utf-8")
    assert '"#,##0.0,,"' in text
    assert '"#,##0,,"' not in text


@pytest.mark.parametrize("name", ["gpu-borrowing-base", "miner-dual-collateral"])
def test_the_words_of_a_driver_fit_their_column(name: str) -> None:
    template, _ = load(name)
    for spec in (*template.covenant, *template.test):
        for words in [spec.driver, *re.findall('"([^"]*)"', spec.driver_words)]:
            assert len(words) <= 40, words
