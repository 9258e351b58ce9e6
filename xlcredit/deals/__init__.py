"""Deal files and term-sheet templates: read, validate, write."""

from xlcredit.deals.checking import located
from xlcredit.deals.deal import Deal, read_deal
from xlcredit.deals.reading import load, shipped
from xlcredit.deals.template import Input, Template

__all__ = ["Deal", "Input", "Template", "load", "located", "read_deal", "shipped"]
