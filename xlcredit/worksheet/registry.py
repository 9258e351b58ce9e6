"""The registry: every worksheet function, defined once, checked as its parameters are first read.

Reading the annotations of all functions takes longer than one call; a host reads them all, a call
those of its own function, and the contract tests make sure that each passes.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args, get_origin, get_type_hints

from xlcredit.worksheet.vocabulary import HOMONYMS, VBA_KEYWORDS, VOCABULARY, Word

__all__ = ["REGISTRY", "Function", "Parameter", "describe", "worksheet"]

#: More than ten arguments is a block of terms, not an argument list.
MOST_ARGUMENTS = 10
#: xlwings and VBA give up beyond this many characters of argument names (xlwings#1489).
MOST_NAME_CHARACTERS = 254

ELEMENTWISE = frozenset({"number", "observed", "text"})


@dataclass(frozen=True)
class Parameter:
    """One argument of a worksheet function."""

    function: str
    name: str
    kind: str
    required: bool
    default: Any
    choices: tuple[str, ...] = ()
    terms: type | None = None

    @cached_property
    def word(self) -> Word:
        """The vocabulary's entry for this name, or the function's own sense of it."""
        return self.label(self.name)

    def label(self, name: str) -> Word:
        """The entry for a label of the block, in the function's own sense where it has one."""
        return HOMONYMS.get((self.function, name)) or VOCABULARY[name]

    @property
    def vba(self) -> str:
        """The name as VBA may write it: its own keywords stop a module from compiling."""
        return f"{self.name}_name" if self.name in VBA_KEYWORDS else self.name


@dataclass(frozen=True)
class Function:
    """A worksheet function: a typed Python function and what the hosts need to know of it."""

    name: str
    category: str
    python: Callable[..., Any]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The arguments, in order; refuses what a host could not hold."""
        parameters = _parameters(self.python)
        _check(self.name, parameters)
        return parameters

    @cached_property
    def elementwise(self) -> bool:
        """Whether the function broadcasts over ranges, rather than reading series."""
        return any(p.kind in ELEMENTWISE for p in self.parameters)

    @cached_property
    def required(self) -> int:
        """How many arguments must be given."""
        return sum(p.required for p in self.parameters)

    @cached_property
    def result(self) -> str:
        """The kind of the result, as in the signature; see :mod:`xlcredit.worksheet.results`."""
        kind: str = get_args(get_type_hints(self.python, include_extras=True)["return"])[1]
        return kind

    @property
    def doc(self) -> str:
        """The docstring, from which all help texts are made."""
        return inspect.getdoc(self.python) or ""

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.split("\n\n")[0].replace("\n", " ")

    @property
    def signature(self) -> str:
        """The call as an analyst writes it, optional arguments in brackets."""
        shown = (p.name if p.required else f"[{p.name}]" for p in self.parameters)
        return f"{self.name}({', '.join(shown)})"


REGISTRY: dict[str, Function] = {}

_NAME = re.compile(r"XLC_[A-Z]+(?:_[A-Z]+)*\Z")


def worksheet(category: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a typed Python function as a worksheet function; the function stays as it is.

    Parameters
    ----------
    category : str
        Heading under which the function wizard lists it.
    """

    def register(python: Callable[..., Any]) -> Callable[..., Any]:
        function = Function(python.__name__, category, python)
        if function.name in REGISTRY:
            raise ValueError(f"{function.name} is registered already")
        REGISTRY[function.name] = function
        return python

    return register


def describe(python: Callable[..., Any], category: str) -> Function:
    """Describe a typed Python function as a worksheet function; refuse what a host could not hold.

    Parameters
    ----------
    python : callable
        Function whose parameters are annotated with the kinds of :mod:`xlcredit.worksheet.kinds`.
    category : str
        Heading under which the function wizard lists it.

    Returns
    -------
    Function
        The description, not registered.
    """
    function = Function(python.__name__, category, python)
    _ = function.parameters  # a mistake is told here
    return function


def _parameters(python: Callable[..., Any]) -> tuple[Parameter, ...]:
    hints = get_type_hints(python, include_extras=True)
    name = python.__name__
    return tuple(
        _parameter(name, p, hints[p.name]) for p in inspect.signature(python).parameters.values()
    )


def _parameter(function: str, p: inspect.Parameter, hint: Any) -> Parameter:
    required = p.default is p.empty
    default = None if required else p.default
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        if p.name == "measure" and len(choices) > 1 and not {"all", "schedule"} & {*choices}:
            choices = (*choices, "all")  # a schedule shows every column as it is
        return Parameter(function, p.name, "choice", required, default, choices)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return Parameter(function, p.name, "terms", required, default, terms=hint)
    return Parameter(function, p.name, get_args(hint)[1], required, default)


def _check(name: str, parameters: tuple[Parameter, ...]) -> None:
    """Refuse what would break in VBA, in Office.js or in the reader's head."""
    if not _NAME.match(name):
        raise ValueError(f"{name}: a name of the form XLC_NOUN is needed")
    names = [p.name for p in parameters]
    labels = [f.name for p in parameters if p.terms for f in dataclasses.fields(p.terms)]
    unknown = [n for n in names + labels if n not in VOCABULARY]
    if unknown:
        raise ValueError(f"{name}: {unknown} not in VOCABULARY of xlcredit/worksheet/vocabulary.py")
    if len(names) > MOST_ARGUMENTS or sum(map(len, names)) + len(names) > MOST_NAME_CHARACTERS:
        raise ValueError(f"{name}: too many or too long argument names")
    flags = [p.required for p in parameters]
    if flags != sorted(flags, reverse=True):
        raise ValueError(f"{name}: optional arguments come last")
