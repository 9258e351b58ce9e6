"""Formulas that cells share: one holds the text, the others its number."""

from __future__ import annotations

from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.formula.translate import Translator, TranslatorError

from xlcredit.errors import FileError
from xlcredit.ooxml.place import a1
from xlcredit.ooxml.sheet import Cell

__all__ = ["written_out"]


def written_out(cell: Cell, masters: dict[str, Translator]) -> str:
    """Write out a shared formula: only its first cell holds the text.

    Parameters
    ----------
    cell : Cell
        A cell that shares it.
    masters : dict
        The formulas that were met on the sheet, by their number; it grows.
    """
    key, here = cell.options.get("si", ""), a1(cell.row, cell.column)
    if cell.formula and ("ref" in cell.options or key not in masters):
        masters[key] = _translator(cell.formula, here)
    if cell.formula:
        return cell.formula
    if key not in masters:
        raise FileError(f"{here} shares a formula that the file does not hold")
    try:
        text: str = masters[key].translate_formula(here)
    except (TranslatorError, ValueError):  # as Excel shows what was moved off the sheet
        return "#REF!"
    return text.removeprefix("=")


def _translator(formula: str, place: str) -> Translator:
    try:
        return Translator(f"={formula}", place)
    except (TokenizerError, IndexError):
        raise FileError(f"{place} shares a formula that cannot be read") from None
