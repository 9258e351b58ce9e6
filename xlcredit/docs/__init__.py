"""The tutorial, as pages of Markdown; ``xlcredit help`` shows them."""

from __future__ import annotations

from importlib.resources import files

__all__ = ["read_topic", "topics"]


def topics() -> dict[str, str]:
    """Give the topics in the order of reading, each with its title.

    Examples
    --------
    >>> list(topics())[:2]
    ['first-loan', 'rent-curve']
    """
    pages = {p.name.removesuffix(".md"): p for p in files(__name__).iterdir() if ".md" in p.name}
    numbered = sorted(pages, key=lambda name: name.split("-", 1))
    return {
        name.split("-", 1)[1]: pages[name].read_text(encoding="utf-8").split("\n")[0].lstrip("# ")
        for name in numbered
    }


def read_topic(topic: str) -> str:
    """Read one page; the topic is one of :func:`topics`."""
    page = next(p for p in files(__name__).iterdir() if p.name[3:] == f"{topic}.md")
    return page.read_text(encoding="utf-8")
