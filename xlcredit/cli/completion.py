"""What a shell completes: names that exist."""

from __future__ import annotations

__all__ = ["functions", "templates", "topics"]


def templates(incomplete: str) -> list[str]:
    """Give the templates that ship and begin so."""
    from xlcredit.deals import shipped

    return [name for name in shipped() if name.startswith(incomplete)]


def topics(incomplete: str) -> list[str]:
    """Give the topics of help that begin so."""
    from xlcredit.docs import topics as known

    return [name for name in known() if name.startswith(incomplete)]


def functions(incomplete: str) -> list[str]:
    """Give the worksheet functions that begin so, small letters or capitals."""
    from xlcredit.functions import REGISTRY

    return [name for name in REGISTRY if name.startswith(incomplete.upper())]
