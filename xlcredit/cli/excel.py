"""``xlcredit excel``: the worksheet functions in Excel on Windows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from xlcredit.hosts.doctor import Diagnosis

__all__ = ["register"]

_Folder = Annotated[
    Path | None,
    typer.Option("--folder", help="Folder of add-ins, instead of Excel's startup folder."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="The worksheet functions in Excel on Windows. The add-in is tested without Excel; "
        "it was not verified in a real Excel.",
        no_args_is_help=True,
    )
    for command in (install, remove, doctor, build):
        group.command()(command)
    app.add_typer(group, name="excel")


def install(folder: _Folder = None) -> None:
    """Build the add-in for this Python and put it where Excel loads it at its start.

    Run it again after xlcredit or xlwings was updated, or Python has moved.

    Example: xlcredit excel install
    """
    from xlcredit._version import __version__
    from xlcredit.cli.terminal import line
    from xlcredit.hosts.classic import addin
    from xlcredit.models.simulation import warm_up

    folder = folder or addin.startup_folder()
    file, changed = addin.install(addin.build(), folder)
    news = f"installed: {file}" if changed else f"up to date: {file}"
    line(news)
    warm_up()
    if changed:
        line(f"xlcredit {__version__}: start Excel and try =XLC_VERSION()")


def remove(folder: _Folder = None) -> None:
    """Take the add-in away. Saved workbooks keep their values and formulas.

    Example: xlcredit excel remove
    """
    from xlcredit.cli.terminal import line
    from xlcredit.hosts.classic import addin

    file, there_was = addin.remove(folder or addin.startup_folder())
    news = f"removed: {file}" if there_was else f"not installed: {file}"
    line(news)


def build(
    output: Annotated[Path, typer.Option("--output", "-o", help="The .xlam file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write the add-in to a file, on any system; it starts the Python that built it.

    Example: xlcredit excel build -o xlcredit.xlam
    """
    from xlcredit.cli.terminal import line
    from xlcredit.cli.writing import refuse_to_replace
    from xlcredit.errors import UserError
    from xlcredit.hosts.classic import addin

    if output.suffix.lower() != ".xlam":
        raise UserError(f"{output}: an add-in's name ends in .xlam")
    content = addin.build()
    if not (output.is_file() and output.read_bytes() == content):
        refuse_to_replace(output, force)
        addin.write(content, output)
    line(f"written: {output}")


def doctor(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="WORKBOOK", help="Workbooks to examine.")
    ] = None,
    folder: _Folder = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Write a copy without paths before our functions.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The copy that --fix writes.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Find what keeps the functions from working, in the installation and in workbooks.

    The installation is examined on Windows, or in --folder.

    Exits with 1 if there is something to do, which the lines say.

    Example: xlcredit excel doctor loan.xlsx
    """
    from xlcredit.cli.terminal import print_json
    from xlcredit.hosts.doctor import examine_workbook
    from xlcredit.log import log_file

    calls, examined = 0, files or []
    if fix or output is not None:
        calls, examined = _fix(examined, fix, output, force)
    findings = [] if fix else _examine_installation(folder, needed=not examined)
    findings += [finding for file in examined for finding in examine_workbook(file)]
    if as_json:
        print_json(
            {
                "findings": [vars(finding) for finding in findings],
                "calls_fixed": calls,
                "output": str(output) if calls else None,
                "log": str(log_file()),
            },
            "excel doctor",
        )
    else:
        _print(findings, calls, output)
    if findings:
        raise typer.Exit(1)


def _fix(files: list[Path], fix: bool, output: Path | None, force: bool) -> tuple[int, list[Path]]:
    """Strip the paths; go on with the copy, or with the workbook if it had none."""
    from xlcredit.cli.terminal import require_suffix, warn_signed
    from xlcredit.cli.writing import refuse_source, refuse_to_replace
    from xlcredit.errors import UserError
    from xlcredit.hosts.doctor import strip_paths
    from xlcredit.ooxml.package import Package

    if not fix or output is None or len(files) != 1:
        raise UserError("--fix takes one workbook and -o FILE: the source is never changed")
    require_suffix(output)
    refuse_source(files[0], output)
    refuse_to_replace(output, force)
    calls = strip_paths(files[0], output)
    if calls:
        warn_signed(Package(output))
    return calls, [output] if calls else files


def _examine_installation(folder: Path | None, needed: bool) -> list[Diagnosis]:
    """Examine the installation where there can be one."""
    import sys

    from xlcredit.hosts.classic import addin
    from xlcredit.hosts.doctor import examine_installation

    if folder is None and sys.platform != "win32" and not needed:
        return []
    folders = [folder] if folder else addin.startup_folders()
    return examine_installation(folders, addin.settings_here())


def _print(findings: list[Diagnosis], calls: int, output: Path | None) -> None:
    from xlcredit.cli.terminal import line
    from xlcredit.log import log_file

    if output is not None:
        stripped = "1 call is plain now" if calls == 1 else f"{calls} calls are plain now"
        news = f"written: {output}; {stripped}" if calls else "no path to strip; nothing is written"
        line(news)
    for finding in findings:
        what = f"{finding.where}: {finding.problem}"
        line((what, "yellow"))
        line(f"  {finding.remedy}")
    if not findings:
        line(("nothing to do", "green"))
    line(f"tracebacks of unexpected errors: {log_file()}")
