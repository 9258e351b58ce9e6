"""The examples as the tests of workbooks make them."""

from tests.workbook.conftest import example

__all__ = ["example"]
