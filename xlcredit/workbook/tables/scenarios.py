"""The scenarios: shocks to the inputs, what becomes of the loan, and the inputs that result.

The first row is the deal as its inputs say. Every other row says what it does to them, so that a
scenario is the same thing whatever the inputs are, and typing the inputs of a row gives the same
workbook as choosing it.
"""

from __future__ import annotations

import re

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.cases import in_case
from xlcredit.deals.template import AS_INPUT, Parameters, ScenarioCase, Shock, Template
from xlcredit.ooxml.place import Place
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft

__all__ = [
    "AREA_SCENARIOS",
    "HEADER_ROW",
    "columns",
    "height",
    "inputs_row",
    "laid_out",
    "place",
    "place_parameters",
    "printed_columns",
    "write",
    "write_parameters",
]

#: Defined name of what becomes of the loan, for who looks what is typed over.
AREA_SCENARIOS = "scenario_results"
HEADER_ROW = 5
_BY = {
    "add": "added",
    "multiply": "multiplied",
    "replace": "replaced",
    "earliest": "the earlier month",
    "lowest": "at most",
    "highest": "at least",
}
# The last three keep an input that is worse already: a scenario may not be milder than the case.
# A month 0 is an event that never comes.
_FORMULAS = {
    "add": "{name}+{shock}",
    "multiply": "{name}*{shock}",
    "replace": "IF(ISNUMBER({shock}),{shock},{name})",
    "earliest": (
        "IF(ISNUMBER({shock}),IF(AND({name}>0,OR({shock}=0,{name}<{shock})),{name},{shock}),{name})"
    ),
    "lowest": "IF(ISNUMBER({shock}),MIN({name},{shock}),{name})",
    "highest": "IF(ISNUMBER({shock}),MAX({name},{shock}),{name})",
}
_SENTENCE = re.compile(r"(?<=\.) (?=[A-Z])")
#: The unit of a shock: a factor has none of the input's.
_FACTOR = "ratio"


def columns(template: Template) -> int:
    """Columns of the widest table."""
    table = template.scenarios
    return 1 + max(len(table.metric), table.weighted + len(table.shock))


def printed_columns(template: Template) -> int:
    """Columns of the widest table as it is printed."""
    table = template.scenarios
    shown = sum(metric.printed for metric in table.metric)
    return 1 + max(shown, table.weighted + len(table.shock))


def inputs_row(template: Template) -> int:
    """The heading of the inputs as each scenario has them."""
    return _values_header(template) - 1


def height(template: Template) -> int:
    """The last row of what stands here: scenarios, resulting inputs, notes."""
    notes = len(_notes(template))
    return _notes_row(template) + (notes + 1 if notes else -1)


def place(book: Draft, sheet: str) -> None:
    """Record columns and cells: ``{scenarios.X}``, ``{scenarios.X.2}`` and ``{live.X}``."""
    table, blocks = book.template.scenarios, book.places.blocks

    def column(name: str, header: int, at: int) -> None:
        top, bottom = header + 1, header + len(table.case)
        blocks[f"scenarios.{name}"] = (Place(sheet, top, at), Place(sheet, bottom, at))
        for number in range(1, len(table.case) + 1):
            one = Place(sheet, header + number, at)
            blocks[f"scenarios.{name}.{number}"] = (one, one)

    last = f"${letter(1 + len(table.metric))}${HEADER_ROW + len(table.case)}"
    book.areas[AREA_SCENARIOS] = f"{sheet}!$A${HEADER_ROW}:{last}"
    column("labels", HEADER_ROW, 1)
    for index, metric in enumerate(table.metric):
        if metric.name:
            column(metric.name, HEADER_ROW, 2 + index)
    if table.weighted:
        column("weight", _shocks_header(book.template), 2)
    header = _values_header(book.template)
    for index, name in enumerate(table.inputs):
        column(name, header, 2 + index)
        live = Place(sheet, header + len(table.case) + 1, 2 + index)
        blocks[f"live.{name}"] = (live, live)


