"""The manual of a worksheet function, read from its docstring.

There is one reader of docstrings, and this is it: the sheet of functions, the ``functions``
command, the wizard's help texts and ``XLC_EXPLAIN`` all show what it finds.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from xlcredit.errors import CODES
from xlcredit.worksheet.registry import Function, Parameter
from xlcredit.worksheet.vocabulary import VOCABULARY

if TYPE_CHECKING:
    import doctest

__all__ = [
    "Argument",
    "Example",
    "Manual",
    "argument_help",
    "as_json",
    "as_markdown",
    "as_rows",
    "manual",
]

#: An error within a block, as Python shows it.
_ERROR = re.compile(r"CellError\('(#[^']+)'(?:, '[^']*')?\)")
#: Most characters of a text inside a block of cells.
MOST_IN_BLOCK = 255


@dataclass(frozen=True)
class Argument:
    """One argument: what it means, in which unit, and what it may be."""

    name: str
    meaning: str
    unit: str
    kind: str
    required: bool
    default: float | str | None
    choices: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Example:
    """A worked example, as an analyst types it and as the cell shows it."""

    formula: str
    result: str


@dataclass(frozen=True)
class Manual:
    """Everything that the help says about one worksheet function."""

    name: str
    signature: str
    category: str
    summary: str
    unit: str
    parameters: tuple[Argument, ...]
    returns: str
    raises: tuple[tuple[str, str], ...]
    notes: str
    examples: tuple[Example, ...]
    references: tuple[str, ...]

    @property
    def words(self) -> str:
        """What a search looks through, in small letters."""
        parts = [self.name, self.category, self.summary, self.notes]
        for a in self.parameters:
            parts += [a.name, *a.labels, *a.choices]
        return " ".join(parts).lower()


def manual(function: Function) -> Manual:
    """Read the manual of a function from its docstring.

    Parameters
    ----------
    function : Function
        An entry of the registry.

    Returns
    -------
    Manual
        Text without markup, one line per paragraph.

    Examples
    --------
    >>> from xlcredit.functions import REGISTRY
    >>> manual(REGISTRY["XLC_RENT"]).unit
    'USD/GPU-hour'
    """
    import docstring_parser  # noqa: PLC0415 - only help needs it, and a cell never waits for it

    parsed = docstring_parser.parse(function.doc, docstring_parser.DocstringStyle.NUMPYDOC)
    sections = {m.args[0]: m.description or "" for m in parsed.meta if len(m.args) == 1}
    meanings = {p.arg_name: p.description or "" for p in parsed.params}
    summary, unit = _split_unit(_plain(function.summary))
    return Manual(
        name=function.name,
        signature=function.signature,
        category=function.category,
        summary=summary,
        unit=unit,
        parameters=tuple(_argument(p, meanings.get(p.name, "")) for p in function.parameters),
        returns=_split_unit(_plain(sections.get("returns", "")))[0],
        raises=tuple((r.type_name or "", _plain(r.description or "")) for r in parsed.raises),
        notes=_plain(sections.get("notes", "")),
        examples=tuple(_examples(function.doc)),
        references=tuple(_references(sections.get("references", ""))),
    )


def argument_help(function: Function) -> dict[str, str]:
    """Return what the wizard shows for each argument: meaning, then unit in brackets."""
    return {a.name: _with_unit(a.meaning, a.unit) for a in manual(function).parameters}


def _plain(text: str) -> str:
    """One line per paragraph, without the marks of reStructuredText."""
    paragraphs = (" ".join(p.split()) for p in re.split(r"\n\s*\n", text.strip()))
    return "\n".join(paragraphs).replace("``", "")


def _split_unit(text: str) -> tuple[str, str]:
    """Cut the unit off a text that ends in it: ``Rent today. [USD/GPU-hour]``."""
    found = re.fullmatch(r"(.*?)\s*\[([^\[\]]*)\]", text, re.DOTALL)
    return (found[1], found[2]) if found else (text, "")


def _argument(parameter: Parameter, text: str) -> Argument:
    meaning, unit = _split_unit(_plain(text)) if text else _word(parameter.name)
    default = parameter.default if isinstance(parameter.default, (float, int, str)) else None
    terms = parameter.terms
    return Argument(
        name=parameter.name,
        meaning=meaning,
        unit=unit,
        kind=parameter.kind,
        required=parameter.required,
        default=default,
        choices=parameter.choices,
        labels=tuple(f.name for f in dataclasses.fields(terms)) if terms else (),
    )


def _word(name: str) -> tuple[str, str]:
    """What the vocabulary says of a parameter that means the same in every function."""
    word = VOCABULARY[name]
    # one that lists the names of figures begins with one of them, as it is typed
    first = word.meaning[0] if word.unit == "name" else word.meaning[0].upper()
    return f"{first}{word.meaning[1:]}.", word.unit


def _references(text: str) -> list[str]:
    entries = re.split(r"^\.\. \[\d+\]", text, flags=re.MULTILINE)
    return [_plain(entry) for entry in entries if entry.strip()]


# --- examples as an analyst writes them -----------------------------------------------------


def _examples(doc: str) -> Iterable[Example]:
    """Turn ``call("XLC_RENT", 2.5, [0, 12])`` into ``=XLC_RENT(2.5, {0;12})``."""
    import doctest  # noqa: PLC0415  (with a debugger; start-up stays short)

    names: dict[str, Any] = {}
    for example in doctest.DocTestParser().get_examples(doc):
        statement = ast.parse(example.source).body[0]
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            names[statement.targets[0].id] = _value(statement.value, names)
        elif isinstance(statement, ast.Expr) and (found := _call(statement)):
            name, *arguments = (_value(a, names) for a in found.args)
            part = "" if found is statement.value else "in part: "
            formula = f"={name}({', '.join(map(_in_formula, arguments))})"
            yield Example(formula, part + _result(example))


def _call(statement: ast.Expr) -> ast.Call | None:
    """Find the call of a worksheet function, of which an example may show a part only."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "call":
            return node
    return None


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def _in_formula(value: Any) -> str:
    """Show a value as a formula holds it: text in double quotes, ranges as array constants."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str) and value in CODES:
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    if isinstance(value, dict):  # terms, as the two columns of a cell range
        value = [[label, figure] for label, figure in value.items()]
    if isinstance(value, list):
        rows = (row if isinstance(row, list) else [row] for row in value)
        return "{" + ";".join(",".join(map(_in_formula, row)) for row in rows) + "}"
    return f"{value:.15g}" if isinstance(value, (int, float)) else str(value)


def _result(example: doctest.Example) -> str:
    if "CellError" in (example.exc_msg or ""):
        return str(example.exc_msg).split(": ", 1)[1].strip()
    want = _ERROR.sub(r"'\1'", example.want.strip())
    try:
        return _in_formula(ast.literal_eval(want))
    except (ValueError, SyntaxError):
        return example.want.strip()


# --- ways to show it ------------------------------------------------------------------------


def as_json(manuals: Iterable[Manual]) -> str:
    """Show manuals as a JSON list, for tools."""
    return json.dumps([dataclasses.asdict(m) for m in manuals], indent=1, ensure_ascii=False)


def as_rows(page: Manual) -> list[list[str]]:
    """Show a manual as rows of a label and a text, for a sheet."""
    rows = [["function", page.signature], ["what it is", page.summary], ["unit", page.unit]]
    rows.append(["formula", page.notes])
    rows += [[a.name, _told(a)] for a in page.parameters]
    rows.append(["returns", page.returns])
    # a text that begins with # or = could be taken for an error value or a formula
    rows += [[f"error {code}", reason] for code, reason in page.raises]
    rows += [["example", f"Type {e.formula} and get {e.result}"] for e in page.examples]
    rows += [["reference", text] for text in page.references]
    return [row for label, text in rows for row in _lines(label, text)]


def _lines(label: str, text: str) -> Iterable[list[str]]:
    """Wrap a text over rows: Excel shows longer text within a block as #VALUE!."""
    lines = [line for paragraph in text.split("\n") for line in wrap(paragraph, MOST_IN_BLOCK)]
    return ([label if n == 0 else "", line] for n, line in enumerate(lines))


