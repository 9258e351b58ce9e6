"""A deal file to fill in: what it asks for is what is missing, and filled it builds the example."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
import tomlkit

from xlcredit.deals import load, read_deal, shipped
from xlcredit.deals.blank import blank_deal
from xlcredit.errors import DealError

DAY = datetime.date(2026, 11, 26)


@pytest.fixture(params=shipped())
def blank(request: pytest.FixtureRequest) -> tuple[str, str]:
    template, home = load(request.param)
    return request.param, blank_deal(template, read_deal(home / "deal.toml", template), DAY)


def test_every_input_stands_there_once(blank: tuple[str, str]) -> None:
    name, text = blank
    names = re.findall(r"^# (\w+) = ", text, re.MULTILINE)
    assert set(load(name)[0].inputs) <= set(names)


def test_all_that_is_missing_is_told_in_one_message(blank: tuple[str, str], tmp_path: Path) -> None:
    name, text = blank
    (tmp_path / "deal.toml").write_text(text, encoding="utf-8")
    template, _ = load(name)
    with pytest.raises(DealError) as told:
        read_deal(tmp_path / "deal.toml", template)
    missing = [key for key, spec in template.inputs.items() if spec.value is None]
    assert re.findall(r"(\w+) is missing", str(told.value)) == ["name", *missing]
    assert f"{len(missing) + 1} values" in str(told.value)


def test_filled_from_the_example_it_is_the_example(blank: tuple[str, str], tmp_path: Path) -> None:
    name, text = blank
    lines = text.splitlines()
    for n, line in enumerate(lines):
        if line.endswith("# MISSING"):
            shown = re.fullmatch(r"# in the example: (.*)", lines[n - 1])
            assert shown, lines[n - 1]
            lines[n] = f"{line[2:].removesuffix('    # MISSING')} {shown[1]}"
        elif re.match(r"# \w+ = (?!\{)", line):
            lines[n] = line[2:]  # the default, uncommented
    (tmp_path / "deal.toml").write_text("\n".join(lines), encoding="utf-8")
    template, home = load(name)
    example = read_deal(home / "deal.toml", template)
    filled = read_deal(tmp_path / "deal.toml", template)
    for key, spec in template.inputs.items():
        wanted = example[key].value if spec.value is None else spec.value
        assert filled[key].value == wanted, key


@pytest.mark.parametrize(
    ("value", "meant"),
    [('"25%"', 0.25), ('" 3.85 % "', 0.0385), ("0.25", 0.25), ('"-5%"', None), ('"25"', None)],
)
def test_a_percentage_means_one_thing(value: str, meant: float | None, tmp_path: Path) -> None:
    template, home = load("gpu-term-loan")
    document = tomlkit.parse((home / "deal.toml").read_text(encoding="utf-8"))
    document["inputs"]["advance_rate"] = tomlkit.parse(f"x = {value}")["x"]  # type: ignore[index]
    path = tmp_path / "deal.toml"
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    if meant is None:
        with pytest.raises(DealError, match="advance_rate"):
            read_deal(path, template)
    else:
        assert read_deal(path, template)["advance_rate"].value == meant


@pytest.mark.parametrize(
    ("value", "meant"),
    [("250m", 250e6), ("1.3bn", 1.3e9), ("USD 900 mn", 900e6), ("$40k", 40e3), ("250 M", 250e6)],
)
def test_an_amount_means_one_thing(value: str, meant: float, tmp_path: Path) -> None:
    template, home = load("gpu-term-loan")
    text = (home / "deal.toml").read_text(encoding="utf-8")
    path = tmp_path / "deal.toml"
    path.write_text(re.sub(r"(?m)^commitment = .*$", f'commitment = "{value}"', text))
    assert read_deal(path, template)["commitment"].value == meant


@pytest.mark.parametrize("value", ["250 million", "2,5m", "m", "1.3b", "250mm"])
def test_an_amount_that_may_mean_two_things_names_the_remedy(value: str, tmp_path: Path) -> None:
    template, home = load("gpu-term-loan")
    text = (home / "deal.toml").read_text(encoding="utf-8")
    path = tmp_path / "deal.toml"
    path.write_text(re.sub(r"(?m)^commitment = .*$", f'commitment = "{value}"', text))
    with pytest.raises(DealError, match=r'commitment must be a number .* such as "250m"'):
        read_deal(path, template)


def test_the_example_of_own_months_can_be_uncommented(tmp_path: Path) -> None:
    for name in shipped():
        template, home = load(name)
        example = read_deal(home / "deal.toml", template)
        text = blank_deal(template, example, datetime.date(2026, 11, 26))
        row = template.own_rows[0]
        wanted = (
            "[series]",
            f"{row.name} = {{",
            "[actuals]",
            f"{template.own_rows[-1].name} = {{ values",
        )
        bare = (line.removeprefix("# ") for line in text.splitlines())
        months = [line for line in bare if line.startswith(wanted)]
        (tmp_path / f"{row.name}.csv").write_text("month,value\n1,60\n2,59\n")
        path = tmp_path / f"{name}.toml"
        head, tail = (home / "deal.toml").read_text(encoding="utf-8"), "\n".join(months)
        path.write_text(head.replace("[inputs]", "[inputs]\nas_at_month = 2", 1) + "\n" + tail)
        assert read_deal(path, template).series[row.name].values[:3] == [60.0, 59.0, None]


def test_a_date_in_quotes_is_a_date(tmp_path: Path) -> None:
    template, home = load("gpu-term-loan")
    text = (home / "deal.toml").read_text(encoding="utf-8")
    path = tmp_path / "deal.toml"
    path.write_text(text.replace("value = 2026-12-31", 'value = "2026-12-31"'), encoding="utf-8")
    assert read_deal(path, template)["closing_date"].value == datetime.date(2026, 12, 31)
    path.write_text(text.replace("value = 2026-12-31", 'value = "31/07/2025"'), encoding="utf-8")
    with pytest.raises(DealError, match="closing_date must be a date such as"):
        read_deal(path, template)


def test_a_folder_is_a_template() -> None:
    _, home = load("gpu-term-loan")
    assert load(str(home))[0].name == "gpu-term-loan"
