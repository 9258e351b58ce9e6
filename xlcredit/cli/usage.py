"""What was typed wrong, in one line: the option, argument, command or value, and where to look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import typer

from xlcredit.hints import did_you_mean

__all__ = ["UsageError", "explain"]

#: Typer exports only this error's child, and has moved it between versions.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

_COMMAND = re.compile(r"No such command ([\"'])(.*?)\1")
#: How typer begins what a number must be, and its words for it in ours.
_NUMBER = re.compile(r"Input should be (.*?)(?:, unable to .*)?\Z")
_WORDS = {
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "greater than or equal to": "at least",
    "less than or equal to": "at most",
}
_EXTRA = re.compile(r"unexpected extra argument.* \((.*)\)")


def explain(error: Exception, app: typer.Typer, words: Sequence[str]) -> str:
    """Say in one line what is wrong with a command line, and what to do next.

    Parameters
    ----------
    error : UsageError
        What typer found.
    app : typer.Typer
        The command line.
    words : sequence of str
        What was typed, without the program's name.

    Returns
    -------
    str
        Empty if nothing was typed after a group: its help has been printed.
    """
    path, command = _typed(app, words)
    problem, suggestion = _problem(error, command, path, words)
    if not problem:
        return ""
    look = " ".join(["xlcredit", *path, "--help"])
    return f"{problem}{suggestion} See {look}" if suggestion else f"{problem}; see {look}"


def _typed(app: typer.Typer, words: Iterable[str]) -> tuple[list[str], Any]:
    """Follow the words as far as they are commands: their names, and what typer knows of it."""
    command: Any = typer.main.get_command(app)
    path: list[str] = []
    for word in words:
        found = getattr(command, "commands", {}).get(word)
        if found is None:
            break
        path, command = [*path, word], found
    return path, command


def _problem(
    error: Any, command: Any, path: Sequence[str], words: Sequence[str]
) -> tuple[str, str]:
    """Say what is wrong, and what may have been meant."""
    message = " ".join(error.format_message().split()).rstrip(".")
    suggestion = ""
    kind = type(error).__name__
    if kind == "NoSuchOption":
        # Of -set, typer tells -s alone.
        typed = next((w for w in words if w.startswith(error.option_name)), error.option_name)
        typed = typed.partition("=")[0]
        options = [o for p in command.params for o in p.opts if o.startswith("-")]
        message, suggestion = f"there is no option {typed}", did_you_mean(typed, options)
    elif kind == "MissingParameter":
        message = f"{_label(error.param)} is missing"
    elif kind == "BadParameter":
        why = message.partition(": ")[2].removeprefix("Value error, ")
        wanted = _NUMBER.match(why)
        message = f"{_label(error.param)}: {why}"
        message = _no_number(error.param, wanted[1], words) if wanted else message
    elif kind == "BadOptionUsage":
        message = message.replace("'", "").removeprefix("Option ")
    elif found := _COMMAND.search(message):
        message = " ".join(["there is no command", *path, found[2]])
        suggestion = did_you_mean(found[2], command.commands)
    elif found := _EXTRA.search(message):
        message = f"{' '.join(path)} has no use for {found[1]}"
    return message[:1].lower() + message[1:], suggestion


def _no_number(parameter: Any, wanted: str, words: Sequence[str]) -> str:
    """Say what number an option takes, in our words, and what was typed."""
    unit = f" {parameter.metavar}" if parameter.metavar else ""
    for theirs, ours in _WORDS.items():
        wanted = wanted.replace(theirs, ours)
    return f"{_label(parameter)}{unit} must be {wanted}{_got(parameter, words)}"


def _got(parameter: Any, words: Sequence[str]) -> str:
    """Say what was typed for an option, where it is found among the words."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        option, equals, value = word.partition("=")
        if option in parameter.opts:
            return f"; got {value if equals else following}"
    return ""


def _label(parameter: Any) -> str:
    """Write what is to be typed, as the help does."""
    if parameter.param_type_name == "argument":
        return f"the argument {str(parameter.metavar or parameter.name).upper()}"
    return "/".join(parameter.opts)
