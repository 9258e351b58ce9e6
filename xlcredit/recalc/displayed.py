"""Precision as displayed: Excel then calculates with the numbers as their formats round them."""

from __future__ import annotations

from xlcredit.ooxml.book import Book, Formula
from xlcredit.ooxml.formats import ShownDecimals

__all__ = ["AsDisplayed"]


class AsDisplayed:
    """Rounds the results of a workbook that is set to "precision as displayed".

    Parameters
    ----------
    book : Book
        The workbook; in any other, formulas stay as they are.
    """

    def __init__(self, book: Book) -> None:
        self._decimals = ShownDecimals(book) if book.as_displayed else None

    def rounded(self, text: str, formula: Formula) -> str:
        """Round a formula's number to the decimals that its cell shows."""
        if self._decimals is None or formula.shape is not None or not formula.place.row:
            return text
        decimals = self._decimals.of(formula.place)
        if decimals is None:
            return text
        return f"IF(ISNUMBER({text}),ROUND({text},{decimals}),{text})"
