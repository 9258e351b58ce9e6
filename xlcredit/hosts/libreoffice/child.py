"""Answers the Calc add-in from a process of its own; see ``_addin.py`` for the other end."""

from __future__ import annotations

import marshal
import os
import struct
import sys

from xlcredit.hosts.libreoffice.calc import answer

__all__ = ["main"]


def main() -> None:
    """Answer questions until LibreOffice is gone."""
    # nothing but answers may reach the pipe, whatever a library prints
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while len(head := sys.stdin.buffer.read(4)) == 4:
        name, raw = marshal.loads(sys.stdin.buffer.read(*struct.unpack("<I", head)))
        reply = marshal.dumps(answer(name, raw), 2)
        out.write(struct.pack("<I", len(reply)) + reply)
        out.flush()


if __name__ == "__main__":
    main()
