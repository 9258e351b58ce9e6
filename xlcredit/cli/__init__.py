"""The command line: one file per command.

Exit codes: 0, done; 1, done and there is something to look at (a cell shows an error, a value
differs under ``--check``); 2, not done and nothing written, with one line that says why;
3, a mistake in xlcredit itself, whose traceback is in the log that ``excel doctor`` names.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from xlcredit._version import __version__
from xlcredit.cli import (
    calibrate,
    demo,
    diff,
    doctor,
    excel,
    extract,
    freeze,
    functions,
    help,  # noqa: A004
    libreoffice,
    lint,
    lite,
    new,
    portfolio,
    recalc,
    schema,
    show,
    simulate,
    start,
    stress,
    usage,
)
from xlcredit.cli.printable import printable
from xlcredit.errors import UserError
from xlcredit.log import record

__all__ = ["app", "main"]

#: In the order of the help. A module bears the name of its command, or of its group of commands, as
#: a user types it: by the first word it is found, and registered without the others.
_COMMANDS = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        demo,
        start,
        new,
        lite,
        recalc,
        show,
        stress,
        portfolio,
        simulate,
        calibrate,
        functions,
        help,
        excel,
        libreoffice,
        lint,
        diff,
        freeze,
        extract,
        schema,
        doctor,
    )
}


def _print_version(asked: bool) -> None:
    if asked:
        print(f"xlcredit {__version__}")
        raise typer.Exit


def _anywhere(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options that need no command."""


def _command_line(commands: Iterable[str]) -> typer.Typer:
    """Build the command line of some commands: one alone starts sooner than all of them."""
    line = typer.Typer(
        name="xlcredit",
        help="Credit mathematics for lenders against GPUs and coin, in the cells of a workbook.",
        epilog="Start with: xlcredit demo, or xlcredit help. Exit codes: 0 done; 1 done, but a "
        "covenant is in breach (stress, portfolio), a cell shows an error, a test of the model "
        "does not hold or a value differs (--check); 2 not done, with one line that says why "
        "(portfolio: a loan has an error, and the tape says which); 3 a mistake of ours.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    line.callback()(_anywhere)
    for name in commands:
        _COMMANDS[name].register(line)
    return line


app = _command_line(_COMMANDS)


def _line_of(words: Sequence[str]) -> typer.Typer:
    """Choose the command line by its first word: of one command, of none, or the whole."""
    if list(words) == ["--version"]:
        return _command_line(())
    return _command_line(words[:1]) if words and words[0] in _COMMANDS else app


#: A formula of a strange workbook may be as long as a book; all mistakes of a template are not.
_LONGEST = 4_000


def main() -> None:
    """Run the command line; an error is one line on stderr."""
    if sys.flags.optimize > 1:
        _refuse("users read the docstrings, which -OO strips; run Python without -OO")
    for word in sys.argv[1:]:
        if not _is_text(word):
            _refuse(f"{word}: is not UTF-8 text; give the file another name")
    before = {number: signal.signal(number, _stop) for number in _STOPS}
    line = _line_of(sys.argv[1:])
    try:
        sys.exit(line(prog_name="xlcredit", standalone_mode=False) or 0)
    except usage.UsageError as error:
        _refuse(usage.explain(error, line, sys.argv[1:]))
    except UserError as error:
        _refuse(str(error))
    except OSError as error:  # a full disk, a closed pipe
        where = f"{error.filename}: " if error.filename else ""
        _refuse(f"{where}{error.strerror or error}")
    except MemoryError:
        _refuse("this needs more memory than there is")
    except Exception as error:  # a mistake of ours: one line here, the rest in the log
        path = record(error, " ".join(sys.argv[1:2]))
        kept = f"; the traceback is in {path}" if path else ""
        _refuse(f"a mistake in xlcredit: {type(error).__name__}: {error}{kept}", code=3)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_text(word: str) -> bool:
    """Whether a name can stand in a file or a table; Linux has names that no text spells."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


#: What asks a program to end: by Control-C, by the system, by a terminal that closes.
_STOPS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]


def _stop(number: int, _: object) -> None:
    """End as asked, and take half-written files along: the exception passes them all."""
    sys.exit(128 + number)


def _refuse(message: str, code: int = 2) -> None:
    """Leave with one line, even if it names a file whose name has several."""
    if message:
        line = printable(message)
        cut = f"{line[:_LONGEST]}..." if len(line) > _LONGEST else line
        print(f"xlcredit: {cut}", file=sys.stderr)
    sys.exit(code)
