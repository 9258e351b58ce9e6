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
import difflib
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec

from xlcredit.errors import DealError, FileError

__all__ = [
    "UNITS",
    "Bar",
    "Block",
    "Chart",
    "Check",
    "Comparison",
    "Covenant",
    "Figure",
    "Grid",
    "Input",
    "Line",
    "Row",
    "ScenarioTable",
    "Section",
    "Sheet",
    "Template",
    "Term",
    "Tornado",
    "Twin",
    "load",
    "read_toml",
    "shipped",
]

#: Units and how they are written in a deal file; a number format belongs to each.
UNITS = (
    "USD",
    "USD m",
    "USD/unit",
    "USD/GPU-hour",
    "USD/kWh",
    "USD/coin",
    "USD/month",
    "share",
    "1/year",
    "ratio",
    "months",
    "days",
    "years",
    "units",
    "units/day",
    "coins",
    "coins/day",
    "coins/month",
    "kW",
    "hours",
    "1/sqrt(year)",
    "number",
    "log",
    "power",
    "flag",
    "bp",
    "date",
    "text",
    "%",
)

#: Numbers, text and dates, as TOML has them; the unit decides which (see deal.check_value).
Value = Any


class _Struct(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Unknown keys are mistakes, not extensions."""


class Input(_Struct, kw_only=True, frozen=True):
    """One input: stated once, with its unit and where it comes from."""

    name: str
    label: str
    unit: str
    value: Value | None = None
    source: str = "assumption"
    as_of: datetime.date | None = None
    low: float | None = None
    high: float | None = None
    whole: bool = False
    choices: list[str] = []
    note: str = ""


class Section(_Struct, kw_only=True, frozen=True):
    """A group of inputs under one heading."""

    title: str
    input: list[Input]
    name: str = ""


class Row(_Struct, kw_only=True, frozen=True):
    """One row of a monthly sheet: one formula for all months."""

    name: str
    label: str
    unit: str
    formula: str = ""
    opening: str = ""
    total: Literal["", "sum"] = ""
    constant: str = ""
    bold: bool = False


class Block(_Struct, kw_only=True, frozen=True):
    """A calculation block: its ingredients above, its result below."""

    title: str
    row: list[Row]


class Sheet(_Struct, kw_only=True, frozen=True):
    """A monthly sheet, time across."""

    name: str
    purpose: str
    block: list[Block]


class Figure(_Struct, kw_only=True, frozen=True):
    """One figure with a name: a single cell."""

    name: str
    label: str
    unit: str
    formula: str
    note: str = ""


class Comparison(_Struct, kw_only=True, frozen=True):
    """A side-by-side of the Summary: the same question answered more than once."""

    title: str
    question: str
    figure: list[Figure]
    reading: str = ""


class Covenant(_Struct, kw_only=True, frozen=True):
    """A test: value against threshold, and how far the driver may move before it fails."""

    name: str
    label: str
    unit: str
    value: str
    threshold: str
    direction: Literal["min", "max"]
    first_breach: str = ""
    driver: str = ""
    driver_formula: str = ""
    driver_unit: str = "share"


class ScenarioCase(_Struct, kw_only=True, frozen=True):
    """One scenario: a value for each input that scenarios move."""

    label: str
    values: list[float]


class Metric(_Struct, kw_only=True, frozen=True):
    """One column of the scenario table; ``{case.X}`` is the scenario's value of input X."""

    label: str
    unit: str
    formula: str


class ScenarioTable(_Struct, kw_only=True, frozen=True):
    """Scenarios side by side."""

    inputs: list[str]
    case: list[ScenarioCase]
    metric: list[Metric]
    note: str = ""


class Grid(_Struct, kw_only=True, frozen=True):
    """A two-way grid; ``{across}`` and ``{down}`` are the values at its edges."""

    title: str
    unit: str
    across_label: str
    across_unit: str
    across: list[float]
    down_label: str
    down_unit: str
    down: list[float]
    formula: str
    threshold: str = ""
    direction: Literal["min", "max"] = "min"


class Bar(_Struct, kw_only=True, frozen=True):
    """One driver of a tornado: an input moved down and up by a step, absolute or relative."""

    input: str
    step: float
    relative: bool = False


class Tornado(_Struct, kw_only=True, frozen=True):
    """What moves one figure most: the formula again with one input replaced at a time."""

    title: str
    unit: str
    formula: str
    bar: list[Bar]


class Twin(_Struct, kw_only=True, frozen=True):
    """A worksheet function beside its native-formula twin."""

    label: str
    unit: str
    function: str
    native: str
    of: str = ""


class Check(_Struct, kw_only=True, frozen=True):
    """A test of the model that must be TRUE."""

    label: str
    formula: str


class Line(_Struct, kw_only=True, frozen=True):
    """One series of a chart: a monthly row, or a threshold."""

    row: str
    dashed: bool = False


class Chart(_Struct, kw_only=True, frozen=True):
    """A line chart of monthly rows on the Summary."""

    title: str
    unit: str
    line: list[Line]


class Term(_Struct, kw_only=True, frozen=True):
    """One line of the term sheet; without a formula or text it is shown as open."""

    label: str
    text: str = ""
    formula: str = ""


class Template(_Struct, kw_only=True, frozen=True):
    """A term-sheet template."""

    name: str
    title: str
    summary: str
    months: int
    section: list[Section]
    sheet: list[Sheet]
    figure: list[Figure] = []
    comparison: list[Comparison]
    covenant: list[Covenant]
    scenarios: ScenarioTable
    grid: list[Grid] = []
    tornado: list[Tornado] = []
    twin: list[Twin]
    check: list[Check]
    chart: list[Chart] = []
    term: list[Term]

    @property
    def inputs(self) -> dict[str, Input]:
        """Every input by name."""
        return {i.name: i for section in self.section for i in section.input}


def folder() -> Path:
    """Where the shipped templates are: inside the wheel, or beside the package in a clone."""
    packaged = Path(str(files("xlcredit"))) / "templates"
    return packaged if packaged.is_dir() else Path(str(files("xlcredit"))).parent / "templates"


def shipped() -> list[str]:
    """Names of the templates that ship."""
    return sorted(p.parent.name for p in folder().glob("*/template.toml"))


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; one line that says where it is wrong if it is."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise FileError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise FileError(f"{path}: is a folder; name the .toml file in it") from None
    except UnicodeDecodeError:
        raise FileError(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise DealError(f"{path}: not valid TOML: {error}") from None


def load(name: str) -> tuple[Template, Path]:
    """Load a template by the name of a shipped one or by the path of a ``template.toml``.

    Returns
    -------
    (Template, Path)
        The template and its folder, in which ``deal.toml`` is its filled example.
    """
    path = Path(name)
    if path.suffix != ".toml":
        if name not in shipped():
            near = difflib.get_close_matches(name, shipped(), 1, 0.0)
            raise DealError(
                f'"{name}" is not a template; there are {", ".join(shipped())}. '
                f"Did you mean {near[0]}?"
            )
        path = folder() / name / "template.toml"
    template = convert(read_toml(path), Template, path)
    _check_template(template, path)
    return template, path.parent


_UNKNOWN_KEY = re.compile(r"unknown field `(\w+)`")
_PATH = re.compile(r"`\$([^`]*)`")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def convert(raw: Any, kind: type[Any], path: Path) -> Any:
    """Turn parsed TOML into a typed struct; errors name the line and the nearest key."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        hint = ""
        unknown = _UNKNOWN_KEY.search(message)
        if unknown:
            near = difflib.get_close_matches(unknown[1], _all_fields(kind), 1)
            hint = f"; did you mean {near[0]}?" if near else ""
        line = _line(path, _landmarks(raw, message), unknown[1] if unknown else "")
        raise DealError(f"{path}{line}: {message}{hint}") from None


def _landmarks(raw: Any, message: str) -> list[str]:
    """Names and titles that stand on the way to the place an error tells of."""
    found = []
    steps = _PATH.search(message)
    for key, index in _STEP.findall(steps[1] if steps else ""):
        raw = raw.get(key) if key and isinstance(raw, dict) else raw
        raw = raw[int(index)] if index and isinstance(raw, list) else raw
        if isinstance(raw, dict):
            found += [str(raw[k]) for k in ("name", "title", "label") if k in raw][:1]
    return found


def _line(path: Path, landmarks: list[str], key: str) -> str:
    """Find the line of the innermost landmark, or of the unknown key below it."""
    if not path.is_file():
        return ""
    lines = path.read_text(encoding="utf-8").splitlines()
    at = 0
    for word in [*(f'"{name}"' for name in landmarks), key]:
        after = (n for n in range(at, len(lines)) if word in lines[n])
        at = next(after, at) if word else at
    return f", line {at + 1}"


def _all_fields(kind: type[Any]) -> list[str]:
    structs = [s for s in globals().values() if isinstance(s, type) and issubclass(s, _Struct)]
    return sorted({f for s in [*structs, kind] for f in getattr(s, "__struct_fields__", ())})


def _check_template(template: Template, path: Path) -> None:
    names = [i.name for s in template.section for i in s.input]
    names += [f.name for c in template.comparison for f in c.figure]
    names += [f.name for f in template.figure]
    names += [r.name for s in template.sheet for b in s.block for r in b.row]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise DealError(f"{path}: {', '.join(twice)} is defined twice")
    units = {i.name: i.unit for i in template.inputs.values()}
    units |= {f.name: f.unit for f in template.figure}
    for name, unit in units.items():
        if unit not in UNITS:
            raise DealError(f"{path}: {name}: unit {unit!r} is not known")
    for case in template.scenarios.case:
        if len(case.values) != len(template.scenarios.inputs):
            raise DealError(f"{path}: scenario {case.label}: one value per input is needed")
