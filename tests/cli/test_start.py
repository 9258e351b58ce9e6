"""From nothing to a deal of one's own."""

from __future__ import annotations

from pathlib import Path

from tests.command import xlcredit
from xlcredit.deals import load, read_deal, shipped


def test_new_alone_lists_the_templates(tmp_path: Path) -> None:
    done = xlcredit("new", cwd=tmp_path)
    assert done.returncode == 0
    assert [line.split(":")[0] for line in done.stdout.splitlines()[: len(shipped())]] == shipped()


def test_new_without_a_file_says_how_to_name_one(tmp_path: Path) -> None:
    done = xlcredit("new", "gpu-term-loan", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "-o gpu-term-loan.xlsx" in done.stderr


def test_a_blank_deal_is_written_once(tmp_path: Path) -> None:
    words = ("new", "gpu-term-loan", "--blank", "-o", "deal.toml")
    assert xlcredit(*words, cwd=tmp_path).returncode == 0
    assert "MISSING" in (tmp_path / "deal.toml").read_text(encoding="utf-8")
    (tmp_path / "deal.toml").write_text("mine", encoding="utf-8")
    assert xlcredit(*words, cwd=tmp_path).returncode == 2
    assert (tmp_path / "deal.toml").read_text(encoding="utf-8") == "mine"


def test_start_asks_writes_and_builds(tmp_path: Path) -> None:
    template, home = load("gpu-term-loan")
    asked = [spec for spec in template.inputs.values() if spec.value is None]
    answers = ["Atlas"]
    for spec in asked:
        if spec.name == "advance_rate":
            answers += ["seventy", "70%"]  # refused, then understood
        elif spec.name == "commitment":
            answers += ["1,500,000,000"]
        else:
            answers += [""]
    done = xlcredit(
        "start", "gpu-term-loan", "-o", "atlas.toml", answers="\n".join(answers) + "\n",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert "must be a number" in done.stdout
    deal, example = (
        read_deal(tmp_path / "atlas.toml", template),
        read_deal(home / "deal.toml", template),
    )
    assert deal.name == "Atlas"
    assert (deal["advance_rate"].value, deal["commitment"].value) == (0.7, 1.5e9)
    assert deal["advance_rate"].source == "assumption: answered to xlcredit start"
    assert deal["margin"].source == example["margin"].source
    assert (tmp_path / "atlas.xlsx").exists()


def test_start_writes_nothing_when_the_answers_end(tmp_path: Path) -> None:
    done = xlcredit("start", "gpu-term-loan", answers="Atlas\n", cwd=tmp_path)
    assert done.returncode == 2
    assert "nothing was written" in done.stderr
    assert list(tmp_path.iterdir()) == []
