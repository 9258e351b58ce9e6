"""``xlcredit lint``: check a workbook against FAST, ICAEW and the house rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from xlcredit.workbook.lint import Fixed

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="lint")(lint)


def lint(
    file: Annotated[
        Path | None, typer.Argument(help="An .xlsx or .xlsm workbook, ours or not.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    as_sarif: Annotated[bool, typer.Option("--sarif", help="Print them as SARIF 2.1.0.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings exit with 1 too.")] = False,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Write a copy with paths of our functions and hiding undone."),
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The copy that --fix writes.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules.")] = False,
) -> None:
    """Check a workbook's formulas and layout; exit 1 if there is an error.

    Example: xlcredit lint loan.xlsx
    """
    from xlcredit.cli import reports, terminal
    from xlcredit.cli.writing import write_whole
    from xlcredit.errors import UserError
    from xlcredit.ooxml.package import Package
    from xlcredit.workbook import lint as linter

    if rules:
        reports.print_rules(linter.RULES)
        return
    if file is None:
        raise UserError("name the workbook to check, or ask for --rules")
    if fix != (output is not None):
        raise UserError("--fix and -o FILE go together: the source is never changed")
    looked_at, repaired = file, None
    if output is not None:
        looked_at, repaired = output, _repair(file, output, force)
    findings = linter.lint(Package(repaired.content, file) if repaired else file)
    if repaired:
        write_whole(repaired.content, looked_at, force)
        if not (as_json or as_sarif):
            reports.print_fixed(repaired, looked_at)
            terminal.warn_signed(Package(repaired.content))
    if as_sarif:
        terminal.print_json(linter.as_sarif(findings, looked_at))
    elif as_json:
        terminal.print_json(reports.findings_as_data(findings, looked_at), "lint")
    else:
        reports.print_findings(findings, looked_at)
    failing = ("error", "warning") if strict else ("error",)
    if any(finding.rule.severity in failing for finding in findings):
        raise typer.Exit(1)


def _repair(file: Path, output: Path, force: bool) -> Fixed:
    from xlcredit.cli.terminal import require_suffix
    from xlcredit.cli.writing import refuse_source, refuse_to_replace
    from xlcredit.workbook.lint import fix

    require_suffix(output)
    refuse_source(file, output)
    refuse_to_replace(output, force)
    return fix(file)
