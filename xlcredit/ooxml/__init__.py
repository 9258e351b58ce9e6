"""The workbook file: read, patched part by part, written whole. It calculates nothing."""
