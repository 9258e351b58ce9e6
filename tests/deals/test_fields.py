"""The fields of a template, all mistakes at once: none hides behind another of a like name."""

from __future__ import annotations

from xlcredit.deals.exhibits import Grid
from xlcredit.deals.fields import mended

WHOLE = {
    **{"title": "t", "unit": "USD", "formula": "1", "down": [1.0], "down_label": "d"},
    **{"down_unit": "USD", "across": [1.0], "across_label": "a", "across_unit": "USD"},
}


def test_what_is_sound_stays_as_it_is() -> None:
    assert mended(WHOLE, Grid) == (WHOLE, [])


def test_a_missing_field_is_told_beside_a_mistake_in_one_that_begins_like_it() -> None:
    raw = {name: value for name, value in WHOLE.items() if name != "across"}
    held, faults = mended(raw | {"across_label": 5}, Grid)
    assert "across_label" not in held
    assert [fault.message for fault in faults] == [
        "Expected `str`, got `int` - at `$.across_label`",
        "Object missing required field `across`",
    ]


def test_a_field_with_a_mistake_is_not_missing_too() -> None:
    _, faults = mended(WHOLE | {"across": 5}, Grid)
    assert [fault.message for fault in faults] == ["Expected `array`, got `int` - at `$.across`"]
