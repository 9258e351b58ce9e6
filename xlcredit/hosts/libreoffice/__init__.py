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
- Text can be compared: the verdicts of ``XLC_COVENANT``, of one figure or of a range, a status,
  a reason. But where an array formula fills cells with text beside figures, as the blocks of
  ``XLC_REPAYMENT``, ``XLC_REVOLVER``, ``XLC_MARGIN_WATERFALL``, ``XLC_DUAL_SIM`` and
  ``XLC_SOURCE``, that text shows and equals nothing: ``=B1="payment_default"`` is FALSE, COUNTIF
  and SUMIF find none of it, MATCH and VLOOKUP give #N/A. Ask for such a text by its own measure
  in a cell of its own, ``=XLC_REPAYMENT(...,"status")``; figures of a block count as everywhere.
- ``XLC_WHY`` takes a cell or a range, not a value. It calls again what the cell's formula
  calls, which it can if the arguments are cells, ranges, names, constants or other calls.

Names in .xlsx files are those of Excel, both ways; LibreOffice 25.2 or newer is needed for it.
"""
