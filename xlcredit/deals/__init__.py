"""Deal files and term-sheet templates: read, validate, write."""

from xlcredit.deals.checking import located
from xlcredit.deals.deal import Deal, fill_deal, read_deal
from xlcredit.deals.reading import load, read_toml, shipped
from xlcredit.deals.template import Input, Template

__all__ = [
    "Deal",
    "Input",
    "Template",
    "fill_deal",
    "load",
    "located",
    "read_deal",
    "read_toml",
    "shipped",
]
