"""``xlcredit libreoffice``: the worksheet functions in LibreOffice Calc."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]

_Shared = Annotated[
    bool,
    typer.Option(
        "--shared",
        help="For every user of this machine, who must be able to read this Python; needs root.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The worksheet functions in LibreOffice Calc.", no_args_is_help=True)
    for command in (install, remove, doctor, build):
        group.command()(command)
    app.add_typer(group, name="libreoffice")


def install(shared: _Shared = False) -> None:
    """Install the Calc add-in for this user; again after xlcredit or its Python has moved.

    Example: xlcredit libreoffice install
    """
    from xlcredit._version import __version__
    from xlcredit.cli.terminal import line
    from xlcredit.hosts.libreoffice.install import find
    from xlcredit.models.simulation import warm_up

    office = find()
    office.install(shared)
    warm_up()
    line(
        f"xlcredit {__version__} is installed in LibreOffice {office.version}: "
        "restart it and try =XLC_VERSION()"
    )


def remove(shared: _Shared = False) -> None:
    """Remove the Calc add-in. Saved workbooks keep their values and formulas.

    Example: xlcredit libreoffice remove
    """
    from xlcredit.cli.terminal import line
    from xlcredit.hosts.libreoffice.install import find

    there_was = find().remove(shared)
    line("removed" if there_was else "it is not installed")


def doctor() -> None:
    """Check LibreOffice, the installed add-in, and that a cell calculates.

    Exits with 1 if there is something to do, which the last lines say.

    Example: xlcredit libreoffice doctor
    """
    import sys

    from xlcredit._version import __version__
    from xlcredit.cli.terminal import line
    from xlcredit.hosts.libreoffice.install import find
    from xlcredit.log import log_file

    office = find()
    installed = office.installed() or office.installed(shared=True)
    shown = office.try_out()
    line(f"LibreOffice  {office.version}, {office.soffice}")
    line(f"xlcredit     {__version__}, {sys.executable}")
    line(f"add-in       {installed or 'not installed'}")
    line(f"a cell shows {shown}")
    line(f"tracebacks   {log_file()}, of unexpected errors")
    if installed != __version__:
        line(("to do: xlcredit libreoffice install", "yellow"))
    if shown != __version__:
        line(("to do: the functions are not found, see above", "yellow"))
    if (installed, shown) != (__version__, __version__):
        raise typer.Exit(1)


def build(
    output: Annotated[Path, typer.Option("--output", "-o", help="The extension to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write the extension to a file, to install it by a double click on this machine.

    Example: xlcredit libreoffice build -o xlcredit.oxt
    """
    from xlcredit.cli.terminal import line
    from xlcredit.cli.writing import write_whole
    from xlcredit.errors import FileError
    from xlcredit.hosts.libreoffice.package import extension

    if output.suffix.lower() != ".oxt":
        raise FileError(f"{output}: an extension's name ends in .oxt")
    write_whole(extension(), output, force)
    line(f"written: {output}")
