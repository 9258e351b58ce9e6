"""The Python server that Excel starts: xlwings' own, with a short way to our functions.

xlwings' server looks up a UDF's file for changes, builds a chain of conversions for each
argument and a range for the caller. Our functions need none of that: their VBA sends values, and
:func:`xlcredit.hosts.classic.udfs.respond` reads them as they come. Whatever else a workbook
asks of the server goes the way it always went.
"""

from __future__ import annotations

from typing import Any

from xlcredit.functions import REGISTRY
from xlcredit.hosts.classic import udfs

__all__ = ["answering", "serve"]


def serve(clsid: str) -> None:
    """Run the server until Excel stops it.

    Parameters
    ----------
    clsid : str
        Class of the COM object, which Excel's side makes up anew for each connection.
    """
    from xlwings import com_server  # noqa: PLC0415 - it needs pywin32, so Windows

    vars(com_server)["XLPython"] = answering(com_server.XLPython)
    com_server.serve(clsid)  # type: ignore[no-untyped-call]


def answering(base: type) -> Any:
    """Derive the object that Excel talks to from xlwings' one."""

    class Server(base):  # type: ignore[misc]
        """xlwings' object, answering calls of our functions itself."""

        def CallUDF(self, script: str, fname: str, args: Any, *rest: Any) -> Any:
            """Answer a UDF: a single value as itself, one row as a row, else all rows."""
            function = REGISTRY.get(fname) if script == udfs.__name__ else None
            if function is None:
                return super().CallUDF(script, fname, args, *rest)
            rows = udfs.respond(function, args)
            if len(rows) > 1:
                return rows
            return rows[0][0] if len(rows[0]) == 1 else rows[0]

    return Server
