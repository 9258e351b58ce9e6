"""Spreadsheet mathematics for lenders against GPUs and against coin."""

__version__ = "0.1.0"
