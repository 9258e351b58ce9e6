"""What ``--json`` prints: one schema, whose types hold for every command.

Each document says its ``kind``; the schema has a definition for each kind. Numbers are JSON
numbers, dates are ISO text, an error value of a cell is an object with its code and its reason,
and what does not exist is null.
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["KINDS", "output_schema"]


class _Struct(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """No field is printed that the schema does not have."""


class ErrorValue(_Struct):
    """A cell that shows an error."""

    error: str
    reason: str


Value = float | str | bool | ErrorValue | None


class Moved(_Struct):
    """A figure, a headroom or a verdict of the Summary, as a person reads it."""

    label: str
    before: str
    after: str


class Fault(_Struct):
    """A cell that shows an error, and why."""

    sheet: str
    cell: str
    code: str
    reason: str
    formula: str


class Changed(_Struct):
    """A cell whose saved value is not what its formula gives."""

    sheet: str
    cell: str
    kind: str
    saved: Value
    now: Value


class Doubted(_Struct):
    """A cell that two engines do not agree on, or that depends on one."""

    cell: str
    value: Value
    other: Value = None


class Outcomes(_Struct):
    """How many cells are agreed, and the others by outcome and reason."""

    agreed: int
    disputed: dict[str, list[Doubted]] = {}
    one_engine: dict[str, list[Doubted]] = msgspec.field(name="one engine", default_factory=dict)
    not_calculated: dict[str, list[Doubted]] = msgspec.field(
        name="not calculated", default_factory=dict
    )
    dependent: dict[str, list[Doubted]] = msgspec.field(
        name="depends on a cell that is not calculated or disputed", default_factory=dict
    )


class ChangedFunctions(_Struct):
    """Functions in cells that another version of xlcredit saved differently."""

    saved_by: str
    running: str
    cells: dict[str, int]
    other: int


class Recalculation(_Struct, tag_field="kind", tag="recalculation"):
    """``xlcredit recalc``."""

    source: str
    output: str | None
    formulas: int
    functions_called: dict[str, int]
    seconds: float
    warnings: list[str]
    values: dict[str, Value]
    errors: list[Fault]
    engine: str
    outcomes: Outcomes
    master_check: str | None
    failing: list[str]
    typed: list[str]
    moved: list[Moved]
    changes: list[Changed] | None = None
    changed_functions: ChangedFunctions | None = None


class SideBySide(_Struct):
    """A side-by-side of the Summary: figures by label, the notes below them, the sentence."""

    title: str
    figures: dict[str, Value]
    reading: str
    notes: dict[str, str]


class Covenant(_Struct):
    """A covenant."""

    label: str
    value: Value
    test: str
    threshold: Value
    status: str
    headroom: Value
    first_breach: Value
    may_move_by: Value
    driver: str


class Tested(Covenant):
    """A condition of closing, a limit of the house or a stress result, with its table's title."""

    table: str


class Dashboard(_Struct, tag_field="kind", tag="dashboard"):
    """``xlcredit show``."""

    title: str
    scenario: str
    master_check: str
    drawn: Value
    failing: list[str]
    typed: list[str]
    warnings: list[str]
    figures: dict[str, Value]
    comparisons: list[SideBySide]
    covenants: list[Covenant]
    tests: list[Tested]


class LintFinding(_Struct):
    """A place where a workbook breaks a rule."""

    rule: str
    name: str
    severity: str
    standard: str
    sheet: str
    cells: str
    message: str
    formula: str


class Lint(_Struct, tag_field="kind", tag="lint"):
    """``xlcredit lint``."""

    file: str
    findings: list[LintFinding]


class Grid(_Struct, tag_field="kind", tag="stress grid"):
    """``xlcredit stress --grid``: each point has the inputs, the figures and the verdicts."""

    file: str
    points: list[dict[str, Value]]
    written: list[str]
    warnings: list[str]


class Solution(_Struct, tag_field="kind", tag="stress target"):
    """``xlcredit stress --target``."""

    figure: str
    target: float
    by: str
    value: float
    today: float
    all: list[float]
    warnings: list[str]


class NearestBreach(_Struct):
    """The smallest move that breaks a covenant."""

    covenant: str
    label: str
    distance: float
    inputs: dict[str, float]
    shocks: dict[str, float]


