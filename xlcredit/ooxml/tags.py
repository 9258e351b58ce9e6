"""Finding tags in the XML of a part without parsing it: what all surgery on parts has in common."""

from __future__ import annotations

import re

__all__ = ["ATTRIBUTE", "PREFIX", "before_end", "masked"]

#: One attribute of a start tag, with the white space before it.
ATTRIBUTE = rb"\s+[^\s=/>]+\s*=\s*(?:\"[^\"]*\"|'[^']*')"
#: A namespace prefix with its colon, or none: any characters that may stand in a name.
PREFIX = rb"(?:[^\s<>/:=\"'!?&;]+:)?"

_HIDDEN = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
_END = re.compile(rb"</(" + PREFIX + rb")[^\s<>/:]+\s*>")
_EMPTY_ROOT = re.compile(
    rb"[\s\xef\xbb\xbf]*<((" + PREFIX + rb")[^\s<>/:]+)((?:" + ATTRIBUTE + rb")*)\s*/>\s*\Z"
)


def masked(xml: bytes) -> bytes:
    """Blank out comments, CDATA and instructions; everything else stays where it is.

    Examples
    --------
    >>> masked(b"<a><!-- <b/> --></a>")
    b'<a>             </a>'
    """
    return _HIDDEN.sub(lambda match: b" " * len(match[0]), xml)


def before_end(xml: bytes, element: bytes) -> bytes:
    """Add an element as the last child of the root, in the root's prefix.

    Parameters
    ----------
    xml : bytes
        A part.
    element : bytes
        The element without its opening bracket and its prefix.

    Examples
    --------
    >>> before_end(b"<x:a><x:b/></x:a><!-- </x:a> -->", b"c/>")
    b'<x:a><x:b/><x:c/></x:a><!-- </x:a> -->'
    >>> before_end(b"<a/>", b"c/>")
    b'<a><c/></a>'
    """
    bare = masked(xml)
    if empty := _EMPTY_ROOT.match(bare):
        name, prefix, attributes = empty.groups()
        whole = b"<%b%b><%b%b</%b>" % (name, attributes, prefix, element, name)
        return xml[: empty.start(1) - 1] + whole
    *_, end = _END.finditer(bare)
    return xml[: end.start()] + b"<" + end[1] + element + xml[end.start() :]
