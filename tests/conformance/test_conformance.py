"""Every host answers every call of the table alike."""

from __future__ import annotations

import os

import pytest

from tests.conformance.cases import agrees, cases
from tests.conformance.hosts import ELSEWHERE, HOSTS
from xlcredit.errors import CODES, CellError
from xlcredit.functions import REGISTRY

TABLE = cases()


def test_the_table_has_every_function_right_and_wrong() -> None:
    assert {case.function for case in TABLE} == set(REGISTRY)
    errors = [(c.function, x) for c in TABLE for row in c.expected for x in row if _is_error(x)]
    failing = {name for name, _ in errors}
    assert failing >= {name for name, f in REGISTRY.items() if f.required} - {"XLC_WHY"}
    assert {error.code for _, error in errors} == set(CODES)


def _is_error(cell: object) -> bool:
    return isinstance(cell, CellError)


def test_chromium_is_here_on_ci() -> None:
    assert "Chromium" in HOSTS or "CI" not in os.environ


@pytest.mark.parametrize("host", [name for name in HOSTS if name not in ELSEWHERE])
def test_a_host_answers_as_python_does(host: str) -> None:
    wrong = [
        f"{case}: {got} is not {case.expected}"
        for case, got in zip(TABLE, HOSTS[host](TABLE), strict=True)
        if not agrees(got, case.expected)
    ]
    assert not wrong, f"{len(wrong)} of {len(TABLE)}\n" + "\n".join(wrong[:10])


def test_a_difference_is_seen() -> None:
    error, other = CellError("#NUM!"), CellError("#N/A")
    assert agrees([[1, error]], [[1.0, error]])
    for got in ([[1.0, other]], [[1.0]], [[1.0], [error]], [[True, error]], [["1", error]]):
        assert not agrees(got, [[1.0, error]])
