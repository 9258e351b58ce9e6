"""The LibreOffice host: every worksheet function as a Calc add-in, in one extension.

A call gives the same figures and the same error values as in Python. What differs is what Calc
does before it calls, and what it can hold:

- An error in a single cell among the arguments comes out as the same error, without a call. So
  ``XLC_COVENANT`` of an error shows that error rather than CHECK; it never shows PASS.
- A range that holds an error is refused by Calc: the cell shows ``Err:504``, ``#VALUE!`` in a
  saved .xlsx, and ``XLC_WHY`` names the error. Errors in place need one call per cell.
- A single blank cell arrives as 0, and counts as 0. Arguments that are left out, blank cells
  within a range and empty text are blanks, as everywhere.
- TRUE arrives as 1 and is shown as 1.
- A result of several cells needs an array formula (Ctrl+Shift+Enter): Calc does not spill.
- ``XLC_WHY`` takes a cell or a range, not a value. It calls again what the cell's formula
  calls, which it can if the arguments are cells, ranges, names, constants or other calls.

Names in .xlsx files are those of Excel, both ways; LibreOffice 25.2 or newer is needed for it.
"""
