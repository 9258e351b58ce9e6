"""Dated, sourced and licensed tables, and their loader."""
