"""What a template's tables say of each other: names that exist, units, counts that agree."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from xlcredit.deals.marks import Struct
from xlcredit.deals.not_toml import MOST
from xlcredit.deals.template import AS_AT, AS_INPUT, Template
from xlcredit.deals.units import DRIVER_UNITS, UNITS
from xlcredit.deals.values import CONTROL, check_value
from xlcredit.errors import DealError, FormulaError
from xlcredit.hints import did_you_mean

__all__ = ["PAGES", "in_one", "line_of", "located", "marks", "missing", "problems", "wrong_texts"]

#: Figures that stand beside each other on the Summary.
_MOST_FIGURES = 5
#: Excel's limit for a text inside a formula, less the words that are put before it.
_LONGEST_TEXT = 230

#: What becomes a defined name, and what a spreadsheet reads as something else.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_IN_BRACES = re.compile(r"\{[^{}]*\}")
_ADDRESS = re.compile(r"[A-Za-z]{1,3}[0-9]{1,7}|[Rr][0-9]*([Cc][0-9]*)?|[Cc][0-9]*")
_WORDS = frozenset({"TRUE", "FALSE", "NAN", "INF"})
_RESERVED = frozenset({"case", "live", "scenarios", "across", "down", "x", "at", "n", "as_of"})
#: Excel's rules for the names of sheets, and the sheets that every workbook has.
_NO_SHEET = re.compile(r"[\[\]:*?/\\'\"]|^History$", re.IGNORECASE)
_LONGEST_SHEET = 31
PAGES = (
    *(
        "Term Sheet",
        "Summary",
        "Annual",
        "Compliance",
        "Inputs",
        "Curves",
        "Stress",
        "Audit",
        "Checks",
        "Sources",
        "Functions",
    ),
    *("Frozen", "Formulas", "Scenario waterfalls"),
)
_FEWEST_MONTHS, _MOST_MONTHS = 12, 360
#: Weights that add to 1 but for the decimals of a file.
_ROUNDING = 1e-9
#: What a table beside a chart may hold.
_MOST_ROWS = 120
#: Excel's limit for a list of choices.
_LONGEST_LIST = 255

#: What the file says, or the line where it stands, and what is wrong with it.
Problems = Iterator[tuple[str, str]]


def problems(template: Template, path: Path) -> list[tuple[str, str]]:
    """Find what the tables of a template say wrongly of each other, with the lines.

    A name is defined twice or not at all, a unit is unknown, counts do not agree, or a default
    is not what its input may be.
    """
    found = [(_defined_twice(path, name), problem) for name, problem in _duplicates(template)]
    for words in (_names, _sheets, _rows_say_one_thing, _units, _references, _counts, _pictures):
        found += [(line_of(path, text), problem) for text, problem in words(template)]
    if not found:  # scenarios are read by the names of inputs, which there must be
        for text, problem in _cases(template):
            found.append((line_of(path, text, "[scenarios]"), problem))
    for item in template.inputs.values():
        try:
            ends_agree = item.low is None or item.high is None or item.low <= item.high
            if item.value is not None and ends_agree:
                check_value(item, item.value, item.name)
        except DealError as error:
            found.append((line_of(path, f'"{item.name}"'), str(error)))
    return found


#: What the builder itself reads, and how it is written: the months of a sheet, the case in force.
_MONTHS = {
    "month": 'label = "Month", unit = "months", opening = "0", formula = "{month.prev}+1"',
    "period_end": 'label = "Period end", unit = "date", opening = "closing_date", '
    'formula = "EOMONTH({period_end.prev},1)"',
}
_SCENARIO = f'name = "scenario", label = "Scenario in force", unit = "text", value = "{AS_INPUT}"'


def missing(template: Template, path: Path) -> list[tuple[str, str]]:
    """Find the names that the builder reads and the template does not define, with the lines."""
    rows = _rows(template)
    dated = next((sheet.name for sheet in template.sheet if not sheet.nodes), "")
    line = line_of(path, f'"{dated}"')
    found = [
        (line, f'the monthly sheets need a row; write {{ name = "{name}", {row} }} in a block')
        for name, row in _MONTHS.items()
        if dated and name not in rows
    ]
    if "scenario" not in template.inputs:
        told = f"scenarios need an input; write {{ {_SCENARIO} }} in a section"
        found.append((line_of(path, "[scenarios]"), told))
    return found


def in_one(
    path: Path, found: list[tuple[str, str]], what: str = "mistakes", most: int = MOST
) -> str:
    """One message for all that is wrong: the file once, then each problem with its line."""
    found = sorted(dict.fromkeys(found), key=lambda one: int(one[0].rpartition(" ")[2] or 0))
    if len(found) == 1:
        return f"{path}{found[0][0]}: {found[0][1]}"
    told = [f"{line.removeprefix(', ')}: {text}" if line else text for line, text in found[:most]]
    more = len(found) - most
    told += [f"and {more} more"] if more > 0 else []
    return f"{path}: {len(found)} {what}: {'; '.join(told)}"


def wrong_texts(raw: Any, path: Path, key: str = "") -> Problems:
    """Find what no cell can show, wherever in a template's file it stands, with the lines.

    A text is empty, holds a control character or begins with ``=``; a list is empty; a number is
    not finite.
    """
    if isinstance(raw, dict):
        for name, part in raw.items():
            yield from wrong_texts(part, path, name)
    elif isinstance(raw, list):
        if not raw:
            yield line_of(path, key + " = ["), f"{key} is empty"
        for part in raw:
            yield from wrong_texts(part, path, key)
    elif isinstance(raw, str):
        if wrong := _wrong_text(raw):
            # the file may spell a control character as an escape
            shown = CONTROL.split(raw)[0]
            line = line_of(path, shown if shown.strip() else f'{key} = "{raw}"')
            yield line, f"{key} {wrong}"
    elif isinstance(raw, float) and not math.isfinite(raw):
        yield line_of(path, str(raw)), f"{key} must be finite; got {raw}"


def _wrong_text(text: str) -> str:
    if not text.strip():
        return "is empty; leave it out"
    if CONTROL.search(text):
        return "holds a control character, which no cell can show"
    return "must not begin with =" if text.lstrip().startswith("=") else ""


#: The formulas of a test, around which the builder writes that it is agreed at all.
_OF_A_TEST = ("value", "threshold", "first_breach", "driver_formula", "driver_words")


def located(error: FormulaError, path: Path, others: Sequence[tuple[str, str]] = ()) -> DealError:
    """Return the errors of formulas with the lines where they stand, among other mistakes."""
    found = [(_line_of_formula(path, one.formula), str(one)) for one in error.all]
    return DealError(in_one(path, [*others, *found]))


def _line_of_formula(path: Path, text: str) -> str:
    escaped = text.replace('"', '\\"')  # a basic string of TOML escapes its quotes
    spellings = (f'"{escaped}"', f"'{text}'", f'"""{text}', text)
    found = (line_of(path, spelling) for spelling in spellings)
    exactly = next((line for line in found if line), "")
    return exactly or _line_like(path, text) or _line_within(path, text)


