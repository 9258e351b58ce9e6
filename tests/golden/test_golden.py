"""No number changes unless the changelog says which, by how much and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden import numbers
from tests.workbook.conftest import Example

_REMEDY = 'name it in CHANGELOG.md under "Numbers that change": which, by how much, why'


def test_no_function_changes_unsaid() -> None:
    changed = dict(numbers.differences(numbers.released("functions"), numbers.function_results()))
    missing = numbers.unnamed(changed, "")
    assert not missing, f"{_REMEDY}\n" + "\n".join(missing)


def test_no_template_changes_unsaid(example: Example) -> None:
    owner = example.template.name
    before = numbers.released(owner)
    assert before, "run: python -m tests.golden --release"
    changed = dict(numbers.differences(before, numbers.figures(example.result)))
    missing = numbers.unnamed(changed, owner)
    assert not missing, f"{_REMEDY}\n" + "\n".join(missing)


def test_the_released_numbers_are_numbers() -> None:
    """A file of errors, or of nothing, would never find a change."""
    before = numbers.released("functions")
    assert len(before) > 40
    assert not [name for name, value in before.items() if str(value).startswith("#")]


def test_a_change_is_found_and_must_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {"XLC_A": 1.0, "XLC_B": [[1.0, 2.0]], "XLC_C": "PASS", "XLC_D": 3.0}
    now = {"XLC_A": 1.0 + 1e-12, "XLC_B": [[1.0, 2.5]], "XLC_C": "BREACH", "XLC_NEW": 1.0}
    changed = dict(numbers.differences(before, now))
    assert changed == {
        "XLC_B": "1 of 2 cells, by up to 0.5",
        "XLC_C": '"PASS" -> "BREACH"',
        "XLC_D": "is gone",
    }
    log = tmp_path / "CHANGELOG.md"
    log.write_text(
        "# Changelog\n\n## 0.2.0\n\n### New\n- `XLC_C` is new.\n\n### Numbers that change\n"
        "- `XLC_B`: the second cell is 0.5 larger, because.\n\n## 0.1.0\n\n"
        "### Numbers that change\n- `XLC_D`: gone.\n"
    )
    monkeypatch.setattr(numbers, "CHANGELOG", log)
    assert numbers.unnamed(changed, "") == ['XLC_C: "PASS" -> "BREACH"', "XLC_D: is gone"]
    # a figure is named together with its template
    assert numbers.unnamed({"XLC_B": "1 -> 2"}, "gpu-term-loan") == ["gpu-term-loan, XLC_B: 1 -> 2"]
