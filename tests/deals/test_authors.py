"""The mistakes of a template's author: each names the line of the file and the remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.command import xlcredit
from tests.deals.test_checking import HOME, TEXT, build_from
from tests.small import SMALL
from xlcredit.deals import load
from xlcredit.errors import DealError
from xlcredit.workbook.grammar import problems_of

#: The row whose formula most mistakes are made in, and what stands in it.
ROW = '"MAX(0,{flat_paid})/sizing_dscr*{in_loan}"'


def row(formula: str) -> tuple[str, str]:
    return ROW, ROW.replace("MAX(0,{flat_paid})", formula)


MISTAKES = {
    # formulas
    "semicolon": (*row("MAX(0;{flat_paid})"), ["semicolon", "MAX", "write a comma"]),
    "German": (*row("SUMME({cfads_flat.all})"), ["SUMME is SUM in a file", "write SUM"]),
    "unknown native": (*row("MAXX(0,{flat_paid})"), ["no function MAXX", "mean MAX?"]),
    "young native": (*row("XLOOKUP(0,{cfads_flat.all})"), ["XLOOKUP", "mean LOOKUP?"]),
    "unknown native, alone": (*row("ZZZ({flat_paid})"), ["no function ZZZ", "LibreOffice"]),
    "unknown function": (
        "XLC_RENT_DSCR(", "XLC_RENTS_DSCR(",
        ["XLC_RENTS_DSCR", "mean XLC_RENT_DSCR?"],
    ),
    "arguments of ours": (*row("XLC_DSCR({cfads_flat.all})"), ["1 argument", "XLC_DSCR(cfads,"]),
    "too few arguments": (*row("ROUND({flat_paid})"), ["ROUND takes 2 arguments; got 1"]),
    "decimal comma": (*row("IF({cfads_flat}>0,5,1,0)"), ["IF takes 2 to 3", "decimal comma"]),
    "a verdict counted": (*row("covenant_dscr_curve*2"), ["a verdict", "curve.value"]),
    "no braces": (*row("MAX(0,cfads_flat)"), ["a monthly row", "write {cfads_flat}"]),
    "open brace": (*row("MAX(0,{cfads_flat)"), ["{cfads_flat", "not closed"]),
    "blank in braces": (*row("MAX(0,{cfads flat})"), ["{cfads flat}", "write {name}"]),
    "typo in braces": (*row("MAX(0,{cfads_falt})"), ["{cfads_falt}", "mean cfads_flat?"]),
    "unknown part": (*row("MAX(0,{cfads_flat.last})"), [".last is not one of .prev"]),
    "open bracket": (*row("MAX(0,{cfads_flat}"), ["brackets do not match"]),
    "typographic quotes": (*row("IF(borrower=“x”,1,0)"), ["“", 'write "']),
    "equals twice": (*row("IF({cfads_flat}==0,1,0)"), ["==", "write ="]),
    "unequal": (*row("IF({cfads_flat}!=0,1,0)"), ["!=", "write <>"]),
    "power": (*row("{cfads_flat}**2"), ["**", "write ^"]),
    "and between": (*row("IF({cfads_flat}>0 and {in_loan}=1,1,0)"), ["and", "AND(..., ...)"]),
    "ends in an operator": (ROW, ROW.replace("*{in_loan}", "*"), ["nothing stands after *"]),
    "begins with =": (ROW, ROW.replace('"MAX', '"=MAX'), ["must not begin with ="]),
    "missing sheet": (*row("Cashflow!E10"), ["no sheet Cashflow", "mean Cash flow?"]),
    "circle of two": (
        'unit = "flag", formula = "IF({service}>0,1,0)"',
        'unit = "flag", formula = "IF({dscr_flat}>0,1,0)"',
        ["serviced reads dscr_flat, which reads serviced", "{serviced.prev}"],
    ),
    "circle of one": (
        "{missed}*({missed_run.prev}+",
        "{missed}*({missed_run}+",
        ["missed_run reads missed_run", "{missed_run.prev}"],
    ),
    "month where there is none": (
        'value = "realised_lowest"', 'value = "{realised}"', ["no months", "{realised.all}"],
    ),
    # the words of the file
    "threshold": (
        'threshold = "covenant_dscr"', 'threshold = "covenant_dcsr"', ["mean covenant_dscr?"],
    ),
    "field": (
        'threshold = "covenant_dscr"', 'treshold = "covenant_dscr"',
        ["treshold", "[[covenant]]", "mean threshold?"],
    ),
    "table": ("[[covenant]]", "[[covenants]]", ["covenants", "mean covenant?"]),
    "direction": ('direction = "min"', 'direction = "minimum"', ["min or max", "'minimum'"]),
    "unit": ('"Margin", unit = "1/year"', '"Margin", unit = "pct"', ["'pct'", "1/year"]),
    "name twice": (
        '{ name = "margin", label', '{ name = "base_rate", label',
        ["base_rate is defined twice", "another name"],
    ),
    "months in quotes": ("months = 72\n", 'months = "72"\n', ["a whole number", "'72'"]),
    "low above high": ("low = 0.01, high = 10 }", "low = 10, high = 0.01 }", ["above high"]),
    "default outside": ("value = 1.40, low", "value = 0.001, low", ["0.01..10", "0.001"]),
    "default not offered": (
        'value = "even months", ch', 'value = "30/360", ch', ["must be one of even months"],
    ),
    "scenario that is none": (
        'value = "Rents fall 20% a year more"', 'value = "Rents fall"', ["must be one of As input"],
    ),
    "one of two": ("plausible = [0", "plausible = [0, 0", ["a list of 2; got 3"]),
    # no TOML
    "no such day": ("as_of = 2025-07-28", "as_of = 2025-13-28", ["2025-13-28", "2026-11-30"]),
    "date in another order": ("as_of = 2025-07-28", "as_of = 28.07.2025", ["year-month-day"]),
    "date as text": ("as_of = 2025-07-28", 'as_of = "28.07.2025"', ["a date such as", "28.07"]),
    "percentage": ("value = 0.85, low", "value = 85%, low", ['"85%" in quotes']),
    "comma in a number": ("value = 1.40, low", "value = 1,40, low", ["write 1.40"]),
    "quote": ('title = "Facility"', 'title = "Facility', ["quote is not closed"]),
    "truth": ("whole = true", "whole = TRUE", ["write true or false"]),
    "quotes in quotes": (
        """'IF(interest_days="act/360",({period_end}-{period_end.prev})*12/days_in_year,1)'""",
        '"IF(interest_days="act/360",1,2)"',
        ["quotes of the other kind"],
    ),
}  # fmt: skip
#: Those that the formula of the row has.
IN_ROW = [mistake for mistake, (old, *_) in MISTAKES.items() if old == ROW]


@pytest.mark.parametrize("mistake", [name for name in MISTAKES if name not in IN_ROW])
def test_a_mistake_names_the_line_and_the_remedy(tmp_path: Path, mistake: str) -> None:
    told_of(tmp_path, HOME, *MISTAKES[mistake])


@pytest.mark.parametrize("mistake", IN_ROW)
def test_a_mistake_in_a_formula_names_the_line_and_the_remedy(tmp_path: Path, mistake: str) -> None:
    told_of(tmp_path, HOME, *MISTAKES[mistake])


#: The names that a formula with a mistake has in the small template, which takes no seconds.
IN_SMALL = {
    **{"flat_paid": "service", "cfads_flat": "cfads", "cfads_falt": "cfdas"},
    **{"cfads flat": "cfa ds", "in_loan": "serviced", "sizing_dscr": "covenant_dscr"},
    **{"covenant_dscr_curve": "covenant_cover", "curve.value": "cover.value"},
}


@pytest.mark.parametrize("mistake", IN_ROW)
def test_a_mistake_in_a_formula_is_told_of_a_small_template(tmp_path: Path, mistake: str) -> None:
    _, new, words = MISTAKES[mistake]
    for name, small in IN_SMALL.items():
        new, words = new.replace(name, small), [word.replace(name, small) for word in words]
    told_of(tmp_path, Path(SMALL), '"MAX(0,{service}-{cfads})"', new, words)


def told_of(folder: Path, home: Path, old: str, new: str, words: list[str]) -> None:
    text = (home / "template.toml").read_text(encoding="utf-8")
    assert old in text
    path = folder / "template.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DealError) as caught:
        build_from(path, home / "deal.toml")
    told = str(caught.value)
    assert "\n" not in told
    assert all(word in told for word in words), told
    line = re.match(r".*template\.toml, line (\d+): ", told)
    assert line, told
    changed = text[: text.index(old)].count("\n") + 1
    assert abs(int(line[1]) - changed) <= 1, (told, changed)


@pytest.mark.parametrize(
    "mistakes",
    [
        ["semicolon", "unknown function"],
        ["typo in braces", "unknown function"],
    ],
)
def test_several_mistakes_in_formulas_are_one_message(tmp_path: Path, mistakes: list[str]) -> None:
    several(tmp_path, [MISTAKES[name] for name in mistakes])


def test_several_mistakes_in_tables_are_one_message(tmp_path: Path) -> None:
    unit = ('label = "Commitment", unit = "USD"', 'label = "Commitment", unit = "EUR"')
    row = ('row = "written_off"', 'row = "writen_off"')
    shock = ('input = "rent_level", by', 'input = "rent_levl", by')
    words = (["EUR"], ["mean written_off?"], ["mean rent_level?"])
    several(tmp_path, [(*one, told) for one, told in zip((unit, row, shock), words, strict=True)])


@pytest.mark.parametrize(
    "kinds",
    [
        # a field, a number in quotes, a unit, a name in a table, a default, three names in formulas
        ["field", "months in quotes", "unit", "threshold", "default outside", "typo in braces"],
        ["direction", "semicolon", "unknown function", "name twice"],
        ["table", "semicolon", "unit"],
    ],
)
def test_mistakes_of_all_kinds_are_one_message(tmp_path: Path, kinds: list[str]) -> None:
    """Whoever mends a template mends it once: nothing is told only when the rest is right."""
    text = TEXT
    for kind in kinds:
        old, new, _ = MISTAKES[kind]
        text = text.replace(old, new, 1)
    path = tmp_path / "template.toml"
    path.write_text(text, encoding="utf-8")
    house = path.parent / "deal.toml"
    house.write_text((HOME / "deal.toml").read_text(encoding="utf-8"), encoding="utf-8")
    done = xlcredit("new", tmp_path, "-o", tmp_path / "x.xlsx")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    made = [kind for kind in kinds if MISTAKES[kind][1] in text]
    assert len(made) >= len(kinds) - 1
    for kind in made:
        assert all(word in done.stderr for word in MISTAKES[kind][2]), (kind, done.stderr)


def test_all_wrong_names_of_a_formula_are_told(tmp_path: Path) -> None:
    wrong = row("MAX(0,{cfads_falt},gpu_costs)+MAXX({balanse.all})")
    path = tmp_path / "template.toml"
    path.write_text(TEXT.replace(*wrong, 1), encoding="utf-8")
    with pytest.raises(DealError) as caught:
        build_from(path)
    words = ("mean cfads_flat?", "mean balance?", "mean gpu_cost?", "no function MAXX")
    assert all(word in str(caught.value) for word in words)


def test_one_cell_in_braces_of_a_row_is_told_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "template.toml"
    path.write_text(TEXT.replace(*row("{gpu_cost.all}"), 1), encoding="utf-8")
    with pytest.raises(DealError, match=r"gpu_cost is one cell and no monthly row; write gpu_cost"):
        build_from(path)


def several(folder: Path, mistakes: list[tuple[str, str, list[str]]]) -> None:
    """All of them are told at once, each with its line, in the order of the lines."""
    text = TEXT
    for old, new, _ in mistakes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "template.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DealError) as caught:
        build_from(path)
    told = str(caught.value)
    assert "\n" not in told and f": {len(mistakes)} mistakes: " in told, told
    lines = [int(number) for number in re.findall(r"\bline (\d+): ", told)]
    wanted = [TEXT[: TEXT.index(old)].count("\n") + 1 for old, *_ in mistakes]
    assert lines == sorted(lines)
    pairs = zip(lines, sorted(wanted), strict=True)
    assert all(abs(line - changed) <= 1 for line, changed in pairs), (told, wanted)
    for _, _, words in mistakes:
        assert all(word in told for word in words), told


def test_a_percentage_in_quotes_is_a_default(tmp_path: Path) -> None:
    path = tmp_path / "template.toml"
    path.write_text(TEXT.replace("value = 0.85, low", 'value = "85%", low', 1), encoding="utf-8")
    assert load(str(path))[0].inputs["covenant_realisation"].value == 0.85


def test_what_is_no_template_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(DealError, match=r"a folder without a template\.toml"):
        load(str(tmp_path))
    (tmp_path / "template.toml").write_text(TEXT.partition("[[covenant]]")[0], encoding="utf-8")
    with pytest.raises(DealError, match=r"is missing"):
        load(str(tmp_path))
    deal = str(HOME / "deal.toml")
    with pytest.raises(DealError, match=r"is a deal file for gpu-term-loan.* --deal"):
        load(deal)


@pytest.mark.parametrize(
    "formula",
    [
        'IF(A1>=0,"a;b ** == and",-B2^-2)',
        "INDEX(A1:A9,1,,1)+SUM(A1:INDEX(A1:A9,3))*50%",
        "MATCH(1,{1,2;3,4},0)",
        '\'My sheet\'!A1&" and "&"x"',
        "XLC_DSCR(A1:A2,B1:B2,,3)",
        "PI()*IFNA(1,2)",
        "+A1--B1",
    ],
)
def test_a_sound_formula_passes(formula: str) -> None:
    assert problems_of(formula, ["My sheet"]) == []
