"""A workbook as Python sees it: names to values, changed and calculated as often as one likes.

>>> import xlcredit
>>> with xlcredit.open("workbooks/gpu-term-loan.xlsx") as book:  # doctest: +SKIP
...     book["rent_decline"] = 0.35
...     book["dscr_on_curve"]
1.51...
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlcredit.errors import CellError, RecalcError
from xlcredit.hints import did_you_mean
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.formats import DateCells, to_date
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.reading import units
from xlcredit.ooxml.values import Value, to_cell
from xlcredit.recalc.citations import lost
from xlcredit.recalc.engine import Engine
from xlcredit.recalc.inputs import resolve_inputs
from xlcredit.recalc.live import Live
from xlcredit.recalc.outcome import CellFault, Recalculation
from xlcredit.recalc.session import Source
from xlcredit.recalc.validation import choices, limits
from xlcredit.workbook.covenants import CovenantResult, find_covenants, find_tests
from xlcredit.workbook.frames import by_months
from xlcredit.workbook.notebook import as_html, write_chart
from xlcredit.workbook.own_months import without_effect
from xlcredit.workbook.pictures import new_picture

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Session", "open_workbook"]


def open_workbook(source: Source, *, engine: str | Engine = "auto") -> Session:
    """Open a workbook and keep it: inputs change, and what hangs on them is calculated.

    Parameters
    ----------
    source : str, Path, bytes or Book
        An .xlsx or .xlsm workbook, made by xlcredit or not; one that is open already is not read
        again.
    engine : str or Engine
        What calculates; see :func:`xlcredit.recalculate`.

    Returns
    -------
    Session
        The workbook. Nothing is written until :meth:`Session.save`.

    Raises
    ------
    FileError
        If the file is no readable workbook.
    RecalcError
        If it holds no formulas, or one that the engine cannot calculate.

    Examples
    --------
    >>> with open_workbook("workbooks/gpu-term-loan.xlsx") as book:
    ...     flat = book["dscr_on_curve"]
    ...     book["rent_decline"] = 0.35
    ...     book["dscr_on_curve"] < flat
    True
    """
    return Session(source, engine=engine)


class Session:
    """A workbook that stays loaded; see :func:`open_workbook`.

    ``book[name]`` is the value of a defined name or of an address such as ``Debt!C4``: a float,
    text, TRUE or FALSE, a date, None for an empty cell, or a :class:`~xlcredit.CellError` for a
    cell that shows an error, which compares and calculates as nothing.
    """

    def __init__(
        self,
        source: Source,
        *,
        engine: str | Engine = "auto",
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self._book = source if isinstance(source, Book) else Book(Package(source))
        self.path = self._book.package.path
        self._live: Live | None = Live(self._book, engine=engine, functions=functions)
        self._lost = lost(self._book)
        self._uncited: set[Place] = set()
        """The sources and dates that are gone because their input was changed."""
        self._dates = DateCells(self._book)
        self._covenants = find_covenants(self._book)
        self._found: dict[str, Place] = {}
        """The cells that have been asked for."""
        self._names_of: dict[Place, list[str]] = {}
        for name, place in self._book.cell_names.items():
            self._names_of.setdefault(place, []).append(name)

    # --- reading ----------------------------------------------------------------------------

    def __getitem__(self, key: str) -> Value | dt.date:
        return self._read(self._find(key))

    def __iter__(self) -> Iterator[str]:
        """Iterate over the defined names that stand for one cell."""
        return iter(self._book.cell_names)

    def __len__(self) -> int:
        return len(self._book.cell_names)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._book.find(key) is not None

    def keys(self) -> list[str]:
        """The defined names that stand for one cell, as the file orders them."""
        return list(self._book.cell_names)

    def formula(self, key: str) -> str:
        """Give the text of a cell's formula, by name or address; empty for a constant."""
        place = self._find(key)
        found = self._book.formulas.get(self._book.members.get(place, place))
        return found.text if found else ""

    @property
    def inputs(self) -> dict[str, Value | dt.date]:
        """Every named constant with its value."""
        return {n: self[n] for n, p in self._book.cell_names.items() if not self._formula(p)}

    @property
    def figures(self) -> dict[str, Value | dt.date]:
        """Every named cell that is calculated, with its value."""
        return {n: self[n] for n, p in self._book.cell_names.items() if self._formula(p)}

    @property
    def units(self) -> dict[str, str]:
        """The unit of each named cell that states one."""
        known = units(self._book)
        return {n: known[p] for n, p in self._book.cell_names.items() if p in known}

    def title(self, key: str) -> str:
        """Give the words beside a named cell and its unit, as a chart says them."""
        place = self._find(key)
        beside = Place(place.sheet, place.row, max(1, place.column - 1))
        words = self._book.saved(beside) if beside != place else None
        title, unit = words if isinstance(words, str) and words else key, self.units.get(key, "")
        return f"{title} [{unit}]" if unit and unit not in ("text", "date") else title

    @property
    def changed(self) -> dict[str, Value | dt.date]:
        """The inputs that differ from the file, by name or address."""
        inputs = self._calculating.inputs
        changed = {place: value for place, value in inputs.items() if place not in self._uncited}
        return {self._name(place): self._shown(place, v) for place, v in changed.items()}

    @property
    def warnings(self) -> list[str]:
        """Which of the changed inputs leave a row as it is: months of your own are in force there.

        A workbook of ours has such months on its sheet Curves.
        """
        return self.without_effect(*self.changed)

    def without_effect(self, *keys: str) -> list[str]:
        """Say the same of inputs by name or address, changed or not; a line for each row."""
        places = {self._find(key) for key in keys}
        return list(without_effect(self._book, places, self._calculating.value))

    @property
    def slower(self) -> str:
        """Which cell keeps the fast engine from calculating the workbook, and why; else nothing."""
        return self._calculating.slower

    @property
    def content(self) -> bytes:
        """The file as it was read."""
        return self._book.package.data

    @property
    def covenants(self) -> list[CovenantResult]:
        """The covenant dashboard; empty for a workbook without one."""
        return [found.read(self._read) for found in self._covenants]

    @property
    def tests(self) -> list[CovenantResult]:
        """The conditions of closing, limits of the house and stress results; empty without any."""
        return [found.read(self._read) for found in find_tests(self._book)]

    def covenant(self, name: str) -> CovenantResult | None:
        """Give one covenant of the dashboard by its name; None where it is no covenant's.

        No more is calculated than what it hangs on.
        """
        wanted = name.lower()
        cells = (found for found in self._covenants if found.name.lower() == wanted)
        return next((found.read(self._read) for found in cells), None)

    @property
    def errors(self) -> list[CellFault]:
        """Every formula's cell that shows an error, with the reason."""
        return self.recalculation().errors

    def recalculation(self) -> Recalculation:
        """Give all values, errors and differences from the file."""
        return self._calculating.recalculation()

    def concentrate(self, read: Callable[[], object]) -> None:
        """Calculate no more than what a function reads, from the next change of inputs on.

        Worth its second where the same figures are read after many changes; all else may still
        be asked for.
        """
        self._calculating.concentrate(read)

    def hold(self, step: Callable[[], object]) -> None:
        """Take a step of the inputs, and keep what it leaves as it is from being calculated again.

        Steps that are like this one then cost what they move. The values are the same.
        """
        self._calculating.hold(step)

    def table(self, sheet: str) -> pd.DataFrame:
        """Read a sheet as pandas does, but from the values as they stand now.

        Parameters
        ----------
        sheet : str
            Name of the sheet; capitals do not matter.

        Returns
        -------
        DataFrame
            One row for each row of the sheet and one column for each of its columns, labelled as
            in the sheet (1, 2, ... and A, B, ...). Cells with a date's format are dates, error
            values are their codes.

        Raises
        ------
        RecalcError
            If there is no such sheet.
        """
        import pandas as pd  # noqa: PLC0415

        from xlcredit.ooxml.place import column_letters  # noqa: PLC0415

        name = self._sheet(sheet)
        cells = self._calculating.cells(name)
        rows = range(1, max((row for row, _ in cells), default=0) + 1)
        columns = range(1, max((column for _, column in cells), default=0) + 1)
        values = [
            [_code(self._shown(Place(name, r, c), cells.get((r, c)))) for c in columns]
            for r in rows
        ]
        return pd.DataFrame(values, index=list(rows), columns=[*map(column_letters, columns)])

    def months(self, sheet: str) -> pd.DataFrame:
        """Read a monthly sheet by its labels and dates, from the values as they stand now.

        Parameters
        ----------
        sheet : str
            Name of the sheet, such as ``Cash flow``; capitals do not matter.

        Returns
        -------
        DataFrame
            One row for each line of the sheet, under its label and unit, and one column for the
            closing and each month, under the date of its end. Error values are their codes.

        Raises
        ------
        RecalcError
            If there is no such sheet, or it has no months.

        Examples
        --------
        >>> with open_workbook("workbooks/gpu-term-loan.xlsx") as book:
        ...     waterfall = book.months("Waterfall")
        >>> f'{waterfall.loc[("Interest", "USD"), "2027-01-31"]:,.0f}'
        '17,521,200'
        """
        return by_months(self.table(sheet), self._sheet(sheet))

    # --- changing ---------------------------------------------------------------------------

    def __setitem__(self, key: str, value: object) -> None:
        self.set({key: value})

    def set(self, inputs: Mapping[str, object] | None = None, **named: object) -> None:
        """Change inputs: all of them, or none if one is not accepted.

        On the sheet Inputs, a figure that is changed loses the citation of the one it replaces.

        Parameters
        ----------
        inputs : mapping, optional
            A defined name, or an address such as ``Inputs!C4``, to its new value.
        **named
            The same by name: ``book.set(rent_decline=0.35, coin_price=45_000)``.

        Raises
        ------
        RecalcError
            If a name is unknown, its cell is calculated, or the sheet would refuse the value.
        """
        live, given = self._calculating, self._resolved({**(inputs or {}), **named})
        self._uncited -= given.keys()
        uncited = {
            place: value
            for changed in given
            for place, value in self._lost.get(changed, {}).items()
            if place not in given and (place in self._uncited or place not in live.inputs)
        }
        self._uncited |= uncited.keys()
        live.set(given | uncited)

    def fill(self, inputs: Mapping[str, object]) -> None:
        """Change named inputs to values that were checked before, against their template."""
        places = self._book.cell_names
        self._calculating.set({places[name]: to_cell(value) for name, value in inputs.items()})

    def check(self, inputs: Mapping[str, object]) -> None:
        """Refuse what :meth:`set` would refuse, and change nothing."""
        self._resolved(inputs)

    def allowed(self, key: str) -> tuple[float, float]:
        """Give the least and the greatest number that the sheet allows an input."""
        return limits(self._book, self._find(key))

    def choices(self, key: str) -> list[str]:
        """Give the words that the sheet allows an input; empty where it has no list."""
        return choices(self._book, self._find(key))

    def reset(self, *keys: str) -> None:
        """Give inputs the values of the file again; without a name, all of them."""
        places = {self._find(key) for key in keys} if keys else set(self._calculating.inputs)
        places |= self._uncited & {p for place in places for p in self._lost.get(place, ())}
        self._uncited -= places
        self._calculating.reset(places)

    # --- writing and closing ----------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write a copy with the inputs and the values as they stand.

        All other parts of the file are the same bytes.

        Parameters
        ----------
        path : str or Path
            The file to write.
        overwrite : bool
            Whether it may be the file that was opened, or another that exists.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        FileError
            If the file exists already, or cannot be written; nothing is changed then.
        """
        target = Path(path)
        if target.exists() and not overwrite:
            raise RecalcError(f"{target}: exists already; save with overwrite=True to replace it")
        self._calculating.write(target, overwrite=overwrite)
        return target

    def picture(
        self, path: str | os.PathLike[str], chart: str = "", *, overwrite: bool = False
    ) -> Path:
        """Draw a line chart of the workbook as its inputs stand, as PNG.

        Parameters
        ----------
        path : str or Path
            The file to write, ``.png``.
        chart : str
            Words of the title of the chart, such as ``"LTV"``; by default that of the DSCR, as a
            notebook shows it.
        overwrite : bool
            Whether it may be a file that exists.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        UserError
            If matplotlib is not installed (the extra ``charts``), or there is no such chart.
        FileError
            If the file exists already, or cannot be written.
        """
        target = new_picture(path, overwrite)
        title = repr(self).splitlines()[0].strip("<>").removeprefix("workbook ")
        return write_chart(self._book, self._read, target, title, chart)

    def close(self) -> None:
        """Let the workbook go; a closed session answers nothing more."""
        self._live = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- how it looks -----------------------------------------------------------------------

    def __repr__(self) -> str:
        if self._live is None:
            return f"<workbook {self.path.name}, closed>"
        changed = ", ".join(f"{k}={v}" for k, v in self.changed.items())
        states = [f"{c.label}: {c.status}" for c in self.covenants]
        head = f"<workbook {self.path.name}{'; ' + changed if changed else ''}>"
        return "\n  ".join([head, *states, *(f"warning: {told}" for told in self.warnings)])

    def _repr_html_(self) -> str:
        """The covenants and the first chart of the Summary, as a notebook shows them."""
        title = repr(self).splitlines()[0].strip("<>")
        if self._live is None:
            return f"<b>{escape(title)}</b>"
        return as_html(title, self.covenants, self._book, self._read)

    # --- finding ----------------------------------------------------------------------------

    @property
    def _calculating(self) -> Live:
        if self._live is None:
            raise RecalcError(f"{self.path.name} is closed; open it again with xlcredit.open")
        return self._live

    def _resolved(self, inputs: Mapping[str, object]) -> dict[Place, Value]:
        wanted: dict[str | Place, object] = dict(inputs.items())
        return resolve_inputs(self._book, wanted)

    def _find(self, key: str) -> Place:
        place = self._found.get(key) or self._book.find(key)
        if place:
            self._found[key] = place
            return place
        near = did_you_mean(key, self._book.cell_names, 3)
        raise RecalcError(f"{key} is not a name or a cell of {self.path.name}{near}")

    def _sheet(self, name: str) -> str:
        found = [s for s in self._book.sheets if s.lower() == name.lower()]
        if not found:
            near = did_you_mean(name, self._book.sheets)
            raise RecalcError(f"{self.path.name} has no sheet {name}{near}")
        return found[0]

    def _read(self, place: Place) -> Value | dt.date:
        return self._shown(place, self._calculating.value(place))

    def _formula(self, place: Place) -> bool:
        return place in self._book.formulas or place in self._book.members

    def _name(self, place: Place) -> str:
        return self._names_of.get(place, [str(place)])[0]

    def _shown(self, place: Place, value: Value) -> Value | dt.date:
        return to_date(value) if isinstance(value, float) and place in self._dates else value


def _code(value: Any) -> Any:
    return value.code if isinstance(value, CellError) else value
