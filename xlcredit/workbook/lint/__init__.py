"""Rules of FAST and ICAEW, and a few of the house, checked on any workbook.

A rule is a function with an id, a severity and the rule it enforces; its docstring is what a user
reads. :func:`lint` runs them all; :func:`~xlcredit.workbook.lint.fix.fix` repairs what is safe.
"""

from __future__ import annotations

from pathlib import Path

from xlcredit.ooxml.package import Package
from xlcredit.workbook.lint import calculation, content, formula, layout  # noqa: F401 - they fill RULES
from xlcredit.workbook.lint.fix import Fixed, fix
from xlcredit.workbook.lint.rule import RULES, Finding, Rule
from xlcredit.workbook.lint.sarif import as_sarif
from xlcredit.workbook.lint.subject import Subject

__all__ = ["RULES", "Finding", "Fixed", "Rule", "as_sarif", "fix", "lint"]

RULES.sort(key=lambda rule: rule.id)


def lint(source: Path | Package) -> list[Finding]:
    """Check a workbook against every rule.

    Parameters
    ----------
    source : Path or Package
        An .xlsx or .xlsm file, ours or not.

    Returns
    -------
    list of Finding
        In the order of the sheets, then of the rules.

    Raises
    ------
    FileError
        If the file is no readable workbook.
    """
    subject = Subject(source)
    found = [Finding(rule, spot) for rule in RULES for spot in rule.find(subject)]
    order = {name: number for number, name in enumerate(subject.book.sheets)}
    return sorted(found, key=lambda f: (order.get(f.spot.sheet, len(order)), f.rule.id))