class Reverse(_Struct, tag_field="kind", tag="stress reverse"):
    """``xlcredit stress --reverse``."""

    nearest: list[NearestBreach]
    not_found: list[str]
    warnings: list[str]


class Difference(_Struct):
    """A term or a figure in two workbooks."""

    label: str
    old: Value
    new: Value
    unit: str
    shown_old: str
    shown_new: str


class Diff(_Struct, tag_field="kind", tag="diff"):
    """``xlcredit diff``."""

    old: str
    new: str
    same: bool
    typed: list[str]
    remarks: list[str]
    inputs: list[Difference]
    terms: list[Difference]
    figures: list[Difference]
    named: list[Difference]
    covenants: list[Difference]
    tests: list[Difference]
    statuses: list[Difference]
    cells: list[Difference]


class Seal(_Struct, tag_field="kind", tag="seal"):
    """``xlcredit freeze --verify``."""

    intact: bool
    seal: str
    stated: str
    reasons: list[str]
    facts: dict[str, str]
    uncovered: list[str]


class Estimated(_Struct):
    """A figure with its standard error."""

    value: float | None
    standard_error: float | None


class Tilt(_Struct):
    """How paths were drawn to fall, where defaults are rare."""

    coin: float
    card: float
    periods: float


class Quantiles(_Struct):
    """Quantiles of the LTV by period."""

    shares: list[float]
    by_period: list[list[float | None]]


class Simulation(_Struct, tag_field="kind", tag="simulation"):
    """``xlcredit simulate``."""

    file: str
    paths: int
    seed: int
    kernel: str
    tilt: Tilt
    figures: dict[str, Estimated]
    by_period: dict[str, list[float | None]]
    ltv_quantiles: Quantiles
    lender_cash: list[Estimated]
    written: list[str]


class Estimate(_Struct):
    """A parameter estimated from quotes."""

    name: str
    value: float | None
    standard_error: float | None
    observations: int
    note: str
    source: str
    as_of: str | None


class Calibration(_Struct, tag_field="kind", tag="calibration"):
    """``xlcredit calibrate``."""

    estimates: list[Estimate]
    warnings: list[str]


class Portfolio(_Struct, tag_field="kind", tag="portfolio"):
    """``xlcredit portfolio``: a row of the tape has what the loan's template has."""

    loans: int
    counts: dict[str, int]
    errors: dict[str, str]
    warnings: dict[str, list[str]]
    written: list[str]
    tape: list[dict[str, Value]]


class Ratio(_Struct):
    """The loss together over the loss of each loan alone."""

    value: float
    error: float


class Market(_Struct, tag_field="kind", tag="market"):
    """``xlcredit portfolio --simulate``."""

    loans: int
    paths: int
    seed: int
    figures: list[dict[str, Value]]
    ratio: Ratio
    contributions: list[dict[str, Value]]
    not_simulated: dict[str, str]
    written: list[str]


class Finding(_Struct):
    """Something that is wrong, and what to do."""

    kind: str
    where: str
    problem: str
    remedy: str


class ExcelDoctor(_Struct, tag_field="kind", tag="excel doctor"):
    """``xlcredit excel doctor``."""

    findings: list[Finding]
    calls_fixed: int
    output: str | None
    log: str


class Examined(_Struct):
    """One part of the installation."""

    part: str
    state: str
    found: str
    remedy: str


class Doctor(_Struct, tag_field="kind", tag="doctor"):
    """``xlcredit doctor``: the state of a part is ok, absent (and optional), slower or wrong."""

    parts: list[Examined]


#: What each document with ``--json`` may be, by its ``kind``.
KINDS: dict[str, Any] = {
    str(struct.__struct_config__.tag): struct
    for struct in (
        *(Recalculation, Dashboard, Lint, Grid, Solution, Reverse, Diff, Seal),
        *(Simulation, Calibration, Portfolio, Market, ExcelDoctor, Doctor),
    )
}


def output_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of what ``--json`` prints."""
    schemas, definitions = msgspec.json.schema_components(
        list(KINDS.values()), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What xlcredit prints with --json",
        "description": " ".join(str(__doc__).split()),
        "oneOf": list(schemas),
        "$defs": definitions,
    }