def place_parameters(book: Draft, sheet: str, row: int) -> None:
    """Record the tables of parameters, the first of which begins in ``row``."""
    blocks = book.places.blocks
    for at, spec in laid_out(book.template, row):
        ends = Place(sheet, at + 1, 1), Place(sheet, at + len(spec.line), 2)
        blocks[f"{spec.name}.block"] = ends
        for part, column in (("labels", 1), ("values", 2)):
            ends = Place(sheet, at + 1, column), Place(sheet, at + len(spec.line), column)
            blocks[f"{spec.name}.{part}"] = ends


def write(book: Draft, sheet: Worksheet) -> None:
    """Write what becomes of the loan, the shocks, and the inputs that result."""
    _write_results(book, sheet)
    _write_shocks(book, sheet)
    _write_values(book, sheet)
    _write_notes(book, sheet)


def _write_results(book: Draft, sheet: Worksheet) -> None:
    table = book.template.scenarios
    texts = [m.label if m.unit == "text" else f"{m.label} [{m.unit}]" for m in table.metric]
    header = ["Scenario", *texts]
    style.heading(sheet, HEADER_ROW - 1, "Scenarios side by side", len(header))
    style.table_header(sheet, HEADER_ROW, header)
    sheet.row_dimensions[HEADER_ROW].height = 58
    for number, case in enumerate(table.case, start=1):
        row = HEADER_ROW + number
        style.base(sheet.cell(row, 1), bold=True).value = case.label
        extra = _extra(book.template, number)
        for index, metric in enumerate(table.metric):
            formula = in_case(metric.formula, number)
            if metric.unit == "text":  # a verdict stands on all inputs
                formula = f'CHOOSE(1+inputs_complete,"CHECK",{formula})'
            cell = style.outcome(book.formula(sheet, row, 2 + index, formula, metric.unit, extra))
            style.figure(cell, metric.unit)
            if metric.unit == "text":
                style.base(cell, bold=True).alignment = Alignment(horizontal="center")
            elif metric.unit == "months":  # one that something happens in, or a count of them
                cell.number_format = style.WHOLE_MONTHS
    top, bottom = HEADER_ROW + 1, HEADER_ROW + len(table.case)
    for column, metric in enumerate(table.metric, start=2):
        if metric.unit == "text":
            style.paint_status(sheet, f"{letter(column)}{top}:{letter(column)}{bottom}")


def _shocks_header(template: Template) -> int:
    return HEADER_ROW + len(template.scenarios.case) + 3


def _write_shocks(book: Draft, sheet: Worksheet) -> None:
    table, inputs = book.template.scenarios, book.template.inputs
    top = _shocks_header(book.template)
    shocks = [f"{inputs[s.input].label}: {_BY[s.by]}" for s in table.shock]
    header = ["Scenario", *["Weight"] * table.weighted, *shocks]
    style.heading(sheet, top - 1, "What each scenario does to the inputs", len(header))
    style.table_header(sheet, top, header)
    sheet.row_dimensions[top].height = 58
    for number, case in enumerate(table.case, start=1):
        book.formula(sheet, top + number, 1, f"A{HEADER_ROW + number}", "text")
        _write_case(book, sheet, top + number, case)


def _write_case(book: Draft, sheet: Worksheet, row: int, case: ScenarioCase) -> None:
    table = book.template.scenarios
    if table.weighted:
        weight = style.input_cell(sheet.cell(row, 2), "share")
        weight.value = case.weight
    for index, (shock, value) in enumerate(zip(table.shock, case.values, strict=True)):
        cell = sheet.cell(row, 2 + table.weighted + index)
        unit, whole = _unit(book.template, shock), _is_whole(book.template, shock)
        if case.label == AS_INPUT:
            style.number(cell, unit, style.MUTED)
        else:
            style.input_cell(cell, unit, whole)
        cell.value = value
        if isinstance(value, str):
            cell.alignment = Alignment(horizontal="right", vertical="center")


def _is_whole(template: Template, shock: Shock) -> bool:
    return shock.by != "multiply" and template.inputs[shock.input].whole


def _unit(template: Template, shock: Shock) -> str:
    return _FACTOR if shock.by == "multiply" else template.inputs[shock.input].unit


