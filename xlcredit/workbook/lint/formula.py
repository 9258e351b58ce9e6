"""Rules about the text of formulas. A copied formula is looked at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openpyxl.formula.tokenizer import Token

from xlcredit.ooxml.formulas import Group
from xlcredit.ooxml.spelling import ADD_IN_PREFIX
from xlcredit.workbook.lint.rule import Spot, at, rule
from xlcredit.workbook.lint.subject import Subject

__all__ = ["ALLOWED_CONSTANTS", "LONGEST_FORMULA"]

#: Numbers that a formula may hold (FAST 3.04-01): nothing, one, and how units convert.
ALLOWED_CONSTANTS = frozenset({0.0, 1.0, 2.0, 12.0, 24.0, 100.0, 365.0, 1e3, 1e4, 1e6})
#: A tolerance is no assumption about the world.
SMALL = 1e-6
LONGEST_FORMULA = 250
#: One IF inside another is allowed: the guard around a test.
DEEPEST_IF = 2

_EXTERNAL = re.compile(r"\[[^\]]+\][^!]*!|\.xl\w{1,2}'?!", re.IGNORECASE)
_WHOLE = re.compile(r"(?:.*!)?\$?(?:[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}|\d+:\$?\d+)\Z")

_VOLATILE = frozenset({"NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY"})
_OPAQUE = frozenset({"OFFSET", "INDIRECT"})
_PASSED = frozenset({"PASS", "PASSED", "OK", "COMPLIANT", "IN COMPLIANCE", "YES"})
_VERDICTS = frozenset(
    {"PASS", "PASSED", "FAIL", "FAILED", "BREACH", "BREACHED", "COMPLIANT", "IN COMPLIANCE"}
)
_ORDER = frozenset({"<", "<=", ">", ">="})


#: A text in a formula, its quotes doubled.
_TEXT = re.compile(r'"(?:[^"]|"")*"')
_RANGE_TO = re.compile(
    r"((?:'[^']+'!|\w+!)?\$?[A-Z]+\$?\d+):INDEX\(\1:(\$?[A-Z]+\$?\d+),1,[^,()]+\)"
)


@rule("L01", "embedded-constant", "warning", "FAST 3.04-01; ICAEW principle 14")
def embedded_constant(subject: Subject) -> Iterator[Spot]:
    """A formula holds a number that belongs into a cell with a label, a unit and a source.

    Allowed are 0, 1, 2 (halves and squares), 12, 24, 100, 365, 1000, 10000, 1000000 and
    tolerances up to 1E-6.
    """
    for group in subject.groups:
        numbers = [
            t.value
            for t in subject.tokens(group)
            if t.type == t.OPERAND
            and t.subtype == t.NUMBER
            and float(t.value) not in ALLOWED_CONSTANTS
            and float(t.value) > SMALL
        ]
        if numbers:
            found = list(dict.fromkeys(numbers))
            verb = "are" if len(found) > 1 else "is"
            yield at(group, f"{_and(found)} {verb} embedded; give a cell with label and unit")


@rule("L04", "unguarded-test", "error", "house rule: an error never reads PASS")
def unguarded_test(subject: Subject) -> Iterator[Spot]:
    """A covenant test compares what may be no number, or turns an error into a pass.

    In Excel text is greater than any number, so "n/a" passes a minimum. Each side of <, <=, > or
    >= that yields PASS or BREACH is asked ISNUMBER first.
    """
    for group in subject.groups:
        tokens = subject.tokens(group)
        texts = {t.value.strip('"').upper() for t in tokens if t.subtype == t.TEXT}
        if _VERDICTS & texts and (open_sides := list(_unguarded(group, tokens))):
            names = _and(list(dict.fromkeys(open_sides)))
            yield at(group, f"{names} may be text or an error; ask ISNUMBER first")
        if any(_hides_an_error(tokens)):
            yield at(group, "IFERROR turns an error into a pass; let it read CHECK")


@rule("L05", "volatile-function", "warning", "house rule: two runs must agree")
def volatile_function(subject: Subject) -> Iterator[Spot]:
    """A function gives another answer each time, so that no figure can be confirmed."""
    for group, name in _calls(subject, _VOLATILE):
        yield at(group, f"{name} gives another answer each time; type the date as an input")


@rule("L06", "opaque-reference", "error", "FAST 4.01-03")
def opaque_reference(subject: Subject) -> Iterator[Spot]:
    """OFFSET and INDIRECT hide what a formula reads from a reviewer and from Excel."""
    for group, name in _calls(subject, _OPAQUE):
        yield at(group, f"{name} hides what is read; use INDEX or a plain reference")


@rule("L07", "npv", "error", "FAST 4.01-02")
def npv(subject: Subject) -> Iterator[Spot]:
    """NPV discounts the first cash flow by a period and takes blanks for nothing."""
    for group, _ in _calls(subject, frozenset({"NPV"})):
        yield at(group, "NPV hides its timing; multiply by a row of discount factors")


@rule("L12", "external-link", "error", "house rule: a workbook stands alone")
def external_link(subject: Subject) -> Iterator[Spot]:
    """A formula or a name reads another workbook, which a colleague may not have."""
    for group in subject.groups:
        operands = [t for t in subject.tokens(group) if t.type == t.OPERAND]
        found = [t.value for t in operands if t.subtype == t.RANGE and _EXTERNAL.search(t.value)]
        if found:
            yield at(group, f"{found[0]} stands in another workbook; copy the value here")
    for name in subject.book.names:
        if _EXTERNAL.search(name.text):
            yield Spot(name.sheet or "names", name.name, f"the name stands for {name.text}")


@rule("L13", "add-in-path", "error", "house rule: a call names no folder")
def add_in_path(subject: Subject) -> Iterator[Spot]:
    """A function of an add-in is called by the path it had on somebody's machine.

    ``--fix`` strips the prefix of xlcredit's own functions.
    """
    for group in subject.groups:
        for token in subject.tokens(group):
            opens = token.type == token.FUNC and token.subtype == token.OPEN
            # 'Cash flow'!$E$5:INDEX( begins with a reference, not with a path
            prefix = ADD_IN_PREFIX.match(token.value) if opens else None
            if prefix and ":" not in (name := token.value[prefix.end() : -1]):
                yield at(group, f"{name} is called by a path, {prefix.group()}; call it plainly")
                break


@rule("L14", "long-formula", "warning", "FAST 3.03-01")
def long_formula(subject: Subject) -> Iterator[Spot]:
    """A formula is too long to be explained in a breath: more than 250 characters.

    A range that ends at a month that a cell names, ``A1:INDEX(A1:Z1,1,n)``, counts as ``A1:Z1``,
    and text in quotes, which is read as it stands, counts nothing.
    """
    for group in subject.groups:
        text = _TEXT.sub('""', _RANGE_TO.sub(r"\1:\2", group.formula.text))
        if (length := len(text)) > LONGEST_FORMULA:
            yield at(group, f"{length} characters; split it over rows with labels")


@rule("L15", "nested-if", "warning", "FAST 3.03-07")
def nested_if(subject: Subject) -> Iterator[Spot]:
    """IF stands inside IF more than once; one level is allowed, for the guard of a test."""
    for group in subject.groups:
        if (depth := _if_depth(subject.tokens(group))) > DEEPEST_IF:
            yield at(group, f"IF is nested {depth} deep; use flags on rows of their own")


@rule("L16", "whole-column", "warning", "house rule: a reference ends where the data end")
def whole_column(subject: Subject) -> Iterator[Spot]:
    """A formula reads a whole column or row, with whatever stands or will stand there."""
    for group in subject.groups:
        for token in subject.tokens(group):
            if token.type == token.OPERAND and _WHOLE.match(token.value):
                yield at(group, f"{token.value} is a whole column or row; name the cells")
                break


# --- helpers --------------------------------------------------------------------------------


def _calls(subject: Subject, names: frozenset[str]) -> Iterator[tuple[Group, str]]:
    for group in subject.groups:
        if found := sorted(subject.functions(group) & names):
            yield group, _and(found)


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _unguarded(group: Group, tokens: list[Token]) -> Iterator[str]:
    """Name the sides of comparisons that nobody has asked whether they are numbers."""
    seen = [t for t in tokens if t.type != t.WSPACE]
    text = re.sub(r"[$\s]", "", group.formula.text).upper()
    for i, token in enumerate(seen):
        if token.type != token.OP_IN or token.value not in _ORDER:
            continue
        for side in (seen[i - 1], seen[i + 1]):
            if side.type == side.OPERAND and side.subtype == side.RANGE:
                plain = side.value.replace("$", "").upper()
                if f"ISNUMBER({plain})" not in text and f"COUNT({plain})" not in text:
                    yield side.value
            elif side.type in (side.FUNC, side.PAREN) and "ISNUMBER(" not in text:
                yield "a calculated side"


def _hides_an_error(tokens: list[Token]) -> Iterator[bool]:
    """Look for IFERROR whose last argument is a word that passes."""
    stack: list[str] = []
    for i, token in enumerate(tokens):
        if token.subtype == token.OPEN:
            stack.append(token.value.upper())
        elif token.subtype == token.CLOSE and stack:
            last = tokens[i - 1]
            opened = stack.pop()
            passes = last.subtype == last.TEXT and last.value.strip('"').upper() in _PASSED
            yield passes and opened in ("IFERROR(", "IFNA(", "_XLFN.IFNA(")


def _if_depth(tokens: list[Token]) -> int:
    depth = deepest = 0
    stack: list[bool] = []
    for token in tokens:
        if token.subtype == token.OPEN:
            stack.append(token.value.upper() == "IF(")
            depth += stack[-1]
            deepest = max(deepest, depth)
        elif token.subtype == token.CLOSE and stack:
            depth -= stack.pop()
    return deepest
