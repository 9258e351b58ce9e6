"""Excel's side of the classic add-in, stood in for by xlwings' own server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hosts.windows import Windows, windows

#: Where the caller stands, as our VBA tells it.
CALLER = "[Deal.xlsx]Debt!R5C3"


@pytest.fixture(scope="module")
def excel() -> Iterator[Windows]:
    with windows() as stood_in:
        yield stood_in
