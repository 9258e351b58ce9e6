"""The example workbooks, built and recalculated once for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook

from tests.store import Store
from xlcredit.cli.writing import make_workbook
from xlcredit.deals import Deal, Template, load, read_deal, shipped
from xlcredit.recalc import Recalculation, recalculate
from xlcredit.workbook import build
from xlcredit.workbook.session import Session, open_workbook


@dataclass(frozen=True)
class Example:
    """An example as a user gets it: the file, its formulas, its values."""

    template: Template
    deal: Deal
    path: Path
    """The workbook with its values, a file of this process."""
    source: Path
    """The workbook as it was built, without values."""
    result: Recalculation
    store: Store

    @property
    def formulas(self) -> Workbook:
        """The workbook as openpyxl reads it."""
        return _read(self.source)

    def given(self, inputs: Mapping[str, object]) -> Recalculation:
        """Calculate it with other inputs; the same ones are calculated once for a run."""
        name = f"{self.template.name} given {sorted(inputs.items())!r}"
        return self.store.get(name, lambda: opened(self.path, inputs))

    def native(self) -> bytes:
        """The copy that lives without the add-in, made once for a run."""
        made = lambda: make_workbook(self.template, self.deal, native=True).content  # noqa: E731
        return self.store.get(f"{self.template.name}, native", made)

    def number(self, name: str) -> float:
        """The value of a named cell, which must be a number."""
        value = self.result.names[name]
        assert isinstance(value, float), (name, value)
        return value

    def row(self, name: str) -> list[float]:
        """All months of a monthly row, by its label's row."""
        sheet, row = self.place(name)
        values = self.result.values[sheet]
        months = range(5, 5 + self.template.months)
        return [float(values[row, column]) for column in months]  # type: ignore[arg-type]

    def place(self, name: str) -> tuple[str, int]:
        """The sheet and row of a monthly row."""
        for sheet in self.template.sheet:
            for block in sheet.block:
                for item in block.row:
                    if item.name == name:
                        labels = self.formulas[sheet.name]["A"]
                        rows = [c.row for c in labels if c.value == item.label]
                        return sheet.name, rows[0]
        raise KeyError(name)


def opened(path: Path, inputs: Mapping[str, object]) -> Recalculation:
    """Calculate a file with other inputs, in a book that stays open.

    Opening it takes two thirds of a recalculation, and what it then says is what it says anew
    (``test_session``).
    """
    with held(path) as book:
        book.set(inputs)
        return book.recalculation()


@contextmanager
def held(path: Path) -> Iterator[Session]:
    """A file as its book that stays open, as it is on the disk, before and after."""
    book = _own.get(path) or _session(path)
    book.reset()
    try:
        yield book
    finally:
        book.reset()


def kept(source: Path, path: Path) -> Recalculation:
    """Calculate a file into another one, and hold it open for :func:`held`, until the next one."""
    _own.clear()
    _own[path] = book = open_workbook(source)
    result = book.recalculation()
    book.save(path, overwrite=True)
    return result


#: The last workbook that a test has made for itself; those of the examples are held for good.
_own: dict[Path, Session] = {}


@cache
def _session(path: Path) -> Session:
    return open_workbook(path)


@pytest.fixture(scope="session")
def book_of(example_of: Callable[[str], Example]) -> Callable[[str], Session]:
    """Give an example that is open, as shipped; one book for all tests of a process.

    Whoever changes it resets it. ``Example.given`` asks the same book, and leaves it as shipped.
    """

    def book(name: str) -> Session:
        session = _session(example_of(name).path)
        session.reset()
        return session

    return book


@cache
def _read(source: Path) -> Workbook:
    return openpyxl.load_workbook(source)


@pytest.fixture(scope="session", params=shipped())
def example(request: pytest.FixtureRequest, example_of: Callable[[str], Example]) -> Example:
    """Each shipped template with its filled example."""
    return example_of(request.param)


def made(name: str, folder: Path, store: Store) -> Example:
    """An example in a folder of its own."""
    template, home = load(name)
    deal = read_deal(home / "deal.toml", template)
    source, target = folder / "formulas.xlsx", folder / f"{name}.xlsx"

    def calculated() -> tuple[bytes, bytes, Recalculation]:
        source.write_bytes(build(template, deal))
        result = recalculate(source, target)
        return source.read_bytes(), target.read_bytes(), result

    built, valued, result = store.get(f"{name}, its example", calculated)
    source.write_bytes(built)
    target.write_bytes(valued)
    return Example(template, deal, target, source, result, store)


@pytest.fixture(scope="session")
def loan(example_of: Callable[[str], Example]) -> Example:
    """The GPU term loan."""
    return example_of("gpu-term-loan")


@pytest.fixture(scope="session")
def miner(example_of: Callable[[str], Example]) -> Example:
    """The dual-collateral loan."""
    return example_of("miner-dual-collateral")


@pytest.fixture(scope="session")
def base(example_of: Callable[[str], Example]) -> Example:
    """The borrowing base."""
    return example_of("gpu-borrowing-base")
