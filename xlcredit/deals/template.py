"""Term-sheet templates: a folder with a ``template.toml`` and a filled example ``deal.toml``.

A template says *what* stands in the workbook: inputs, monthly rows, figures, covenants,
scenarios, audit twins, the lines of the term sheet. How a sheet looks is the business of
:mod:`xlcredit.workbook`.

Formulas are Excel formulas without the leading ``=``. A defined name (``market_rent``) is an
input or a figure; braces are a row of the monthly sheets: ``{cfads}`` in this month,
``{cfads.prev}`` in the month before, ``{cfads.all}`` all months, ``{cfads.first}`` month 1,
``{cfads.opening}`` the column of the closing date, ``{cfads.path}`` the opening and all months.
"""

from __future__ import annotations

import datetime
from typing import Literal

from xlcredit.deals.exhibits import Chart, Grid, Ladder, Map, Picture, Tornado
from xlcredit.deals.marks import DriverUnit, Formula, InputName, RowName, Struct, Unit, Value

__all__ = [
    "AS_AT",
    "AS_INPUT",
    "AnnualRow",
    "Block",
    "Check",
    "Comparison",
    "ComplianceRow",
    "Covenant",
    "Figure",
    "Input",
    "Parameter",
    "Parameters",
    "Row",
    "ScenarioTable",
    "Section",
    "Sheet",
    "Shock",
    "Template",
    "Term",
    "Test",
    "Twin",
]

#: The scenario under which the inputs decide, and the shock that leaves an input as it is.
AS_INPUT = "As input"

#: The input up to which what has happened counts.
AS_AT = "as_at_month"


class Input(Struct, kw_only=True, frozen=True):
    """One input: stated once, with its unit and where it comes from."""

    name: str
    label: str
    unit: Unit
    value: Value | None = None
    source: str = "assumption"
    as_of: datetime.date | None = None
    low: float | None = None
    high: float | None = None
    whole: bool = False
    choices: list[str] = []
    note: str = ""


class Section(Struct, kw_only=True, frozen=True):
    """A group of inputs under one heading."""

    title: str
    input: list[Input]
    name: str = ""


class Row(Struct, kw_only=True, frozen=True):
    """One row of a monthly sheet: one formula for all months.

    ``opening`` is the formula of the closing column, or the word ``formula`` for the same one.
    With ``own`` the sheet Curves has room for the user's own months, and for what has happened;
    ``plausible`` says between what values they are looked for, and ``own_drop`` is the input by
    which the user's own months fall. ``native`` is the formula, or the constant, of a copy without
    worksheet functions.
    """

    name: str
    label: str
    unit: Unit
    formula: Formula = ""
    opening: Formula = ""
    total: Literal["", "sum"] = ""
    constant: Formula = ""
    bold: bool = False
    own: bool = False
    own_drop: InputName = ""
    plausible: tuple[float, float] | None = None
    native: Formula = ""

    @property
    def at_closing(self) -> str:
        """The formula of the closing column."""
        return self.formula if self.opening == "formula" else self.opening


class Block(Struct, kw_only=True, frozen=True):
    """A calculation block: its ingredients above, its result below.

    With ``each_case`` the block stands once for each scenario: ``{case.X}`` is the scenario's
    value of input X, and a row of the block means its row for the same scenario.
    """

    title: str
    row: list[Row]
    each_case: bool = False


class Sheet(Struct, kw_only=True, frozen=True):
    """A monthly sheet, time across; with ``nodes`` its columns are those of an integral.

    A sheet that is not ``printed`` holds what other sheets read: scenarios, nodes. A ``note`` is a
    formula under the title, in which ``{as_of}`` is the date of the deal in words.
    """

    name: str
    purpose: str
    note: Formula = ""
    block: list[Block]
    nodes: bool = False
    printed: bool = True


class Figure(Struct, kw_only=True, frozen=True):
    """One figure with a name: a single cell.

    One that is not ``printed`` stands below the printed page of the Term Sheet: words and codes
    that sentences are put together from.
    """

    name: str
    label: str
    unit: Unit
    formula: Formula
    note: str = ""
    printed: bool = True


class Comparison(Struct, kw_only=True, frozen=True):
    """A side-by-side of the Summary: the same question answered more than once."""

    title: str
    question: str
    figure: list[Figure]
    reading: Formula = ""


class Covenant(Struct, kw_only=True, frozen=True):
    """A test: value against threshold, and how far the driver may move before it fails.

    What the driver is called is words, or ``driver_words``, a formula that gives them. ``agreed``
    is a flag: where it is 0 there is no such test, and its row says none and NONE.
    """

    name: str
    label: str
    unit: Unit
    value: Formula
    threshold: Formula
    direction: Literal["min", "max"]
    agreed: Formula = ""
    first_breach: Formula = ""
    driver: str = ""
    driver_words: Formula = ""
    driver_formula: Formula = ""
    driver_unit: DriverUnit = "share"


class Test(Covenant, kw_only=True, frozen=True):
    """A test that is no covenant: a condition of closing, a limit of the house, a stress result.

    Only a covenant says BREACH; these have words of their own.
    """

    kind: Literal["condition", "limit", "stress"]


