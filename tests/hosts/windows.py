"""xlwings as it runs on Windows, without Windows: its own server, generator and conversions.

xlwings' COM server, UDF dispatch, VBA generator and value conversions are Python that imports
pywin32 but, for a UDF call, hardly uses it. Here pywin32 is a handful of stand-ins; the code
that is tested is the installed xlwings'.
"""

from __future__ import annotations

import ast
import datetime
import importlib
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import xlwings

from xlcredit.errors import CellError

#: What VBA passes for an optional argument that was not written.
MISSING = -2147352572
#: Error values as COM hands them to Python.
SCODES = {
    "#NULL!": -2146826288,
    "#DIV/0!": -2146826281,
    "#VALUE!": -2146826273,
    "#REF!": -2146826265,
    "#NAME?": -2146826259,
    "#NUM!": -2146826252,
    "#N/A": -2146826246,
}
FRESH = (
    "xlwings.udfs",
    "xlwings.com_server",
    "xlcredit.hosts.classic.udfs",
    "xlcredit.hosts.classic.server",
)
EPOCH = datetime.date(1899, 12, 30)


class Windows:
    """The Python side of Excel's connection: what VBA's ``XLPy`` object answers."""

    def __init__(self) -> None:
        self.udfs = importlib.import_module("xlwings.udfs")
        for ours, theirs in {"func": "xlfunc", "arg": "xlarg", "ret": "xlret"}.items():
            setattr(xlwings, ours, getattr(self.udfs, theirs))
        self.server = importlib.import_module("xlwings.com_server")
        self.classic = importlib.import_module("xlcredit.hosts.classic.udfs")
        ours = importlib.import_module("xlcredit.hosts.classic.server")
        self.excel = ours.answering(self.server.XLPython)()

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a UDF as our VBA does."""
        return self.excel.CallUDF("xlcredit.hosts.classic.udfs", name, arguments)

    def call_through_xlwings(self, name: str, *arguments: Any) -> Any:
        """Call it as a connection would that xlwings itself has started."""
        return self.server.XLPython().CallUDF("xlcredit.hosts.classic.udfs", name, arguments)

    def vba(self) -> str:
        """The wrappers that xlwings itself would write for the module."""
        out = io.StringIO()
        book = SimpleNamespace(Name="xlcredit.xlam")
        self.udfs.generate_vba_wrapper("xlcredit.hosts.classic.udfs", self.classic, out, book)
        return out.getvalue()


@contextmanager
def windows() -> Iterator[Windows]:
    """Stand in for Windows; everything is as before afterwards."""
    stand_ins = _pywin32() | {"xlwings._xlwindows": _xlwindows()}
    kept = {name: sys.modules.pop(name, None) for name in FRESH}
    decorators = xlwings.func, xlwings.arg, xlwings.ret
    engines = mock.patch.dict(xlwings.engines.engines_by_name)
    with mock.patch.dict(sys.modules, stand_ins), engines:
        windows_part = stand_ins["xlwings._xlwindows"]
        vars(xlwings)["_xlwindows"] = windows_part
        engine = xlwings.main.Engine(impl=windows_part.Engine())
        xlwings.engines.engines_by_name["excel"] = engine
        try:
            stood_in = Windows()
            yield stood_in
            stood_in.server.loop.close()
        finally:
            del vars(xlwings)["_xlwindows"]
            xlwings.func, xlwings.arg, xlwings.ret = decorators
    for name, module in kept.items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module


def _pywin32() -> dict[str, ModuleType]:
    names = """pythoncom pywintypes win32api win32event win32com win32com.client win32com.server
               win32com.server.dispatcher win32com.server.policy win32com.server.util"""
    modules = {name: ModuleType(name) for name in names.split()}
    for name, module in modules.items():
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(modules[parent], child, module)
    dispatch = object()
    modules["pythoncom"].__dict__.update(
        CoInitialize=lambda: None,
        IID_IDispatch=dispatch,
        TypeIIDs={dispatch: type("PyIDispatch", (), {})},
    )
    modules["pywintypes"].__dict__.update(com_error=type("com_error", (Exception,), {}))
    modules["win32com.client"].__dict__.update(Dispatch=lambda thing, **_: thing)
    return modules


def _xlwindows() -> ModuleType:
    """The parts of xlwings' Windows engine that a UDF call meets, compiled from its own source."""
    wanted = {"Engine", "Range", "_clean_value_data_element", "cell_errors", "is_range_instance"}
    wanted |= {"Apps", "App", "Books", "Book", "Sheets", "Sheet"}
    source = Path(xlwings.__file__).with_name("_xlwindows.py").read_text(encoding="utf-8")
    module = ModuleType("xlwings._xlwindows")
    module.__dict__.update(
        np=np,
        pd=pd,
        missing=object(),
        base_classes=xlwings.base_classes,
        time_types=(datetime.date, datetime.datetime),
        _com_time_to_datetime=lambda value, _build: value,
        _datetime_to_com_time=lambda value: value,
        pythoncom=SimpleNamespace(CoInitialize=lambda: None),
        pywintypes=SimpleNamespace(com_error=LookupError),
        win32process=SimpleNamespace(GetWindowThreadProcessId=lambda window: (0, window)),
        COMRetryObjectWrapper=lambda thing: thing,
        DispatchEx=_dispatched,
    )
    for node in ast.parse(source).body:
        targets = getattr(node, "targets", [node])
        if getattr(targets[0], "name", getattr(targets[0], "id", "")) in wanted:
            exec(compile(ast.Module([node], []), "_xlwindows", "exec"), module.__dict__)
    vars(module)["engine"] = vars(module)["Engine"]()
    return module


def _dispatched(name: str) -> Any:
    """Start the program of that name."""
    from tests.hosts.application import Application

    assert name == "Excel.Application"
    return Application()


def to_windows(cell: Any) -> Any:
    """An argument as pywin32 hands it over: rows of tuples, floats, serials, error integers."""
    if isinstance(cell, dict):
        cell = [list(pair) for pair in cell.items()]
    if isinstance(cell, list):
        rows = cell if isinstance(cell[0], list) else [[c] for c in cell]
        return tuple(tuple(map(to_windows, row)) for row in rows)
    if isinstance(cell, CellError):
        return SCODES[cell.code]
    if isinstance(cell, datetime.date):
        return float((cell - EPOCH).days)
    return float(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell


def shown(answer: Any) -> Any:
    """What the server must give back for an answer: marked errors, serials, one row flat."""
    if not isinstance(answer, list):
        if isinstance(answer, CellError):
            return "#XLC:" + answer.code.removeprefix("#")
        return float((answer - EPOCH).days) if isinstance(answer, datetime.date) else answer
    rows = [[shown(cell) for cell in row] for row in answer]
    return rows[0] if len(rows) == 1 else rows
