"""A template of few months, for tests of what works alike on every book."""

from pathlib import Path

__all__ = ["SMALL"]

SMALL = str(Path(__file__).parent)
