"""The mathematics: NumPy only, arrays in and arrays out, no dates, no files, no Excel."""