def line_of(path: Path, text: str, after: str = "") -> str:
    """Say in which line of a file a text first stands after another, or nothing."""
    lines = path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
    start = next((n for n, line in enumerate(lines) if after and line.startswith(after)), 0)
    spellings = (text, text.replace('"', '\\"'))
    places = enumerate(lines[start:], start=start + 1)
    found = (n for n, line in places if any(s in line for s in spellings))
    number = next(found, None)
    return f", line {number}" if number else ""


def _line_within(path: Path, formula: str) -> str:
    """Say where a formula of a test stands around which another was written: the longest in it."""
    lines = path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
    inside: dict[int, str] = {}
    for number, line in enumerate(lines, start=1):
        key, _, value = line.partition(" = ")
        if key in _OF_A_TEST and value[1:-1] in formula:
            inside[number] = value[1:-1]
    number = max(inside, key=lambda n: len(inside[n]), default=0)
    return f", line {number}" if number else ""


def _line_like(path: Path, formula: str) -> str:
    """Say where a formula stands that was written out for each scenario: by all but its names."""
    wanted = _IN_BRACES.sub("{}", formula)
    lines = path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
    plain = (_IN_BRACES.sub("{}", line.replace('\\"', '"')) for line in lines)
    number = next((n for n, line in enumerate(plain, start=1) if wanted in line), None)
    return f", line {number}" if number else ""


