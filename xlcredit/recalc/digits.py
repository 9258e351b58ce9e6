"""Numbers as Excel compares and spells them: at 15 significant digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xlcredit.errors import CellError
from xlcredit.ooxml.values import Value
from xlcredit.recalc.dialect import fit

__all__ = [
    "COMPARISONS",
    "LONGEST_TEXT",
    "OVER_RANGES",
    "added",
    "compared",
    "is_apart",
    "joined",
    "powered",
    "sound",
    "spelled",
]

_DIGITS = 15
#: Excel writes numbers into text without an exponent up to 21 digits before the point.
_LARGEST, _SMALLEST = 1e21, 1e-9
#: What Excel takes for zero in the difference of two numbers, in parts of the larger one.
_SNAP = 2.0**-50
#: A cell holds no more characters than this.
LONGEST_TEXT = 32_767
_LAST_DIGITS = 1e-13
_RANKS = {float: 0, str: 1, bool: 2}

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def compared(left: Any, operator: str, right: Any) -> Any:
    """Compare two values as Excel does.

    Numbers are equal if their first 15 digits are; text is compared without regard to case; a
    number is less than any text, and text less than TRUE and FALSE; an error is the result.

    Examples
    --------
    >>> compared(0.1 + 0.2, "=", 0.3), compared(0.7 / 0.1, ">=", 7.0), compared("a", "=", "A")
    (True, True, True)
    """
    if type(left) is float and type(right) is float and is_apart(left, right):
        return COMPARISONS[operator](left, right)
    for value in (left, right):
        if isinstance(value, CellError):
            return value
    if isinstance(left, list) or isinstance(right, list):
        return _cell_by_cell(lambda a, b: compared(a, operator, b), left, right)
    first, second = _filled(left, right), _filled(right, left)
    ranks = _RANKS[type(first)], _RANKS[type(second)]
    if ranks[0] != ranks[1]:
        return COMPARISONS[operator](*ranks)
    return COMPARISONS[operator](_key(first), _key(second))


def _cell_by_cell(function: Callable[..., Any], left: Any, right: Any) -> Any:
    """Combine blocks cell by cell; a single value, row or column is repeated."""
    first = left if isinstance(left, list) else [[left]]
    second = right if isinstance(right, list) else [[right]]
    rows, columns = max(len(first), len(second)), max(len(first[0]), len(second[0]))
    absent = CellError("#N/A")
    pairs = zip(fit(first, rows, columns, absent), fit(second, rows, columns, absent), strict=True)
    return [list(map(function, *pair)) for pair in pairs]


def is_apart(one: float, other: float) -> bool:
    """Whether two numbers differ in more than their last digits: then nothing is rounded."""
    return abs(one - other) > _LAST_DIGITS * (abs(one) + abs(other))


def _filled(value: Value, other: Value) -> float | str | bool:
    """Read a blank cell as the zero of what it is compared with."""
    if value is None:
        if isinstance(other, str):
            return ""
        return False if isinstance(other, bool) else 0.0
    assert not isinstance(value, CellError)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _key(value: float | str | bool) -> Any:
    if isinstance(value, str):
        return value.lower()
    return value if isinstance(value, bool) else float(f"{value:.{_DIGITS - 1}e}")


def added(left: Any, sign: str, right: Any) -> Any:
    """Add or subtract as Excel does where a formula ends with it.

    What is left of two numbers that differ in their last digits alone is zero.

    Examples
    --------
    >>> added(43357947.32002162, "-", 43357947.32002163), added(1.5, "+", 2.0)
    (0.0, 3.5)
    """
    if type(left) is float and type(right) is float:
        result = left + right if sign == "+" else left - right
        return 0.0 if abs(result) <= _SNAP * max(abs(left), abs(right)) else result
    if isinstance(left, list) or isinstance(right, list):
        return _cell_by_cell(lambda a, b: added(a, sign, b), left, right)
    values = []
    for value in (left, right):
        if isinstance(value, CellError):
            return value
        if isinstance(value, str):
            return CellError("#VALUE!", f"{value!r} is no number")
        values.append(float(value or 0.0))
    return added(values[0], sign, values[1])


def powered(base: Any, exponent: Any) -> Any:
    """Raise to a power as Excel does: zero to the power of zero is no number.

    Examples
    --------
    >>> powered(2.0, 10.0), powered(0.0, 0.0), powered(-8.0, 1 / 3)
    (1024.0, CellError('#NUM!', 'zero to the power of zero'), CellError('#NUM!', ''))
    """
    if type(base) is float and type(exponent) is float:
        return _raised(base, exponent)
    if isinstance(base, list) or isinstance(exponent, list):
        return _cell_by_cell(powered, base, exponent)
    values = []
    for value in (base, exponent):
        if isinstance(value, CellError):
            return value
        if isinstance(value, str):
            return CellError("#VALUE!", f"{value!r} is no number")
        values.append(float(value or 0.0))
    return _raised(values[0], values[1])


def _raised(x: float, y: float) -> Value:
    if x == 0 and y <= 0:
        code = "#NUM!" if y == 0 else "#DIV/0!"
        return CellError(
            code, "zero to the power of zero" if y == 0 else "zero to a negative power"
        )
    try:
        result: Any = x**y
    except OverflowError:
        return CellError("#NUM!", "the power is too large")
    return result if isinstance(result, float) else CellError("#NUM!")


def joined(*values: Any) -> Any:
    """Join values to one text, as the operator & does.

    Examples
    --------
    >>> joined("LTV ", 0.55 * 100, "%"), joined(1 / 3, None, True)
    ('LTV 55%', '0.333333333333333TRUE')
    """
    for value in values:
        if isinstance(value, CellError):
            return value
        if isinstance(value, list):
            return CellError("#VALUE!", "several cells where one value is needed")
    text = "".join(map(spelled, values))
    if len(text) > LONGEST_TEXT:
        return CellError("#VALUE!", f"the text has more than {LONGEST_TEXT:,} characters")
    return text


def spelled(value: Value) -> str:
    """Spell a value in text as Excel's format General does."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return value
    assert not isinstance(value, CellError)
    number = float(f"{value:.{_DIGITS - 1}e}")
    size = abs(number)
    if number == 0:
        return "0"
    if _SMALLEST <= size < _LARGEST:
        text = f"{number:.{max(0, _DIGITS - 1 - _exponent(size))}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, _, exponent = f"{number:.{_DIGITS - 1}e}".partition("e")
    short = mantissa.rstrip("0").rstrip(".")
    return f"{short}E{exponent[0]}{exponent[1:].lstrip('0').zfill(2)}"


def _exponent(size: float) -> int:
    return int(f"{size:e}".partition("e")[2])


def sound(value: Value) -> bool:
    """Whether the sum of a range is a number, so that none of its cells is an error."""
    return isinstance(value, float)


# --- the kind of each cell of a range ---------------------------------------------------------

_KINDS: dict[str, Callable[[Any], bool]] = {
    "ISERROR": lambda v: isinstance(v, CellError),
    "ISERR": lambda v: isinstance(v, CellError) and v.code != "#N/A",
    "ISNA": lambda v: isinstance(v, CellError) and v.code == "#N/A",
    "ISNUMBER": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "ISTEXT": lambda v: isinstance(v, str),
    "ISNONTEXT": lambda v: not isinstance(v, str),
    "ISBLANK": lambda v: v is None,
    "ISLOGICAL": lambda v: isinstance(v, bool),
}


def _over(asks: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def ask(value: Any) -> Any:
        if isinstance(value, list):
            return [[asks(cell) for cell in row] for row in value]
        return asks(value)

    return ask


#: Functions of one value, asked of each cell of a range.
OVER_RANGES: dict[str, Callable[[Any], Any]] = {f"XLC_{n}": _over(a) for n, a in _KINDS.items()}
