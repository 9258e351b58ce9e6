"""Names of engines: those of our own process as they are, and a clear line for the rest."""

from __future__ import annotations

import sys

import pytest

from xlcredit.errors import HostError, RecalcError
from xlcredit.hosts.engines import engine_called
from xlcredit.recalc.routing import ENGINES


@pytest.mark.parametrize("name", ["auto", *ENGINES])
def test_engines_of_our_own_are_called_by_name(name: str) -> None:
    assert engine_called(name) == name


def test_another_name_is_told() -> None:
    with pytest.raises(RecalcError, match=r"no engine 'libreofice'.*libreoffice"):
        engine_called("libreofice")
    with pytest.raises(RecalcError, match="there are auto, embedded, strict, libreoffice, excel"):
        engine_called("x")


@pytest.mark.skipif(sys.platform == "win32", reason="Excel may be there")
def test_excel_where_there_is_none_is_refused_in_one_line() -> None:
    with pytest.raises(HostError, match=r"needs Excel on Windows, which is not here; take strict"):
        engine_called("excel")
