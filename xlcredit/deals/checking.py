"""What a template's tables say of each other: names that exist, units, counts that agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xlcredit.deals.template import UNITS, Template
from xlcredit.errors import DealError, FormulaError, did_you_mean

__all__ = ["check", "line_of", "located"]

#: Figures that stand beside each other on the Summary.
_MOST_FIGURES = 5
#: Excel's limit for a text inside a formula, less the words that are put before it.
_LONGEST_TEXT = 230

#: Excel's limit for a list of choices.
_LONGEST_LIST = 255

#: What the file says, and what is wrong with it.
Problems = Iterator[tuple[str, str]]


def check(template: Template, path: Path) -> None:
    """Raise the first problem of a template, with the line where it stands.

    Raises
    ------
    DealError
        A name is defined twice or not at all, a unit is unknown, or counts do not agree.
    """
    for words in (_doubles, _units, _references, _counts):
        for text, problem in words(template):
            raise DealError(f"{path}{line_of(path, text)}: {problem}")


def located(error: FormulaError, path: Path) -> DealError:
    """Return the error of a formula with the line of the template where the formula stands."""
    return DealError(f"{path}{line_of(path, error.formula)}: {error}")


def line_of(path: Path, text: str) -> str:
    """Say in which line of a file a text first stands, or nothing if it is not found."""
    lines = path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
    # a basic string of TOML escapes its quotes
    spellings = (text, text.replace('"', '\\"'))
    found = (n for n, line in enumerate(lines, start=1) if any(s in line for s in spellings))
    number = next(found, None)
    return f", line {number}" if number else ""


def _rows(template: Template) -> list[str]:
    return [row.name for sheet in template.sheet for block in sheet.block for row in block.row]


def _doubles(template: Template) -> Problems:
    names = [*template.inputs, *_rows(template)]
    names += [f.name for c in template.comparison for f in c.figure]
    names += [f.name for f in template.figure] + [c.name for c in template.covenant]
    sections = [i.name for s in template.section for i in s.input]
    for name in sorted({n for n in names if names.count(n) > 1 or sections.count(n) > 1}):
        yield f'"{name}"', f"{name} is defined twice"


def _units(template: Template) -> Problems:
    units = {i.name: i.unit for i in template.inputs.values()}
    units |= {r.name: r.unit for s in template.sheet for b in s.block for r in b.row}
    units |= {f.name: f.unit for f in template.figure}
    units |= {f.name: f.unit for c in template.comparison for f in c.figure}
    units |= {c.name: c.unit for c in template.covenant}
    units |= {t.title: t.unit for t in template.grid} | {t.title: t.unit for t in template.tornado}
    units |= {t.label: t.unit for t in template.twin} | {c.title: c.unit for c in template.chart}
    units |= {t.title: t.unit for t in template.ladder} | {t.title: t.unit for t in template.map}
    units |= {m.label: m.unit for m in template.scenarios.metric}
    for name, unit in units.items():
        if unit not in UNITS:
            yield f'"{name}"', f"{name}: unit {unit!r} is not known{did_you_mean(unit, UNITS)}"


def _references(template: Template) -> Problems:
    rows, inputs = _rows(template), list(template.inputs)
    drawn = [line.row for chart in template.chart for line in chart.line]
    drawn += [s.height for c in template.chart if (s := c.shade)]
    drawn += [s.base for c in template.chart if (s := c.shade) and s.base]
    for row in drawn:
        if row not in rows:
            yield f'"{row}"', f"{row} is not a monthly row{did_you_mean(row, rows)}"
    used = [bar.input for tornado in template.tornado for bar in tornado.bar]
    for name in [*used, *template.scenarios.inputs]:
        if name not in inputs:
            yield f'"{name}"', f"{name} is not an input{did_you_mean(name, inputs)}"
    if template.chart and "period_end" not in rows:
        yield "[[chart]]", "charts need a monthly row period_end"


def _counts(template: Template) -> Problems:
    for comparison in template.comparison:
        if len(comparison.figure) > _MOST_FIGURES:
            told = f"{comparison.title}: {len(comparison.figure)} figures; up to {_MOST_FIGURES}"
            yield f'"{comparison.title}"', f"{told} stand side by side"
    for term in template.term:
        if len(term.market) > _LONGEST_TEXT:
            told = f"{term.label}: market has {len(term.market)} characters"
            yield f'"{term.label}"', f"{told}; up to {_LONGEST_TEXT} fit in a formula"
    labels = [case.label for case in template.scenarios.case]
    for case in template.scenarios.case:
        if len(case.values) != len(template.scenarios.inputs):
            yield f'"{case.label}"', f"scenario {case.label}: one value per input is needed"
    for item in template.inputs.values():
        # Excel writes a list of choices into the rule itself, with commas between them
        if any("," in choice for choice in item.choices):
            yield f'"{item.name}"', f"{item.name}: a choice must not hold a comma"
        if len(",".join(item.choices)) > _LONGEST_LIST:
            yield f'"{item.name}"', f"{item.name}: choices of {_LONGEST_LIST} characters at most"
    scenario = template.inputs.get("scenario")
    if scenario and scenario.choices[1:] != labels:
        told = "its choices are a name for the inputs as they are, then the labels of the cases"
        yield '"scenario"', f"scenario: {told}: {', '.join(labels)}"
