"""The pictures of the README are of the workbooks as they are committed."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "workbooks" / "pictures"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pictures", FOLDER / "make.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKE = load()


def test_the_pictures_are_those_of_the_command() -> None:
    assert {p.name for p in FOLDER.iterdir() if p.suffix in (".png", ".svg")} == {*MAKE.PICTURES}


@pytest.mark.parametrize("name", MAKE.PICTURES)
def test_a_picture_is_of_the_workbook_as_it_is(name: str) -> None:
    content = (FOLDER / name).read_bytes()
    stale = "run: .venv/bin/python workbooks/pictures/make.py"
    assert MAKE.hash_in(content) == MAKE.hash_of(MAKE.WORKBOOK), stale
    assert len(content) < 250_000


def test_the_terminal_shows_the_words_of_the_command() -> None:
    text = (FOLDER / "terminal.svg").read_text(encoding="utf-8").replace("&#160;", " ")
    assert "Is the lender repaid?" in text and "BREACH" in text
    assert not re.search(r"https?://(?!www\.w3\.org|www\.textualize)", text)


def test_a_hash_is_put_into_a_picture_and_read_back() -> None:
    png = (FOLDER / "charts.png").read_bytes()
    seal = MAKE.hash_in(png)
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and len(seal) == 64
    assert MAKE.hash_in(png.replace(seal.encode(), b"")) == ""
