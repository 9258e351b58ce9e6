"""A rule, a finding, and the list of rules that the modules of this package fill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from xlcredit.ooxml.formulas import Group
from xlcredit.ooxml.place import Area
from xlcredit.workbook.lint.subject import Subject

__all__ = ["RULES", "Finding", "Rule", "Severity", "Spot", "at", "rule"]

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Spot:
    """Where a rule is broken, and how."""

    sheet: str
    cells: str
    message: str
    formula: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule: what it asks and where that stands in the standards."""

    id: str
    name: str
    severity: Severity
    standard: str
    summary: str
    detail: str
    find: Callable[[Subject], Iterator[Spot]]


@dataclass(frozen=True)
class Finding:
    """A place where a workbook breaks a rule."""

    rule: Rule
    spot: Spot


RULES: list[Rule] = []


def rule(
    id: str,  # noqa: A002 - the word that SARIF uses
    name: str,
    severity: Severity,
    standard: str,
) -> Callable[[Callable[[Subject], Iterator[Spot]]], Callable[[Subject], Iterator[Spot]]]:
    """Make a function a rule; its docstring is what users read of it."""

    def register(
        find: Callable[[Subject], Iterator[Spot]],
    ) -> Callable[[Subject], Iterator[Spot]]:
        summary, _, detail = (find.__doc__ or "").replace("``", "").partition("\n")
        words = " ".join(detail.split())
        RULES.append(Rule(id, name, severity, standard, summary.rstrip("."), words, find))
        return find

    return register


def at(where: Area | Group, message: str) -> Spot:
    """Place a message on the cells of an area, or of a formula."""
    if isinstance(where, Group):
        area = where.area
        return Spot(area.sheet, area.reference, message, str(where.formula))
    return Spot(where.sheet, where.reference, message)
