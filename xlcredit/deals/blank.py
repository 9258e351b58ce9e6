"""A deal file to fill in: every input with its unit, its range and its default."""

from __future__ import annotations

import datetime
from textwrap import wrap

import tomlkit

from xlcredit.deals.deal import Deal
from xlcredit.deals.series import AS_AT
from xlcredit.deals.template import Input, Template

__all__ = ["blank_deal"]

_WIDTH = 98


def blank_deal(template: Template, example: Deal, as_of: datetime.date) -> str:
    """Write a commented deal file for a template.

    Parameters
    ----------
    template : Template
        The template.
    example : Deal
        Its filled example, whose values are shown where there is no default.
    as_of : date
        The day the deal is looked at.

    Returns
    -------
    str
        TOML. An input without a default stands open and must be filled; one with a default is
        commented out, and counts as written until it is uncommented.

    Examples
    --------
    >>> from xlcredit.deals import load, read_deal
    >>> template, home = load("gpu-term-loan")
    >>> example = read_deal(home / "deal.toml", template)
    >>> text = blank_deal(template, example, datetime.date(2026, 11, 26))
    >>> text.splitlines()[2]
    'template = "gpu-term-loan"'
    """
    lines = [
        f"# {template.title}. {template.summary}",
        "",
        f'template = "{template.name}"',
        "",
        "# What the deal is called",
        f"# in the example: {_toml(example.name)}",
        "# name =    # MISSING",
        "",
        f"as_of = {as_of}",
        'note = ""',
        "",
        "# One line an input: a bare value, or with where it comes from:",
        '#   margin = { value = 0.04, unit = "1/year", source = "term sheet", as_of = 2026-11-26 }',
        '# Shares and rates are parts of 1 (0.04), or a text ("4%"). A line that begins with #',
        "# shows the default, which counts as it stands. Lines that end in MISSING must be filled.",
        "",
        "[inputs]",
    ]
    for section in template.section:
        lines += ["", f"# --- {section.title} ---"]
        for spec in section.input:
            lines += _input(spec, example[spec.name].value)
    lines += _months(template)
    return "\n".join(lines) + "\n"


def _months(template: Template) -> list[str]:
    """How months of one's own and what has happened are given, commented out."""
    if not template.own_rows:
        return []
    first, last = template.own_rows[0], template.own_rows[-1]
    given = f'file = "{first.name}.csv", unit = "{first.unit}", source = "broker"'
    lines = [
        "",
        "# --- Months of your own ---",
        "# A list from month 1, or a CSV beside this file that begins with month,value or",
        "# date,value; a month without a value follows the inputs above.",
        "",
        "# [series]",
        f"# {first.name} = {{ {given} }}",
        "",
        "# The rows that can be your own:",
        *(f"#   {row.name}: {row.label} [{row.unit}]" for row in template.own_rows),
    ]
    if AS_AT in template.inputs:
        lines += [
            "",
            f"# What has happened, up to the month {AS_AT}:",
            "# [actuals]",
            f"# {last.name} = {{ values = [1.0, 1.0] }}",
        ]
    return lines


def _input(spec: Input, shown: object) -> list[str]:
    about = f"{spec.label} [{spec.unit}]{_range(spec)}"
    if spec.note:
        about += f". {spec.note}"
    if spec.value is not None and spec.source != "assumption":
        about += f". Default: {spec.source}"
        about += f", {spec.as_of}" if spec.as_of else ""
    message = [f"# {line}" for line in wrap(about, _WIDTH - 2, break_long_words=False)]
    if spec.value is None:
        message.append(f"# in the example: {_toml(shown)}")
        return ["", *message, f"# {spec.name} =    # MISSING"]
    return ["", *message, f"# {spec.name} = {_toml(spec.value)}"]


def _range(spec: Input) -> str:
    """What the input may be."""
    if spec.choices:
        return ", one of " + ", ".join(spec.choices)
    if spec.low is None and spec.high is None:
        return ""
    if spec.high is None:
        return f", {spec.low:,g} or more"
    if spec.low is None:
        return f", {spec.high:,g} or less"
    return f", {spec.low:,g} to {spec.high:,g}"


def _toml(value: object) -> str:
    """Write a value as TOML has it, and 61 rather than 61.0."""
    whole = isinstance(value, float) and value.is_integer()
    return tomlkit.item(int(value) if whole else value).as_string()  # type: ignore[call-overload]
