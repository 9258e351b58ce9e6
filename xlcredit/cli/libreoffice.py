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
    from xlcredit import __version__
    from xlcredit.cli.terminal import console
    from xlcredit.excel.libreoffice.install import find

    office = find()
    office.install(shared)
    console().print(
        f"xlcredit {__version__} is installed in LibreOffice {office.version}: "
        "restart it and try =XLC_VERSION()",
        highlight=False,
    )


def remove(shared: _Shared = False) -> None:
    """Remove the Calc add-in. Saved workbooks keep their values and formulas.

    Example: xlcredit libreoffice remove
    """
    from xlcredit.cli.terminal import console
    from xlcredit.excel.libreoffice.install import find

    there_was = find().remove(shared)
    console().print("removed" if there_was else "it is not installed", highlight=False)


def doctor() -> None:
    """Check LibreOffice, the installed add-in, and that a cell calculates.

    Exits with 1 if there is something to do, which the last lines say.

    Example: xlcredit libreoffice doctor
    """
    import sys

    from xlcredit import __version__
    from xlcredit.cli.terminal import console
    from xlcredit.excel.libreoffice.install import find

    office = find()
    installed = office.installed() or office.installed(shared=True)
    shown = office.try_out()
    out = console()
    out.print(f"LibreOffice  {office.version}, {office.soffice}", highlight=False, soft_wrap=True)
    out.print(f"xlcredit     {__version__}, {sys.executable}", highlight=False, soft_wrap=True)
    out.print(f"add-in       {installed or 'not installed'}", highlight=False)
    out.print(f"a cell shows {shown}", highlight=False, soft_wrap=True)
    if installed != __version__:
        out.print("to do: xlcredit libreoffice install", style="yellow", highlight=False)
    if shown != __version__:
        out.print("to do: the functions are not found, see above", style="yellow", highlight=False)
    if (installed, shown) != (__version__, __version__):
        raise typer.Exit(1)


def build(
    output: Annotated[Path, typer.Option("--output", "-o", help="The extension to write.")],
) -> None:
    """Write the extension to a file, to install it by a double click on this machine.

    Example: xlcredit libreoffice build -o xlcredit.oxt
    """
    from xlcredit.cli.terminal import console
    from xlcredit.errors import FileError
    from xlcredit.excel.libreoffice.package import extension

    if output.suffix.lower() != ".oxt":
        raise FileError(f"{output}: an extension's name ends in .oxt")
    try:
        output.write_bytes(extension())
    except OSError as error:
        raise FileError(f"{output}: cannot be written: {error.strerror}") from None
    console().print(f"written: {output}", highlight=False, soft_wrap=True)