def _defined_twice(path: Path, name: str) -> str:
    """Say in which line a name is defined for the second time."""
    text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    found = list(re.finditer(rf'\bname\s*=\s*["\']{re.escape(name)}["\']', text, re.IGNORECASE))
    numbers = [text.count("\n", 0, match.start()) + 1 for match in found]
    return f", line {numbers[1]}" if len(numbers) > 1 else line_of(path, f'"{name}"')


def _rows(template: Template) -> list[str]:
    return [row.name for sheet in template.sheet for block in sheet.block for row in block.row]


def _defined(template: Template) -> list[str]:
    """What becomes a defined name."""
    defined = [i.name for s in template.section for i in s.input]
    defined += [f.name for c in template.comparison for f in c.figure]
    defined += [f.name for f in template.figure] + [c.name for c in template.covenant]
    return defined + [t.name for t in [*template.test, *template.certificate]]


def _names(template: Template) -> Problems:
    blocks = [s.name for s in template.section if s.name] + [p.name for p in template.parameters]
    for name in [*_defined(template), *_rows(template), *blocks]:
        if not _NAME.fullmatch(name):
            message = "letters, digits and underscores, a letter first"
            yield f'"{name}"', f"{name!r} is not a name: {message}"
        if _ADDRESS.fullmatch(name) or name.upper() in _WORDS:
            message = "a spreadsheet reads it as a cell or a word of its own"
            yield f'"{name}"', f"{name} is not a name: {message}; add an underscore"
        if name in _RESERVED:
            yield f'"{name}"', f"{name} has a meaning in braces; take another name"


def _duplicates(template: Template) -> Problems:
    """A name stands for one thing; a spreadsheet does not tell upper from lower case."""
    names = [*_defined(template), *_rows(template)]
    lower = [name.lower() for name in names]
    for name in names:
        if lower.count(name.lower()) > 1:
            yield name, f"{name} is defined twice; take another name for one of them"


def _sheets(template: Template) -> Problems:
    taken = {name.lower() for name in PAGES}
    for sheet in template.sheet:
        name = sheet.name
        wide = len(name.encode("utf-16-le")) // 2
        if _NO_SHEET.search(name) or name != name.strip() or wide > _LONGEST_SHEET:
            message = f"up to {_LONGEST_SHEET} characters without [ ] : * ? / \\ and quotes"
            yield f'"{name}"', f"{name!r} cannot name a sheet: {message}"
        if name.lower() in taken:
            yield f'"{name}"', f"{name}: there is a sheet of that name already"
        taken.add(name.lower())
    if not _FEWEST_MONTHS <= template.months <= _MOST_MONTHS:
        yield "months", f"months must be {_FEWEST_MONTHS}..{_MOST_MONTHS}; got {template.months}"


