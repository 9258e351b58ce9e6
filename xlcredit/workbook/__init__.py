"""Term-sheet workbooks: built with openpyxl, read back for the terminal."""

from xlcredit.workbook.build import build
from xlcredit.workbook.pages.dashboard import Dashboard, read_dashboard

__all__ = ["Dashboard", "build", "read_dashboard"]