def _told(argument: Argument) -> str:
    parts = [argument.meaning]
    if not argument.required and "not given" not in argument.meaning:
        parts.append("Optional.")
    if argument.unit:
        parts.append(f"[{argument.unit}]")
    return " ".join(parts)


def as_markdown(page: Manual) -> str:
    """Show a manual as a section of Markdown, for the documentation."""
    lines = [f"### {page.name}", "", f"`{page.signature}`", ""]
    lines += [_with_unit(page.summary, page.unit), ""]
    if page.notes:
        lines += [*page.notes.split("\n"), ""]
    if page.parameters:
        lines += ["| argument | meaning | unit |", "|---|---|---|"]
    lines += [f"| `{_shown(a)}` | {a.meaning} | {a.unit} |" for a in page.parameters]
    lines += ["", f"Returns: {page.returns}", ""]
    lines += [f"- `{code}`: {reason}" for code, reason in page.raises]
    lines += ["", "```text", *(f"{e.formula}\n    {e.result}" for e in page.examples), "```", ""]
    lines += [f"{n}. {text}" for n, text in enumerate(page.references, 1)]
    return "\n".join(lines).rstrip() + "\n"


def _with_unit(text: str, unit: str) -> str:
    return f"{text} [{unit}]" if unit else text


def _shown(argument: Argument) -> str:
    return argument.name if argument.required else f"[{argument.name}]"
