"""The function reference as a page: whole, offline, searched, its examples right in a workbook."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from tests.hosts.officejs.dispatcher import CHROMIUM
from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY
from xlcredit.functions.page import reference_page
from xlcredit.functions.pictures import PICTURES, picture
from xlcredit.recalc import recalculate
from xlcredit.worksheet.explain import Example, manual


def page() -> str:
    return reference_page(map(manual, REGISTRY.values()))


def test_every_function_stands_on_the_page_once() -> None:
    articles = re.findall(r"<article [^>]*>", page())
    assert sorted(re.findall(r'id="(\w+)"', "".join(articles))) == sorted(REGISTRY)
    assert len(articles) == len(REGISTRY)


def test_the_page_asks_for_nothing_from_outside() -> None:
    html = page()
    assert not re.search(r'(?:src|href)="(?!#)', html)
    assert "url(" not in html and "@import" not in html


def test_the_page_is_well_formed() -> None:
    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, _attrs: object) -> None:
            if tag not in {"meta", "input", "br"}:
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

        def handle_startendtag(self, tag: str, _attrs: object) -> None:
            assert tag in {"line", "polyline"}

    tags = Tags()
    tags.feed(page())
    assert tags.open == []


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_draws_a_curve_within_its_frame(name: str) -> None:
    points = re.search(r'points="([^"]+)"', picture(name))
    assert points
    heights = [float(point.split(",")[1]) for point in points[1].split()]
    assert all(0 <= height <= 190 for height in heights)
    assert len(set(heights)) > 3


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_the_page_searches_in_a_browser(tmp_path: Path) -> None:
    target = tmp_path / "functions.html"
    target.write_text(page(), encoding="utf-8")

    def shown(query: str) -> set[str]:
        command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu"]
        command += [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
        done = subprocess.run(
            [*command, f"{target.as_uri()}#q={query}"], capture_output=True, check=True, text=True
        )
        articles = re.findall(r'<article id="(\w+)"[^>]*?( hidden="")?>', done.stdout)
        return {name for name, hidden in articles if not hidden}

    assert shown("") == set(REGISTRY)
    assert {"XLC_DUAL_LTV", "XLC_LTV_BREACH"} <= shown("ltv") < set(REGISTRY)
    assert shown("margin%20slippage") >= {"XLC_MARGIN_CURE"}
    assert shown("no-such-word") == set()


def examples() -> list[tuple[str, Example]]:
    return [(name, e) for name, f in REGISTRY.items() for e in manual(f).examples]


def test_examples_are_what_a_cell_gives(tmp_path: Path) -> None:
    """Each is pasted into a workbook and recalculated."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    shown = {}
    for row, (name, example) in enumerate(examples(), 1):
        if not re.search(r"in part|\{|\.\.\.", example.result):
            sheet.cell(row, 1).value = example.formula
            shown[row] = (name, example)
    book.save(tmp_path / "examples.xlsx")
    assert len(shown) > len(REGISTRY) / 2
    recalculate(tmp_path / "examples.xlsx", tmp_path / "done.xlsx")
    values = openpyxl.load_workbook(tmp_path / "done.xlsx", data_only=True).active
    assert values is not None
    for row, (name, example) in shown.items():
        got, text = values.cell(row, 1).value, example.result
        try:
            wanted = float(text)
        except ValueError:
            plain = text.strip('"').rstrip(".")
            assert str(got).startswith(plain.split(" ")[0] if plain else ""), (name, example, got)
        else:
            digits = len(text.partition(".")[2])
            assert got == pytest.approx(wanted, abs=0.51 * 10.0**-digits), (name, example)
    assert CellError("#N/A").code in {e.result.split(" ")[0] for _, e in examples()}
