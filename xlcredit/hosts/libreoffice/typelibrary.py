"""The type library of the Calc add-in, written without LibreOffice's SDK.

Calc finds an add-in's functions by asking UNO for the interface that it implements, and UNO
knows the interfaces of a Python object from a type library alone. The SDK's own tool wants an
IDL file, in which ``XLC_RENT`` is no legal name; the reader of the binary form takes it.

The binary form, from LibreOffice's ``unoidl/source/unoidlprovider.cxx``: little-endian 32-bit
numbers throughout; names inside a definition have their length in front, names of a map end
with a zero byte.

=========== =====================================================================
file        ``UNOIDL`` FF 00, offset of the root map, number of its entries
map entry   offset of the name, offset of the definition
module      00, number of entries, the entries
interface   05, bases, optional bases, attributes, methods, each with its number
method      name, type of the result, parameters, exceptions
parameter   direction (0 is in), name, type
=========== =====================================================================
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Method", "type_library"]

_MAGIC = b"UNOIDL\xff\x00"
_MODULE, _INTERFACE = b"\x00", b"\x05"
_IN = b"\x00"
_NONE = struct.pack("<I", 0)


class Method(NamedTuple):
    """A method in UNO's words: types are ``any``, ``string``, ``[][]any`` or a full name."""

    name: str
    result: str
    parameters: tuple[tuple[str, str], ...]


def type_library(interface: str, methods: Sequence[Method]) -> bytes:
    r"""Write the type library of one interface.

    Parameters
    ----------
    interface : str
        Full name, such as ``org.xlcredit.calc.XFunctions``.
    methods : sequence of Method
        Its methods.

    Returns
    -------
    bytes
        Content of an ``.rdb`` file.

    Examples
    --------
    >>> type_library("org.X", [Method("f", "any", (("x", "any"),))])[:8]
    b'UNOIDL\xff\x00'
    """
    *modules, name = interface.split(".")
    content = bytearray(_MAGIC + _NONE + _NONE)  # the root map is known at the end

    def put(piece: bytes) -> bytes:
        offset = _number(len(content))
        content.extend(piece)
        return offset

    entry = put(_name(name)) + put(_interface(methods))
    for module in reversed(modules):
        entry = put(_name(module)) + put(_MODULE + _number(1) + entry)
    content[8:16] = put(entry) + _number(1)
    return bytes(content)


def _interface(methods: Sequence[Method]) -> bytes:
    bases = _number(1) + _text("com.sun.star.uno.XInterface")
    optional_bases, attributes = _NONE, _NONE
    body = b"".join(map(_method, methods))
    return _INTERFACE + bases + optional_bases + attributes + _number(len(methods)) + body


def _method(method: Method) -> bytes:
    parameters = b"".join(_IN + _text(name) + _text(kind) for name, kind in method.parameters)
    exceptions = _NONE
    head = _text(method.name) + _text(method.result) + _number(len(method.parameters))
    return head + parameters + exceptions


def _number(number: int) -> bytes:
    return struct.pack("<I", number)


def _text(text: str) -> bytes:
    return _number(len(text)) + text.encode("ascii")


def _name(name: str) -> bytes:
    return name.encode("ascii") + b"\x00"
