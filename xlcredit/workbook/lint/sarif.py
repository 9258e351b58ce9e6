"""Findings in SARIF 2.1.0, the format in which code scanners report."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from xlcredit._version import __version__
from xlcredit.workbook.lint.rule import RULES, Finding, Rule

__all__ = ["as_sarif"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(findings: Iterable[Finding], path: Path) -> dict[str, Any]:
    """Give findings as a SARIF log with one run.

    Parameters
    ----------
    findings : iterable of Finding
        What was found.
    path : Path
        The workbook.
    """
    numbers = {rule.id: number for number, rule in enumerate(RULES)}
    uri = quote(path.as_posix())
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "xlcredit lint",
                        "version": __version__,
                        "informationUri": "https://github.com/xlcredit/xlcredit",
                        "rules": [_descriptor(rule) for rule in RULES],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(f, uri, numbers[f.rule.id]) for f in findings],
            }
        ],
    }


def _descriptor(rule: Rule) -> dict[str, Any]:
    text = f"{rule.summary}. {rule.detail}".strip()
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": text},
        "help": {"text": f"{text} Enforces: {rule.standard}."},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"standard": rule.standard},
    }


def _result(finding: Finding, uri: str, number: int) -> dict[str, Any]:
    spot = finding.spot
    full = f"{spot.sheet}!{spot.cells}" if spot.cells else spot.sheet
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": number,
        "level": finding.rule.severity,
        "message": {"text": f"{full}: {spot.message}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri}},
                "logicalLocations": [
                    {"name": spot.cells or spot.sheet, "fullyQualifiedName": full}
                ],
            }
        ],
        "properties": {"formula": spot.formula} if spot.formula else {},
    }
