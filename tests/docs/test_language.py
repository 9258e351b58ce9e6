"""The least template of the page on the language: it is one, and what it cannot do without."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command import xlcredit
from xlcredit.deals import load, read_deal
from xlcredit.docs import read_topic
from xlcredit.errors import DealError
from xlcredit.recalc import recalculate
from xlcredit.workbook.build import build

(LEAST,) = re.findall(
    r"^## The least .*?```toml\n(.*?)```", read_topic("template-language"), re.DOTALL | re.MULTILINE
)
DEAL = 'template = "least"\nname = "Any"\nas_of = 2026-11-22\n'


def written(folder: Path, text: str = LEAST) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "template.toml").write_text(text, encoding="utf-8")
    (folder / "deal.toml").write_text(DEAL, encoding="utf-8")
    return folder


def test_the_least_template_is_one(tmp_path: Path) -> None:
    written(tmp_path / "least")
    made = xlcredit("new", "least", "-o", "least.xlsx", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    found = recalculate(tmp_path / "least.xlsx", inputs={"income": 90_000.0})
    assert found.names["worst_cover"] == pytest.approx(90_000 / 80_000)
    assert found.names["master_check"] == "OK"
    lint = xlcredit("lint", "least.xlsx", "--strict", cwd=tmp_path)
    assert "nothing found" in lint.stdout


@pytest.mark.parametrize("name", ["scenario", "month", "period_end"])
def test_a_name_that_the_builder_reads_is_asked_for_with_its_line(
    name: str, tmp_path: Path
) -> None:
    line = next(x for x in LEAST.splitlines(keepends=True) if f'name = "{name}"' in x)
    home = written(tmp_path / "least", LEAST.replace(line, ""))
    with pytest.raises(DealError) as caught:
        load(str(home))
    told = str(caught.value)
    assert re.search(r"template\.toml, line \d+: .*need", told), told
    (remedy,) = re.findall(r"write (\{ .* \}) in", told)
    home = written(tmp_path / "mended", LEAST.replace(line, f"  {remedy},\n"))
    template, _ = load(str(home))
    assert build(template, read_deal(home / "deal.toml", template))


@pytest.mark.parametrize(
    "table", ["[[section]]", "[[sheet]]", "[[covenant]]", "[scenarios]", "[[check]]", "[[term]]"]
)
def test_what_the_page_calls_obligatory_is(table: str, tmp_path: Path) -> None:
    start = LEAST.index(table)
    end = re.compile(r"\n\n|\Z").search(LEAST, start)
    assert end is not None
    home = written(tmp_path / "least", LEAST[:start] + LEAST[end.end() :])
    with pytest.raises(DealError, match=rf"{table.strip('[]')} is missing"):
        load(str(home))


@pytest.mark.libreoffice
def test_pages_for_the_committee_are_printed_as_the_page_says(tmp_path: Path) -> None:
    (line,) = re.findall(r"```sh\n(soffice .*)\n```", read_topic("how-do-i"))
    written(tmp_path / "least")
    xlcredit("new", "least", "-o", "loan.xlsx", cwd=tmp_path)
    words = [*shlex.split(line), f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"]
    subprocess.run(
        [shutil.which("soffice") or "soffice", *words[1:]],
        cwd=tmp_path, check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    pages = re.findall(rb"/Type\s*/Page\b", (tmp_path / "loan.pdf").read_bytes())
    assert 1 <= len(pages) <= 4
