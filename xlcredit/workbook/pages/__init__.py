"""The sheets of a term-sheet workbook, one module each."""
