"""Recalculation without Excel: values beside the formulas, everything else as it was.

:func:`recalculate` is all that most callers need. :class:`LibreOffice` is a second opinion from
a real spreadsheet, and makes pictures.
"""

from __future__ import annotations

from xlcredit.recalc.libreoffice import LibreOffice
from xlcredit.recalc.outcome import CellFault, Difference, Doubt, Recalculation
from xlcredit.recalc.session import recalculate

__all__ = ["CellFault", "Difference", "Doubt", "LibreOffice", "Recalculation", "recalculate"]
