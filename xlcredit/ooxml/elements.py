"""Elements of a part by their names, in whatever namespace a program writes them."""

from __future__ import annotations

from typing import Any

from xlcredit.ooxml.values import unquote

__all__ = ["children_of", "first_of", "local_name", "text_of"]


def local_name(element: Any) -> str:
    """Name an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children_of(root: Any, name: str) -> list[Any]:
    """List what stands in the groups of that name."""
    return [child for group in root if local_name(group) == name for child in group]


def first_of(root: Any, name: str) -> Any:
    """Find the first element of that name; an empty mapping, as of attributes, if there is none."""
    return next((child for child in root if local_name(child) == name), {})


def text_of(item: Any) -> str:
    """Join the runs of a shared string, without its phonetic reading."""
    runs = (run for child in item for run in (child if local_name(child) == "r" else [child]))
    texts = (run.text or "" for run in runs if local_name(run) == "t")
    return "".join(map(unquote, texts))
