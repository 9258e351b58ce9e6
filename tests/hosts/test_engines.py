"""Names of engines: those of our own process as they are, and a clear line for the rest."""

from __future__ import annotations

import re
import sys

import pytest

from tests.command import xlcredit
from xlcredit.errors import HostError, RecalcError
from xlcredit.hosts.engines import engine_called, engine_names
from xlcredit.recalc.routing import ENGINES


@pytest.mark.parametrize("name", ["auto", *ENGINES])
def test_engines_of_our_own_are_called_by_name(name: str) -> None:
    assert engine_called(name) == name


def test_another_name_is_told() -> None:
    with pytest.raises(RecalcError, match=r"no engine 'libreofice'.*libreoffice"):
        engine_called("libreofice")
    with pytest.raises(RecalcError, match=f"there are {', '.join(engine_names())}$"):
        engine_called("x")


@pytest.mark.parametrize("name", engine_names())
def test_the_help_names_every_engine(name: str) -> None:
    """It is words and not a list, for help need not load an engine to be printed."""
    shown = xlcredit("recalc", "--help").stdout
    (told,) = re.findall(r"--engine\b(.*?)--", shown, re.DOTALL)
    assert re.search(rf"\b{name}\b", told), f"name {name} in --engine of xlcredit/cli/recalc.py"


@pytest.mark.skipif(sys.platform == "win32", reason="Excel may be there")
def test_excel_where_there_is_none_is_refused_in_one_line() -> None:
    with pytest.raises(HostError, match=r"needs Excel on Windows, which is not here; take strict"):
        engine_called("excel")
