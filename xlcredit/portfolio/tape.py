"""The tape: one row a loan, one schema for workbooks, deal files and rows alike.

Columns, in this order: what the loan is and how it stands; what a book is cut by (borrower,
customer, card, vintage, contract end, maturity, balance), the same words for every template;
each covenant; then every input and figure by its name in the template.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from xlcredit.deals import Template, load
from xlcredit.errors import UserError
from xlcredit.portfolio.evaluate import ERROR, Result
from xlcredit.portfolio.spool import Ordered
from xlcredit.workbook.covenants import BREACH, CHECK, PASS
from xlcredit.workbook.export import Column, Kind, Table

__all__ = [
    "COMMON",
    "STATES",
    "Facts",
    "counted_loans",
    "covenant_unit",
    "facts",
    "first_breach",
    "tape",
]

#: Worst first.
STATES = (ERROR, BREACH, CHECK, PASS)

COMMON = (
    Column("id", "text"),
    Column("source", "text"),
    Column("row", "count"),
    Column("template", "text"),
    Column("name", "text"),
    Column("as_of", "date"),
    Column("status", "text"),
    Column("error", "text"),
    Column("warnings", "text"),
    Column("breaches", "count"),
    Column("first_breach", "date"),
    Column("cell_errors", "text"),
    Column("loan_borrower", "text"),
    Column("loan_customer", "text"),
    Column("loan_card", "text"),
    Column("loan_vintage", "count"),
    Column("loan_contract_end", "date"),
    Column("loan_maturity", "date"),
    Column("loan_balance", "number", "USD"),
)

#: Where a template keeps what a book is cut by, the first that there is.
_CARD = ("gpu_model", "gpu_1")
_CONTRACT = ("contract_months", "lease_months")
_BALANCE = ("debt", "draw", "commitment")


@dataclass(frozen=True)
class Facts:
    """What a book is cut by."""

    borrower: str | None
    customer: str | None
    card: str | None
    vintage: int | None
    contract_end: dt.date | None
    maturity: dt.date | None
    balance: float | None


def counted_loans(count: int) -> str:
    """Say how many loans there are.

    Examples
    --------
    >>> counted_loans(1), counted_loans(2500)
    ('1 loan', '2,500 loans')
    """
    return "1 loan" if count == 1 else f"{count:,} loans"


def facts(result: Result) -> Facts:
    """Say of one loan what a book is cut by; None where the template has no such input."""
    closing = result.dates.get("closing_date")
    return Facts(
        borrower=result.texts.get("borrower"),
        customer=result.texts.get("customer"),
        card=_first(result.texts, _CARD),
        vintage=closing.year if closing else None,
        contract_end=_after(closing, _first(result.numbers, _CONTRACT)),
        maturity=_after(closing, result.numbers.get("tenor_months")),
        balance=_first(result.numbers, _BALANCE),
    )


def tape(results: Sequence[Result]) -> Table:
    """Lay the results of a book out as one table, in the order in which they are given.

    Returns
    -------
    Table
        Its rows are made when they are asked for. Names and kinds of the columns follow from the
        templates in the book alone, not from the loans; what a template does not have is empty.
    """
    columns = [*COMMON, *_covenant_columns(results), *_named_columns(results)]
    names = [column.name for column in columns[len(COMMON) :]]
    kinds = [column.kind for column in columns]

    def row(at: int) -> list[Any]:
        result = results[at]
        values = [*_common(result), *_values(result, names)]
        return [_as(kind, value) for kind, value in zip(kinds, values, strict=True)]

    return Table(columns, Ordered(len(results), row))


def first_breach(result: Result) -> dt.date | None:
    """Say when the first covenant of a loan is in breach; None where no date is known."""
    breaches = (c.first_breach for c in result.covenants if c.status == BREACH)
    return min(filter(None, breaches), default=None)


def _common(result: Result) -> list[Any]:
    cut = facts(result)
    breaches = [c for c in result.covenants if c.status == BREACH]
    errors = "; ".join(f"{name} {code}" for name, code in result.cell_errors.items())
    return [
        result.id,
        result.source,
        result.row,
        result.template or None,
        result.name or None,
        result.as_of,
        result.status,
        result.error or None,
        "; ".join(result.warnings) or None,
        None if result.status == ERROR else len(breaches),
        first_breach(result),
        errors or None,
        cut.borrower,
        cut.customer,
        cut.card,
        cut.vintage,
        cut.contract_end,
        cut.maturity,
        cut.balance,
    ]


# --- columns --------------------------------------------------------------------------------


def _covenant_columns(results: Sequence[Result]) -> list[Column]:
    names: dict[str, str] = {}
    for template in _templates(results):
        names |= {c.name: c.unit for c in template.covenant}
    names |= {c.name: names.get(c.name, "") for r in _others(results) for c in r.covenants}
    return [column for name, unit in names.items() for column in _covenant(name, unit)]


def _covenant(name: str, unit: str) -> list[Column]:
    return [
        Column(name, "text"),
        Column(f"{name}_value", "number", unit),
        Column(f"{name}_threshold", "number", unit),
        Column(f"{name}_margin", "number", unit),
    ]


def _named_columns(results: Sequence[Result]) -> list[Column]:
    """Inputs and figures: those of known templates in their order, then those of workbooks."""
    taken = {column.name for column in [*COMMON, *_covenant_columns(results)]}
    columns: dict[str, Column] = {}
    for template in _templates(results):
        for name, unit in _units(template).items():
            _add(columns, Column(name, _kind_of(unit), unit))
    for result in _others(results):
        found: list[tuple[dict[str, Any], Kind]] = [
            (result.numbers, "number"),
            (result.texts, "text"),
            (result.dates, "date"),
        ]
        for values, kind in found:
            for name in values:
                _add(columns, Column(name, kind))
    return [column for name, column in columns.items() if name not in taken]


def _add(columns: dict[str, Column], column: Column) -> None:
    """A name that is a number in one template and a word in another is a word on the tape."""
    known = columns.get(column.name)
    if known is None:
        columns[column.name] = column
    elif known.kind != column.kind:
        columns[column.name] = Column(column.name, "text")
    elif known.unit != column.unit:
        columns[column.name] = Column(column.name, known.kind)


def _units(template: Template) -> dict[str, str]:
    """Give every named cell of a template with its unit."""
    units = {name: str(item.unit) for name, item in template.inputs.items()}
    units |= {f.name: str(f.unit) for f in template.figure}
    units |= {f.name: str(f.unit) for c in template.comparison for f in c.figure}
    rows = (row for sheet in template.sheet for block in sheet.block for row in block.row)
    units |= {row.name: str(row.unit) for row in rows if row.constant}
    return {**units, "master_check": "text"}


def _kind_of(unit: str) -> Kind:
    return "text" if unit == "text" else "date" if unit == "date" else "number"


def _templates(results: Iterable[Result]) -> list[Template]:
    names = sorted({result.template for result in results if result.template})
    return [template for name in names if (template := _known(name)) is not None]


def _others(results: Iterable[Result]) -> Iterator[Result]:
    """Loans whose template does not ship: their own cells say what there is."""
    return (r for r in results if r.status != ERROR and _known(r.template) is None)


def covenant_unit(template: str, name: str) -> str:
    """The unit of a covenant; empty where the template does not ship."""
    known = _known(template)
    return next((c.unit for c in known.covenant if c.name == name), "") if known else ""


@cache
def _known(name: str) -> Template | None:
    try:
        return load(name)[0] if name else None
    except UserError:
        return None


# --- values ---------------------------------------------------------------------------------


def _values(result: Result, names: Sequence[str]) -> list[Any]:
    values: dict[str, Any] = {**result.numbers, **result.texts, **result.dates}
    for covenant in result.covenants:
        values[covenant.name] = covenant.status
        values[f"{covenant.name}_value"] = covenant.value
        values[f"{covenant.name}_threshold"] = covenant.threshold
        values[f"{covenant.name}_margin"] = covenant.margin
    return [values.get(name) for name in names]


def _as(kind: Kind, value: Any) -> Any:
    """Hold a value to its column: a word where a number should be is no number."""
    if value is None or kind == "count":
        return value
    if kind == "text":
        return value if isinstance(value, str) else str(value)
    if kind == "number":
        return float(value) if isinstance(value, int | float) else None
    return value if isinstance(value, dt.date) else None


def _first(values: dict[str, Any], names: Iterable[str]) -> Any:
    return next((values[name] for name in names if name in values), None)


def _after(start: dt.date | None, months: float | None) -> dt.date | None:
    """The last day of the month that lies so many months after a date."""
    if start is None or months is None:
        return None
    count = start.year * 12 + start.month + round(months)  # the month after, from 0
    return dt.date(count // 12, count % 12 + 1, 1) - dt.timedelta(days=1)
