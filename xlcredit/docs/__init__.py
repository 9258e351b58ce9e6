"""The tutorial, as pages of Markdown; ``xlcredit help`` shows them.

The last page, the language of templates, is the README of the templates themselves.
"""

from __future__ import annotations

from importlib.resources import files

from xlcredit.deals.reading import folder

__all__ = ["read_topic", "topics"]

_LANGUAGE = "template-language"


def topics() -> dict[str, str]:
    """Give the topics in the order of reading, each with its title.

    Examples
    --------
    >>> list(topics())[:2]
    ['first-loan', 'rent-curve']
    """
    pages = {p.name.removesuffix(".md"): p for p in files(__name__).iterdir() if ".md" in p.name}
    numbered = sorted(pages, key=lambda name: name.split("-", 1))
    found = {
        name.split("-", 1)[1]: pages[name].read_text(encoding="utf-8").split("\n")[0].lstrip("# ")
        for name in numbered
    }
    return {**found, _LANGUAGE: "The language of templates: every table, field and brace"}


def read_topic(topic: str) -> str:
    """Read one page; the topic is one of :func:`topics`."""
    if topic == _LANGUAGE:
        return (folder() / "README.md").read_text(encoding="utf-8")
    page = next(p for p in files(__name__).iterdir() if p.name[3:] == f"{topic}.md")
    return page.read_text(encoding="utf-8")