def _rows_say_one_thing(template: Template) -> Problems:
    for row in (r for s in template.sheet for b in s.block for r in b.row):
        if bool(row.formula) == bool(row.constant):
            yield f'"{row.name}"', f"{row.name}: give a formula, or a constant, and not both"
        if row.own and not row.formula:
            yield f'"{row.name}"', f"{row.name}: a row of your own needs the formula it replaces"
        if row.own_drop and not row.own:
            yield f'"{row.name}"', f"{row.name}: own_drop belongs to a row of your own, own = true"
        if row.constant and (row.opening or row.total):
            yield f'"{row.name}"', f"{row.name}: a constant has no opening and no total"
    for bar in (b for t in template.tornado for b in t.bar):
        if bool(bar.input) == bool(bar.name and bar.label and bar.unit):
            message = "a bar has an input, or a name with a label and a unit"
            yield f'"{bar.input or bar.name}"', f"{bar.input or bar.name}: {message}"
    for term in template.term:
        if term.text and term.formula:
            yield f'"{term.label}"', f"{term.label}: give a text or a formula, not both"
        if term.market and not term.formula:
            yield f'"{term.label}"', f"{term.label}: market stands beside a formula that gives open"


def _units(template: Template) -> Problems:
    for unit, owner, kind in _marked(template):
        known = {"unit": UNITS, "driver unit": DRIVER_UNITS}.get(kind)
        if known and unit not in known:
            near = did_you_mean(unit, known) or f"; there are {', '.join(known)}"
            yield f'"{unit}"', f"{owner}: unit {unit!r} is not known{near}"


def _references(template: Template) -> Problems:
    rows, inputs = _rows(template), list(template.inputs)
    for name, _, kind in _marked(template):
        if kind == "row" and name not in rows:
            yield f'"{name}"', f"{name} is not a monthly row{did_you_mean(name, rows)}"
        if kind == "input" and name not in inputs:
            yield f'"{name}"', f"{name} is not an input{did_you_mean(name, inputs)}"
    for line in template.compliance:
        if (line.how == "ratio") != bool(line.over_budget and line.over_actual):
            message = "a ratio has over_budget and over_actual, and nothing else has"
            yield f'"{line.label}"', f"{line.label}: {message}"
        if line.dates and line.how != "ratio":
            yield f'"{line.label}"', f"{line.label}: only a ratio has dates"
        if not line.budget and line.actual not in (row.name for row in template.own_rows):
            message = "a line without a budget needs an own row, whose budget stands on Curves"
            yield f'"{line.label}"', f"{line.label}: {message}"
    if len({line.dates for line in template.compliance} - {""}) > 1:
        yield "[[compliance]]", "all ratios of the page Compliance have the same dates, or none"
    if (template.compliance or template.certificate) and AS_AT not in inputs:
        yield "[[compliance]]", f"the page Compliance needs an input {AS_AT}"
    if template.chart and "period_end" not in rows:
        yield "[[chart]]", "charts need a monthly row period_end"


def _marked(struct: Any, owner: str = "") -> Iterator[tuple[str, str, str]]:
    """Every marked field of a table and of the tables in it: what it says, whose, which mark."""
    if isinstance(struct, list):
        for part in struct:
            yield from _marked(part, owner)
    if not isinstance(struct, Struct):
        return
    own = (getattr(struct, key, "") for key in ("name", "title", "label", "input"))
    owner = next((name for name in own if isinstance(name, str) and name), owner)
    for field, mark in marks(type(struct)).items():
        value = getattr(struct, field)
        if mark and value:
            yield value, getattr(struct, "driver", "") or owner, mark
        elif not mark:
            yield from _marked(value, owner)


