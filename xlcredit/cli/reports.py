"""What lint, diff and freeze print, and the same as data for programs."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlcredit.cli.terminal import line

if TYPE_CHECKING:
    from xlcredit.workbook.life.compare import Change, WorkbookDiff
    from xlcredit.workbook.life.freeze import Verdict
    from xlcredit.workbook.life.stamp import ChangedFunctions
    from xlcredit.workbook.lint import Finding, Fixed, Rule

__all__ = [
    "changed_functions_as_data",
    "comparison_as_data",
    "findings_as_data",
    "print_changed_functions",
    "print_comparison",
    "print_findings",
    "print_fixed",
    "print_rules",
    "print_verdict",
    "verdict_as_data",
]

_COLOURS = {"error": "bold red", "warning": "yellow", "note": "cyan"}
#: More findings of one rule on one sheet are for --json.
_MOST = 12


# --- lint -----------------------------------------------------------------------------------


def print_findings(findings: list[Finding], path: Path) -> None:
    """Print findings by sheet, then how many there are."""
    for sheet, on_sheet in groupby(findings, key=lambda f: f.spot.sheet):
        line((sheet, "bold"))
        for _, of_rule in groupby(on_sheet, key=lambda f: f.rule.id):
            same = list(of_rule)
            for finding in same[:_MOST]:
                _print_finding(finding)
            if len(same) > _MOST:
                line(f"  and {len(same) - _MOST} more of {same[0].rule.id}; --json lists them")
    count = Counter(finding.rule.severity for finding in findings)
    total = ", ".join(_plural(count[s], s) for s in ("error", "warning", "note") if count[s])
    line(f"{path.name}: {total or 'nothing found'}")


def _print_finding(finding: Finding) -> None:
    rule, spot = finding.rule, finding.spot
    label = (f"{rule.severity:<8}", _COLOURS[rule.severity])
    line("  ", label, f"{rule.id}  {spot.cells:<10} {spot.message}")
    if spot.formula:
        line((f"                {spot.formula}", "dim"))


def _plural(count: int, word: str) -> str:
    return f"1 {word}" if count == 1 else f"{count} {word}s"


def findings_as_data(findings: Iterable[Finding], path: Path) -> dict[str, Any]:
    """Give findings as plain data."""
    return {
        "file": str(path),
        "findings": [
            {
                "rule": f.rule.id,
                "name": f.rule.name,
                "severity": f.rule.severity,
                "standard": f.rule.standard,
                **dataclasses.asdict(f.spot),
            }
            for f in findings
        ],
    }


def print_rules(rules: Iterable[Rule]) -> None:
    """Print what each rule asks and where that stands."""
    for rule in rules:
        severity = (f"{rule.severity:<8}", _COLOURS[rule.severity])
        line((f"{rule.id}  ", "bold"), severity, f"{rule.summary}.")
        if rule.detail:
            line(f"               {rule.detail}")
        line((f"               {rule.name}; {rule.standard}", "dim"))


def print_fixed(fixed: Fixed, output: Path) -> None:
    """Print what --fix has repaired."""
    line(
        f"{_plural(fixed.prefixes, 'path')} before worksheet functions stripped, "
        f"{_plural(fixed.shown, 'hidden row, column or sheet').replace('sheets', 'sheet')} shown"
    )
    line(f"written: {output}")


# --- diff -----------------------------------------------------------------------------------


def print_comparison(found: WorkbookDiff, *, whole: bool = False) -> None:
    """Print what was changed, then what it does; the whole of it, or the first of each kind."""
    for remark in found.remarks:
        line((f"note: {remark}", "yellow"))
    for typed in found.typed:
        line((f"CHECK: {typed}", "yellow"))
    if found.same:
        line("nothing differs")
        return
    named = {
        "Inputs": found.inputs,
        "Term sheet": found.terms,
        "Figures": [c for c in found.figures if c.shown_old != c.shown_new],
        "Figures by name": found.named if whole else [],
        "Covenants": [c for c in found.covenants if c.shown_old != c.shown_new],
        "Conditions, limits and stress results": [
            c for c in found.tests if c.shown_old != c.shown_new
        ],
        "Status": found.statuses,
        "Other cells": found.cells,
    }
    for title, changes in named.items():
        _print_changes(title, changes, len(changes) if whole else _MOST)


def _print_changes(title: str, changes: list[Change], most: int) -> None:
    if not changes:
        return
    line((title, "bold cyan"))
    for change in changes[:most]:
        line("  ", str(change))
    if len(changes) > most:
        line(f"  and {len(changes) - most} more; --all prints them")


def comparison_as_data(found: WorkbookDiff) -> dict[str, Any]:
    """Give a comparison as plain data, values unrounded."""
    kinds = ("inputs", "terms", "figures", "named", "covenants", "tests", "statuses", "cells")
    return {
        "old": str(found.old),
        "new": str(found.new),
        "same": found.same,
        "typed": found.typed,
        "remarks": found.remarks,
        **{kind: [dataclasses.asdict(c) for c in getattr(found, kind)] for kind in kinds},
    }


# --- freeze ---------------------------------------------------------------------------------


def print_verdict(verdict: Verdict, path: Path) -> None:
    """Print whether a committee copy is intact, and its seal."""
    word = ("intact", "green") if verdict.intact else ("altered", "bold red")
    line(f"{path}: ", word)
    for reason in verdict.reasons[:_MOST]:
        line(f"  {reason}")
    for label, fact in verdict.facts.items():
        line((f"  {label}: ", "dim"), fact)
    line(("  SHA-256: ", "dim"), verdict.stated)
    if verdict.stated != verdict.seal:
        line(("  as it is now: ", "dim"), verdict.seal)
    line(("  not covered: ", "dim"), ", ".join(verdict.uncovered))


def verdict_as_data(verdict: Verdict) -> dict[str, Any]:
    """Give a verdict as plain data."""
    return dataclasses.asdict(verdict)


# --- recalc --check -------------------------------------------------------------------------


def print_changed_functions(changed: ChangedFunctions) -> None:
    """Print which worksheet functions stand in cells that another version saved differently."""
    line(
        (f"saved by xlcredit {changed.saved_by}, this is {changed.running}; ", "yellow"),
        ("the cells that differ call:", "yellow"),
    )
    for name, cells in changed.cells.items():
        line(f"  {name} in {_plural(cells, 'cell')}")
    if changed.other:
        line(f"  none in {_plural(changed.other, 'cell')}, which mostly follow from the others")


def changed_functions_as_data(changed: ChangedFunctions | None) -> dict[str, Any]:
    """Give the same as plain data; nothing if there is nothing to say."""
    return {"changed_functions": dataclasses.asdict(changed)} if changed else {}