def _extra(template: Template, number: int) -> dict[str, str]:
    """``{case.a}``: an input as the scenario has it; ``{case.a..b}``: neighbours; its weight."""
    names, row = template.scenarios.inputs, _values_header(template) + number
    places = {name: f"${letter(2 + index)}${row}" for index, name in enumerate(names)}
    extra = {f"case.{name}": place for name, place in places.items()}
    for index, first in enumerate(names):
        for last in names[index + 1 :]:
            extra[f"case.{first}..{last}"] = f"{places[first]}:{places[last]}"
    if template.scenarios.weighted:
        extra["case.weight"] = f"$B${_shocks_header(template) + number}"
    for index, metric in enumerate(template.scenarios.metric):
        if metric.name:
            extra[f"case.{metric.name}"] = f"{letter(2 + index)}{HEADER_ROW + number}"
    return extra


def _values_header(template: Template) -> int:
    return _shocks_header(template) + len(template.scenarios.case) + 3


def _write_values(book: Draft, sheet: Worksheet) -> None:
    """The inputs under each scenario, and in the last row under the one in force."""
    table, inputs = book.template.scenarios, book.template.inputs
    header = _values_header(book.template)
    labels = [inputs[s.input].label for s in table.shock]
    style.heading(sheet, header - 1, "The inputs as each scenario has them", 1 + len(labels))
    style.table_header(sheet, header, ["Scenario", *labels])
    sheet.row_dimensions[header].height = 58
    last = header + len(table.case)
    for number in range(1, len(table.case) + 1):
        book.formula(sheet, header + number, 1, f"A{HEADER_ROW + number}", "text")
    style.base(sheet.cell(last + 1, 1), bold=True).value = "In force"
    for index, shock in enumerate(table.shock):
        column, unit = 2 + index, inputs[shock.input].unit
        for number in range(1, len(table.case) + 1):
            at = f"{letter(column + table.weighted)}{_shocks_header(book.template) + number}"
            formula = _FORMULAS[shock.by].format(name=shock.input, shock=at)
            cell = book.formula(sheet, header + number, column, formula, unit)
            if _is_whole(book.template, shock):
                cell.number_format = style.whole_format(unit)
        area = f"{letter(column)}${header + 1}:{letter(column)}${last}"
        chosen = f"INDEX({area},MATCH(scenario,{{scenarios.labels}},0))"
        live = book.formula(sheet, last + 1, column, chosen, unit, bold=True)
        if _is_whole(book.template, shock):
            live.number_format = style.whole_format(unit)


def _notes_row(template: Template) -> int:
    """The heading of the notes, below the inputs in force."""
    return _values_header(template) + len(template.scenarios.case) + 3


def _notes(template: Template) -> list[str]:
    """The sentences of the note: each has a line of its own, for a page is not wider than one."""
    return _SENTENCE.split(template.scenarios.note) if template.scenarios.note else []


def _write_notes(book: Draft, sheet: Worksheet) -> None:
    if not (notes := _notes(book.template)):
        return
    row = _notes_row(book.template)
    columns = 1 + len(book.template.scenarios.shock)
    style.heading(sheet, row, "How to read the scenarios", columns)
    for at, sentence in enumerate(notes, start=row + 1):
        cell = style.base(sheet.cell(at, 1), size=9, color=style.MUTED)
        cell.value, cell.data_type = sentence, "s"  # what begins like a formula stays text


def laid_out(template: Template, row: int) -> list[tuple[int, Parameters]]:
    """Each table of parameters with the row of its heading; those that are printed come first."""
    placed = []
    for spec in sorted(template.parameters, key=lambda spec: not spec.printed):
        placed.append((row, spec))
        row += len(spec.line) + 2
    return placed


def write_parameters(book: Draft, sheet: Worksheet, row: int) -> None:
    """Write the tables one below the other."""
    for at, spec in laid_out(book.template, row):
        _write_parameters(book, sheet, at, spec)


def _write_parameters(book: Draft, sheet: Worksheet, row: int, spec: Parameters) -> None:
    style.heading(sheet, row, spec.title, 2)
    for offset, line in enumerate(spec.line, start=1):
        style.base(sheet.cell(row + offset, 1)).value = line.label
        book.formula(sheet, row + offset, 2, line.formula, line.unit)
