"""Where every name of a template stands, and formulas with names turned into references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from openpyxl.formula.tokenizer import Token, TokenizerError
from openpyxl.utils import get_column_letter as letter

from xlcredit.errors import DealError, FormulaError
from xlcredit.hints import did_you_mean
from xlcredit.ooxml.place import Place, quoted
from xlcredit.workbook.grammar import YOUNG, problems_of, tokens_of, verdicts_counted

__all__ = ["FIRST", "LABEL", "MONTH", "OPENING", "PERIOD_END", "TOTAL", "UNIT", "Places"]

#: Columns of a monthly sheet: label, unit, total or constant, opening, then the months.
LABEL, UNIT, TOTAL, OPENING, FIRST = 1, 2, 3, 4, 5
#: The labels of the two rows that head its months, one below the other.
MONTH, PERIOD_END = "Month", "Period end"

#: Parts of a row that end with the loan: the first column, and what it adds to its months.
_LIVES = {"loan": (FIRST, ""), "life": (OPENING, "+1")}
#: What a message shows of a formula: the line of the file is told beside it.
_SHOWN = 60
_BRACES = re.compile(r"\{([A-Za-z_][\w.]*)\}")
_CELL = re.compile(r"\$?[A-Z]{1,3}\$?\d+\Z")
_WORD = re.compile(r"[A-Za-z_]\w*")
_YOUNG = re.compile(rf"\b({'|'.join(map(re.escape, YOUNG))})\(")


@dataclass(frozen=True)
class _Monthly:
    """A cell of a monthly row: in the column of the month, or of the one before or after it."""

    prefix: str
    row: int
    shift: int

    def in_column(self, column: int) -> str:
        return f"{self.prefix}{letter(column + self.shift)}{self.row}"


@dataclass
class Places:
    """The addresses of a book: cells, monthly rows, blocks and tables by name."""

    months: int
    cells: dict[str, Place] = field(default_factory=dict)
    rows: dict[str, Place] = field(default_factory=dict)
    blocks: dict[str, tuple[Place, Place]] = field(default_factory=dict)
    #: The upper left cell of the tables that charts of another sheet draw, by title.
    tables: dict[str, Place] = field(default_factory=dict)
    #: The sheets of the book.
    sheets: list[str] = field(default_factory=list)
    #: Those with time across.
    monthly: set[str] = field(default_factory=set)
    #: The names of covenants and tests: what they show is a word.
    verdicts: set[str] = field(default_factory=set)
    #: What is wrong with formulas of the template, by formula.
    mistakes: dict[str, FormulaError] = field(default_factory=dict)
    #: Formulas of the template that were found sound.
    _sound: set[str] = field(default_factory=set)
    #: Those taken apart, by formula and sheet.
    _read: dict[tuple[str, str], list[str | _Monthly]] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The column of the last month."""
        return FIRST + self.months - 1

    def resolve(
        self,
        formula: str,
        sheet: str,
        column: int = 0,
        extra: Mapping[str, str] | None = None,
    ) -> str:
        """Turn a template's formula into Excel's, as it stands in ``sheet`` and ``column``."""
        # the same row in every month: only what stands in a month's column differs
        pieces = self._read.get((formula, sheet)) if column >= OPENING and not extra else None
        if pieces is None:
            pieces = self._pieces(formula, sheet, column, extra or {})
        return "".join(
            piece.in_column(column) if isinstance(piece, _Monthly) else piece for piece in pieces
        )

    def _pieces(
        self, formula: str, sheet: str, column: int, extra: Mapping[str, str]
    ) -> list[str | _Monthly]:
        """Take a formula apart at its braces, which are read; "0" if anything is wrong with it."""
        problems: list[str] = []

        def reference(name: str) -> str | _Monthly:
            try:
                return extra[name] if name in extra else self._reference(name, sheet, column)
            except DealError as error:
                problems.append(str(error))
                return "0"

        texts = _BRACES.split(formula)
        names = [reference(name) for name in texts[1::2]]
        if formula not in self._sound:  # the same names in every month
            cells = [n.in_column(column) if isinstance(n, _Monthly) else n for n in names]
            between = zip(texts[2::2], cells, strict=True)
            problems += self._problems(texts[0] + "".join(cell + text for text, cell in between))
        if problems:
            told = "; ".join(dict.fromkeys(problems))
            shown = formula if len(formula) <= _SHOWN else f"{formula[:_SHOWN]}..."
            found = FormulaError(f"{told} (in ={shown})", formula)
            self.mistakes.setdefault(formula, found)
            return ["0"]  # the book is not written: see refuse_mistakes
        self._sound.add(formula)
        pieces: list[str | _Monthly] = [*texts]
        pieces[::2] = [_YOUNG.sub(r"_xlfn.\1(", text) for text in texts[::2]]
        pieces[1::2] = names
        if not extra:
            self._read[formula, sheet] = pieces
        return pieces

    def refuse_mistakes(self) -> None:
        """Raise what is wrong with the formulas that were resolved, all of it at once."""
        if self.mistakes:
            first, *others = self.mistakes.values()
            raise FormulaError(str(first), first.formula, others) from None

    def _reference(self, name: str, sheet: str, column: int) -> str | _Monthly:
        """What one pair of braces stands for."""
        if name in self.blocks:
            return self._area(*self.blocks[name], sheet)
        if ".." in name:
            return self._range(name, sheet)
        if name in self.cells:
            return self._area(self.cells[name], self.cells[name], sheet)
        if name.startswith("live."):
            moved = [key.removeprefix("live.") for key in self.blocks if key.startswith("live.")]
            hint = did_you_mean(name.removeprefix("live."), moved)
            raise DealError(f"{{{name}}}: no scenario moves that input{hint}")
        return self._monthly(name, sheet, column)

    def _range(self, name: str, sheet: str) -> str:
        """From one cell to another: inputs, or inputs as the scenario in force has them."""
        first, _, last = name.partition("..")
        if first in self.blocks and f"live.{last}" in self.blocks:
            return self._area(self.blocks[first][0], self.blocks[f"live.{last}"][0], sheet)
        return self._area(self._cell(first), self._cell(last), sheet)

    def _monthly(self, name: str, sheet: str, column: int) -> str | _Monthly:
        """A row, or a part of it."""
        row, _, part = name.partition(".")
        if part == "budget":  # what a row would be if nothing had happened
            row, part = (f"budget_{row}" if f"budget_{row}" in self.rows else row), ""
        if row not in self.rows:
            if row in self.cells:
                raise DealError(f"{{{name}}}: {row} is one cell and no monthly row; write {row}")
            hint = did_you_mean(row, self.rows) or did_you_mean(row, self.cells)
            raise DealError(f"{{{name}}} is not a monthly row{hint}")
        place = self.rows[row]
        months = {"": 0, "prev": -1, "next": 1}
        columns = {
            "all": (FIRST, self.last),
            "path": (OPENING, self.last),
            "opening": (OPENING,),
            "first": (FIRST,),
            "total": (TOTAL,),
        }
        parts = [*months, *columns, *_LIVES]
        if part not in parts:
            known = ", ".join(f".{word}" for word in [*parts, "budget"] if word)
            raise DealError(f"{{{name}}}: .{part} is not one of {known}")
        if part in months and (column < OPENING or sheet not in self.monthly):
            said = "is the value of a month, and here are no months"
            raise DealError(f"{{{name}}} {said}; write {{{row}.all}}, .first, .opening or .total")
        prefix = "" if place.sheet == sheet else f"{quoted(place.sheet)}!"
        if part in _LIVES:
            first, more = _LIVES[part]
            start, end = (f"{prefix}${letter(c)}${place.row}" for c in (first, self.last))
            # the address and not the name: the embedded engine knows no names there
            tenor = self._area(self._cell("tenor_months"), self._cell("tenor_months"), sheet)
            return f"{start}:INDEX({start}:{end.removeprefix(prefix)},1,{tenor}{more})"
        if part in months:
            return _Monthly(prefix, place.row, months[part])
        return prefix + ":".join(f"${letter(c)}${place.row}" for c in columns[part])

    def _cell(self, name: str) -> Place:
        if name not in self.cells:
            raise DealError(f"{name} is not an input or a figure{did_you_mean(name, self.cells)}")
        return self.cells[name]

    def _area(self, first: Place, last: Place, sheet: str) -> str:
        prefix = "" if first.sheet == sheet else f"{quoted(first.sheet)}!"
        if first == last:
            return f"{prefix}{first.absolute}"
        return f"{prefix}{first.absolute}:{last.absolute}"

    def _problems(self, formula: str) -> list[str]:
        """Find misspelt names now, all of them, and not as #NAME? in front of a committee."""
        problems = problems_of(formula, self.sheets)
        try:
            names = self.names_in(formula)
        except (TokenizerError, IndexError):  # told above
            return problems
        problems += verdicts_counted(formula, self.verdicts)
        for name in names:
            if name in self.rows:
                problems.append(f"{name} is a monthly row; write {{{name}}}")
            elif name not in self.cells and (not problems or _WORD.fullmatch(name)):
                hint = did_you_mean(name, self.cells) or did_you_mean(name, self.rows)
                hint = hint or "; name it as an input or a figure"
                problems.append(f"{name} is not known{hint}")
        return problems

    def names_in(self, formula: str) -> list[str]:
        """Defined names that a formula uses."""
        return [
            token.value
            for token in tokens_of(formula)
            if token.type == Token.OPERAND
            and token.subtype == Token.RANGE
            and "!" not in token.value
            and not all(map(_CELL.match, token.value.split(":")))
        ]

    def draws_on_other_sheets(self, formula: str, sheet: str) -> bool:
        """Whether a resolved formula refers to another sheet, directly or by name."""
        if "!" in formula:
            return True
        words = set(_WORD.findall(formula))
        return any(self.cells[word].sheet != sheet for word in words & self.cells.keys())