class AnnualRow(Struct, kw_only=True, frozen=True):
    """One row of the page Annual: a monthly row by years.

    ``sum`` adds the months, ``end`` is the last month of the year, ``min`` the lowest of the months
    in which the row ``where`` is 1. What is ``drawn`` stands in the chart below the page: bars on
    top of one another, and lines. A ``title`` begins a band of the page.
    """

    row: RowName
    year: Literal["sum", "end", "min"]
    title: str = ""
    where: RowName = ""
    bold: bool = False
    drawn: Literal["", "bar", "line"] = ""


class ComplianceRow(Struct, kw_only=True, frozen=True):
    """One line of the page Compliance: a monthly row as budgeted beside the row as it happened.

    ``sum`` adds months up, ``end`` is the last of them, ``ratio`` divides the sum by that of the
    rows ``over_budget`` and ``over_actual``. Without a ``budget`` it is that of the own row.
    ``dates`` is a row of the last date of payment so far, as a month: a ratio then adds up the
    whole periods between dates that end among the months.
    """

    label: str
    unit: Unit
    how: Literal["sum", "end", "ratio"]
    actual: RowName
    budget: RowName = ""
    over_budget: RowName = ""
    over_actual: RowName = ""
    dates: RowName = ""


class Shock(Struct, kw_only=True, frozen=True):
    """One column of the scenarios: an input, and how a scenario moves it.

    ``earliest`` (of two months, 0 for never), ``lowest`` and ``highest`` leave an input alone that
    is worse already.
    """

    input: InputName
    by: Literal["add", "multiply", "replace", "earliest", "lowest", "highest"]

    @property
    def neutral(self) -> float | str:
        """The shock that leaves the input as it is."""
        neutral: dict[str, float | str] = {"add": 0.0, "multiply": 1.0}
        return neutral.get(self.by, AS_INPUT)


class ScenarioCase(Struct, kw_only=True, frozen=True):
    """One scenario: a shock to each input that scenarios move, and its weight.

    A value is a number, or ``As input`` where the scenario leaves the input alone.
    """

    label: str
    values: list[float | str]
    weight: float = 0.0


class Metric(Struct, kw_only=True, frozen=True):
    """One column of the scenario table; ``{case.X}`` is input X as the scenario has it.

    With a ``name`` the whole column is ``{scenarios.name}``; ``native`` is the formula of a copy
    without worksheet functions. Columns that are not ``printed`` come last, and stay out of print.
    """

    label: str
    unit: Unit
    formula: Formula
    name: str = ""
    native: Formula = ""
    printed: bool = True


class ScenarioTable(Struct, kw_only=True, frozen=True):
    """Scenarios side by side: shocks to the inputs, and what becomes of the loan."""

    shock: list[Shock]
    case: list[ScenarioCase]
    metric: list[Metric]
    note: str = ""
    native_rows: dict[str, str] = {}

    @property
    def inputs(self) -> list[str]:
        """The inputs that scenarios move."""
        return [shock.input for shock in self.shock]

    @property
    def weighted(self) -> bool:
        """Whether the scenarios carry weights."""
        return any(case.weight for case in self.case)


class Parameter(Struct, kw_only=True, frozen=True):
    """One line of :class:`Parameters`; the label is the worksheet function's word."""

    label: str
    unit: Unit
    formula: Formula


class Parameters(Struct, kw_only=True, frozen=True):
    """Labels and calculated values side by side: the ``terms`` of a worksheet function.

    Tables that are not ``printed`` come last on their sheet, and stay out of the print.
    """

    name: str
    title: str
    printed: bool = True
    line: list[Parameter]


class Twin(Struct, kw_only=True, frozen=True):
    """A worksheet function beside its native-formula twin."""

    label: str
    unit: Unit
    function: Formula
    native: Formula
    of: str = ""


class Check(Struct, kw_only=True, frozen=True):
    """A test of the model that must be TRUE."""

    label: str
    formula: Formula


class Term(Struct, kw_only=True, frozen=True):
    """One line of the term sheet; without a formula or text it is shown as open.

    ``market`` is what the market does; it is shown where the formula gives ``open``.
    """

    label: str
    text: str = ""
    formula: Formula = ""
    market: str = ""


class Template(Struct, kw_only=True, frozen=True):
    """A term-sheet template."""

    name: str
    title: str
    summary: str
    months: int
    section: list[Section]
    sheet: list[Sheet]
    figure: list[Figure] = []
    ask: list[Term] = []
    comparison: list[Comparison]
    covenant: list[Covenant]
    test: list[Test] = []
    annual: list[AnnualRow] = []
    compliance: list[ComplianceRow] = []
    certificate: list[Covenant] = []
    scenarios: ScenarioTable
    grid: list[Grid] = []
    tornado: list[Tornado] = []
    parameters: list[Parameters] = []
    twin: list[Twin] = []
    check: list[Check]
    chart: list[Chart] = []
    ladder: list[Ladder] = []
    map: list[Map] = []
    picture: list[Picture] = []
    term: list[Term]

    @property
    def inputs(self) -> dict[str, Input]:
        """Every input by name."""
        return {i.name: i for section in self.section for i in section.input}

    @property
    def own_rows(self) -> list[Row]:
        """The rows that can be the user's own, in the order of the sheets."""
        rows = (row for sheet in self.sheet for block in sheet.block for row in block.row)
        return [row for row in rows if row.own]
