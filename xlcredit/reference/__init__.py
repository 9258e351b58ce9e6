"""Dated, sourced and licensed tables, and their loader.

Each table is a small CSV file in this folder. A file of the same name and shape in the folder
that the environment variable ``XLCREDIT_REFERENCE`` names takes its place.
"""

from xlcredit.reference.cards import Catalogue as Catalogue
from xlcredit.reference.cards import catalogue as catalogue
from xlcredit.reference.tables import *  # noqa: F403 - tables.__all__ lists them