@functools.cache
def marks(kind: type[Struct]) -> dict[str, str]:
    """Give the mark of each field of a table: what it holds, or nothing."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        field: next(
            (a.extra["is"] for a in get_args(hint)[1:] if isinstance(a, msgspec.Meta) and a.extra),
            "",
        )
        for field, hint in hints.items()
    }


def _counts(template: Template) -> Problems:
    for comparison in template.comparison:
        if len(comparison.figure) > _MOST_FIGURES:
            message = f"{comparison.title}: {len(comparison.figure)} figures; up to {_MOST_FIGURES}"
            remedy = "begin a [[comparison]], or write a [[figure]] below the Term Sheet"
            yield f'"{comparison.title}"', f"{message} stand side by side; {remedy}"
        labels = [figure.label for figure in comparison.figure]
        for figure in comparison.figure:
            if labels.count(figure.label) > 1:
                message = "stands twice in one side-by-side; a reader cannot tell them apart"
                yield f'"{figure.name}"', f"{figure.label} {message}, say what differs"
    tests = [test.label for test in (*template.covenant, *template.test)]
    for label in tests:
        if tests.count(label) > 1:
            yield f'"{label}"', f"two tests are called {label}; say in the label what differs"
    for term in template.term:
        if len(term.market) > _LONGEST_TEXT:
            message = f"{term.label}: market has {len(term.market)} characters"
            yield f'"{term.label}"', f"{message}; up to {_LONGEST_TEXT} fit in a formula"
    for item in template.inputs.values():
        if item.low is not None and item.high is not None and item.low > item.high:
            yield f'"{item.name}"', f"{item.name}: low = {item.low:g} is above high = {item.high:g}"
        # Excel writes a list of choices into the rule itself, with commas between them
        if any("," in choice for choice in item.choices):
            yield f'"{item.name}"', f"{item.name}: a choice must not hold a comma"
        if len(",".join(item.choices)) > _LONGEST_LIST:
            yield f'"{item.name}"', f"{item.name}: choices of {_LONGEST_LIST} characters at most"


def _pictures(template: Template) -> Problems:
    sheets = {sheet.name: sheet for sheet in template.sheet}
    for picture in template.picture:
        place = f'"{picture.title}"'
        if picture.sheet not in sheets:
            near = did_you_mean(picture.sheet, sheets)
            yield place, f"{picture.title}: {picture.sheet!r} is not a sheet{near}"
        elif any(row.formula for block in sheets[picture.sheet].block for row in block.row):
            message = "a picture stands on a sheet of constants, without months"
            yield place, f"{picture.title}: {message}; {picture.sheet} has months"
        if picture.kind == "fan" and len(picture.column) % 2 == 0:
            message = "a fan has an odd number of columns, the middle one its line"
            yield place, f"{picture.title}: {message}; got {len(picture.column)}"
        if not 1 <= picture.rows <= _MOST_ROWS:
            yield place, f"{picture.title}: rows must be 1..{_MOST_ROWS}; got {picture.rows}"


def _cases(template: Template) -> Problems:
    table = template.scenarios
    printed = [metric.printed for metric in table.metric]
    if printed != sorted(printed, reverse=True):
        first = next(m for m, shown in zip(table.metric, printed, strict=True) if not shown)
        yield f'"{first.label}"', f"{first.label}: a column that is not printed comes last"
    labels = [case.label for case in table.case]
    for case in table.case:
        if labels.count(case.label) > 1:
            yield f'"{case.label}"', f"scenario {case.label} stands twice"
        if len(case.values) != len(table.shock):
            yield f'"{case.label}"', f"scenario {case.label}: one value per input is needed"
            continue
        for shock, value in zip(table.shock, case.values, strict=True):
            place = f"scenario {case.label}: {shock.input}"
            if value == AS_INPUT:
                continue
            if isinstance(value, str):
                message = f'must be a number, or "{AS_INPUT}" to leave the input alone'
                yield f'"{case.label}"', f"{place} {message}; got {value!r}"
            elif shock.by not in ("add", "multiply"):
                try:
                    check_value(template.inputs[shock.input], value, place)
                except DealError as error:
                    yield f'"{case.label}"', str(error)
    weights = math.fsum(case.weight for case in table.case)
    if table.weighted and (abs(weights - 1) > _ROUNDING or min(c.weight for c in table.case) < 0):
        message = "the weights of the scenarios add to at most 1; As input has the rest"
        yield "weight", f"{message}; got {weights:g}"
