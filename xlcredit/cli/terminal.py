"""What the commands print: recalculations, the function reference, JSON."""

from __future__ import annotations

import dataclasses
import datetime
import json
import shutil
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from xlcredit.cli.printable import as_json, printable
from xlcredit.errors import CellError, FileError

if TYPE_CHECKING:
    from xlcredit.deals import Deal, Template
    from xlcredit.functions import Function
    from xlcredit.ooxml.package import Package
    from xlcredit.recalc import Doubt, Recalculation
    from xlcredit.workbook import Dashboard

__all__ = [
    "BEYOND",
    "console",
    "finish",
    "line",
    "print_functions",
    "print_json",
    "print_markdown",
    "print_recalculation",
    "recalculation_as_data",
    "require_suffix",
    "warn_doubtful",
    "warn_signed",
]

#: What a cell is that sends its workbook to the strict engine.
BEYOND = "that is beyond what the fast engine is proven for; the strict one calculates all of it"
#: How wide output is that is piped.
_PIPED = 100
#: Beyond this many lines a list is for --json.
_MOST = 20


class _Terminal(Console):
    """A console on which nothing that a file holds can move the cursor."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render as rich does, with control characters of texts shown as escapes."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            if control or text.isprintable() or text == "\n":
                yield segment
            else:
                lines = text.split("\n")
                yield Segment("\n".join(map(printable, lines)), style)


@cache
def console() -> Console:
    """The terminal; output that is piped is as wide as COLUMNS says, or 100."""
    terminal = _Terminal()
    if terminal.is_terminal:
        return terminal
    return _Terminal(width=shutil.get_terminal_size((_PIPED, 24)).columns)


def line(*pieces: str | tuple[str, str]) -> None:
    """Print one line as it is, however long: figures and file names are no markup.

    A piece is text, or text with its style.
    """
    shown = (printable(p) if isinstance(p, str) else (printable(p[0]), p[1]) for p in pieces)
    console().print(Text.assemble(*shown), highlight=False, soft_wrap=True)


def require_suffix(output: Path) -> None:
    """Excel refuses a workbook under another suffix; so do we, before any work is done."""
    if output.suffix.lower() not in (".xlsx", ".xlsm"):
        raise FileError(f"{output}: a workbook's name ends in .xlsx")


def print_json(data: dict[str, Any], kind: str = "") -> None:
    """Print data for a program: no NaN, dates as ISO text, errors as their code.

    The kind is one of :data:`xlcredit.cli.output.KINDS`.
    """
    data = {"kind": kind, **data} if kind else data
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    print(as_json(text))


def _plain(value: Any) -> str | dict[str, str]:
    if isinstance(value, CellError):
        return {"error": value.code, "reason": value.reason}
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def warn_signed(package: Package) -> None:
    """Say of a copy that the signature of its source does not hold for it."""
    from xlcredit.workbook.life.change import SIGNED

    if package.signed:
        line((f"warning: {SIGNED}", "yellow"))


def warn_doubtful(deal: Deal, template: Template) -> None:
    """Say which figures of a deal may have been meant in another unit."""
    from xlcredit.workbook.plausible import doubtful_inputs

    for told in doubtful_inputs(deal, template):
        line((f"warning: {told}", "yellow"))


# --- recalculations -------------------------------------------------------------------------


def finish(result: Recalculation, output: Path, dashboard: Dashboard) -> None:
    """Say what was written; leave with 1 if a cell shows an error, or a test does not hold."""
    import typer

    print_recalculation(result, output, output, check=False)
    if result.errors or result.unsure or not dashboard.checked:
        raise typer.Exit(1)


def print_recalculation(
    result: Recalculation, source: Path, output: Path | None, check: bool
) -> None:
    """Print what a recalculation did, which cells err, and what changed under ``check``."""
    from xlcredit.recalc.routing import ENGINES

    calls = sum(result.functions_called.values())
    # Another program answers its calls itself, and does not count them.
    counted = f" and {calls:,} calls of worksheet functions" if result.engine in ENGINES else ""
    line(f"{source.name}: {result.cells:,} formulas{counted} in {result.seconds:.2f} s")
    if result.slower:
        line((f"slower: {result.slower}; {BEYOND}", "yellow"))
    for warning in result.warnings:
        line((f"warning: {warning}", "yellow"))
    missing = {(d.sheet, d.cell) for d in result.not_calculated}
    faults = [
        f"{f.sheet}!{f.cell} {f.code} {f.reason}"
        for f in result.errors
        if (f.sheet, f.cell) not in missing
    ]
    _print_doubts(result)
    _print_list("shows an error", faults, "bold yellow")
    if check:
        _print_changes(result)
    else:
        _print_largest_change(result)
    if output is not None:
        line(f"written: {output}")


def _print_doubts(result: Recalculation) -> None:
    """Print which cells are not sure, and why; what depends on them is counted."""
    _print_list("is not calculated", [_doubtful(d) for d in result.not_calculated], "bold red")
    disputed = [
        f"{_doubtful(d)}, the {result.engine} one {_shown(d.value)}" for d in result.disputed
    ]
    _print_list("is disputed", disputed, "bold yellow")
    if result.dependent:
        line((f"{_cells(len(result.dependent))} on them; --json lists which", "yellow"))
    if result.one_engine:
        count = len(result.one_engine)
        subject = "1 cell is" if count == 1 else f"{count:,} cells are"
        line((f"{subject} calculated by one engine alone; --json tells why", "dim"))


def _doubtful(doubt: Doubt) -> str:
    return f"{doubt.sheet}!{doubt.cell} {doubt.reason}"


def _cells(count: int) -> str:
    return "1 cell depends" if count == 1 else f"{count:,} cells depend"


def _print_changes(result: Recalculation) -> None:
    """Print the cells that differ from what was saved, summed up by cause if there are many."""
    changes = [
        f"{c.sheet}!{c.cell} saved {_shown(c.saved)}, now {_shown(c.now)}" for c in result.changes
    ]
    _print_list("differs from the saved value", changes, "bold yellow")
    if len(changes) > _MOST:
        line(("by cause:", "bold"))
        for cause, count in Counter(c.cause for c in result.changes).most_common(_MOST):
            line(f"  {count:,} {cause}")
    if not changes:
        line(("every saved value is confirmed", "green"))


def _print_largest_change(result: Recalculation) -> None:
    """Say how many saved values have changed, and where the largest change is."""
    changed = [c for c in result.changes if c.saved is not None]
    if not changed:
        return
    largest = max(changed, key=lambda c: c.size)
    count = (
        "1 saved value has changed"
        if len(changed) == 1
        else (f"{len(changed):,} saved values have changed")
    )
    line(
        f"{count}, {largest.sheet}!{largest.cell} the most: "
        f"from {_shown(largest.saved)} to {_shown(largest.now)}"
    )


def _print_list(what: str, lines: list[str], style: str) -> None:
    if not lines:
        return
    subject = "1 cell" if len(lines) == 1 else f"{len(lines)} cells"
    verb = what
    if len(lines) > 1:
        for one, many in (("shows", "show"), ("differs", "differ"), ("is ", "are ")):
            verb = verb.replace(one, many)
    line((f"{subject} {verb}:", style))
    for text in lines[:_MOST]:
        line(f"  {text}")
    if len(lines) > _MOST:
        line(f"  and {len(lines) - _MOST} more; --json lists them all")


def _shown(value: Any) -> str:
    if isinstance(value, CellError):
        return value.code
    return "nothing" if value is None else str(value)


def recalculation_as_data(
    result: Recalculation, source: Path, output: Path | None, check: bool
) -> dict[str, Any]:
    """Give a recalculation as plain data: names, errors and, under ``check``, changes."""
    data: dict[str, Any] = {
        "source": str(source),
        "output": None if output is None else str(output),
        "formulas": result.cells,
        "functions_called": result.functions_called,
        "seconds": round(result.seconds, 4),
        "warnings": result.warnings,
        "values": result.names,
        "errors": [dataclasses.asdict(fault) for fault in result.errors],
        "engine": result.engine,
        "outcomes": _outcomes(result),
    }
    if check:
        data["changes"] = [
            {"sheet": c.sheet, "cell": c.cell, "kind": c.kind, "saved": c.saved, "now": c.now}
            for c in result.changes
        ]
    return data


def _outcomes(result: Recalculation) -> dict[str, Any]:
    """Count the cells of each outcome, and list those that are not agreed by their reason."""
    from xlcredit.recalc.outcome import DEPENDS, DISPUTED, NOT_CALCULATED, ONE_ENGINE

    cells = sum(map(len, result.values.values()))
    grouped: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for doubt in result.doubts:
        entry: dict[str, Any] = {"cell": f"{doubt.sheet}!{doubt.cell}", "value": doubt.value}
        if doubt.outcome == "disputed":
            entry["other"] = doubt.other
        reason = "the engines differ" if doubt.outcome == "disputed" else doubt.reason
        grouped.setdefault(doubt.outcome, {}).setdefault(reason, []).append(entry)
    kinds: dict[str, Any] = {kind: {} for kind in (DISPUTED, ONE_ENGINE, NOT_CALCULATED, DEPENDS)}
    return {"agreed": cells - len(result.doubts), **kinds, **grouped}


# --- the function reference -----------------------------------------------------------------


def print_functions(functions: Iterable[Function]) -> None:
    """Print the worksheet functions by category."""
    categories: dict[str, list[Function]] = {}
    for function in functions:
        categories.setdefault(function.category, []).append(function)
    for category, members in categories.items():
        table = Table(title=category, title_justify="left", title_style="bold cyan", box=None)
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        table.show_header = False
        for function in sorted(members, key=lambda f: f.name):
            table.add_row(function.name, Text(function.summary))
        console().print(table)
        console().print()
    line("One in full: xlcredit functions XLC_DUAL_LTV")


def print_markdown(text: str) -> None:
    """Print Markdown as a page."""
    from rich.markdown import Markdown

    console().print(Markdown(text))
