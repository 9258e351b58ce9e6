"""The VBA module of the add-in, written from the registry.

It exists because xlwings' own wrapper cannot return an error value (xlwings#776): there, an
error is text, and in Excel any text is greater than any covenant. It also passes
``Range.Value2`` rather than ranges, which Python would have to ask back for (xlwings#397), and
keeps the connection instead of reading its settings at every call (xlwings#1976).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from xlcredit.functions import Function
from xlcredit.hosts.classic.com import ERROR_NUMBERS, MARK
from xlcredit.worksheet.explain import argument_help

__all__ = ["MODULE", "vba_module"]

#: Name of the VBA module: ``=XLCREDIT.XLC_DSCR(...)`` is a legal formula, too.
MODULE = "XLCREDIT"
#: Excel refuses longer help, and the wizard shows no more.
_LONGEST = 255

_HEAD = f"""\
Attribute VB_Name = "{MODULE}"
' Written by xlcredit from its registry; changes will be lost.
Option Explicit

Private xlcPython As Object
"""

_TAIL = """
Private Function XlcCall(ByVal xlcName As String, ByVal xlcArguments As Variant) As Variant
    Dim fresh As Boolean
    On Error GoTo Failed
Again:
    fresh = xlcPython Is Nothing
    If fresh Then Set xlcPython = XLPy
    XlcCall = XlcResult(xlcPython.CallUDF("xlcredit.hosts.classic.udfs", xlcName, xlcArguments))
    Exit Function
Failed:
    Set xlcPython = Nothing
    If Not fresh Then
        Resume Again ' the server had been stopped: start it once more
    End If
    XlcCall = CVErr({value})
End Function

' A value to send: Value2, so that Python need not call back, and dates are serials.
Private Function XlcValue(Optional x As Variant) As Variant
    If IsMissing(x) Then
        XlcValue = Empty
    ElseIf TypeName(x) <> "Range" Then
        XlcValue = x
    ElseIf x.Areas.Count > 1 Then
        XlcValue = CVErr({value}) ' Value2 would read the first area only
    Else
        XlcValue = x.Value2
    End If
End Function

' Cells to send with their address: XLC_WHY asks what is behind them.
Private Function XlcCell(Optional x As Variant) As Variant
    If TypeName(x) = "Range" Then
        XlcCell = Array(XlcValue(x), XlcAddress(x.Cells(1, 1)))
    Else
        XlcCell = XlcValue(x)
    End If
End Function

' Where the formula stands: reasons are kept by it. Empty when VBA code or a chart calls.
Private Function XlcCaller() As String
    If TypeName(Application.Caller) = "Range" Then
        XlcCaller = XlcAddress(Application.Caller.Cells(1, 1))
    End If
End Function

Private Function XlcAddress(ByVal xlcRange As Object) As String
    XlcAddress = xlcRange.Address(True, True, {r1c1}, True)
End Function

' What the cell shows: marked text becomes the error value that it stands for.
Private Function XlcResult(ByVal answer As Variant) As Variant
    Dim i As Long, j As Long
    Select Case XlcDimensions(answer)
    Case 0
        answer = XlcError(answer)
    Case 1
        For i = LBound(answer) To UBound(answer)
            If VarType(answer(i)) = vbString Then answer(i) = XlcError(answer(i))
        Next i
    Case Else
        For i = LBound(answer, 1) To UBound(answer, 1)
            For j = LBound(answer, 2) To UBound(answer, 2)
                If VarType(answer(i, j)) = vbString Then answer(i, j) = XlcError(answer(i, j))
            Next j
        Next i
    End Select
    XlcResult = answer
End Function

Private Function XlcError(ByVal answer As Variant) As Variant
    XlcError = answer
    If VarType(answer) <> vbString Then Exit Function
    If Left$(answer, {length}) <> "{mark}" Then Exit Function
    Select Case Mid$(answer, {length} + 1)
{cases}
    Case Else: XlcError = CVErr({value})
    End Select
End Function

Private Function XlcDimensions(answer As Variant) As Long
    Dim dimensions As Long, bound As Long
    If Not IsArray(answer) Then Exit Function
    On Error GoTo Counted
    Do
        bound = UBound(answer, dimensions + 1)
        dimensions = dimensions + 1
    Loop
Counted:
    XlcDimensions = dimensions
End Function

' Help for the function wizard. Excel refuses it for a hidden workbook, and an add-in is one.
Public Sub XlcreditDescribe()
    Dim hidden As Boolean
    hidden = ThisWorkbook.IsAddin
    Application.ScreenUpdating = False
    On Error Resume Next
    ThisWorkbook.IsAddin = False
{describe}
    ThisWorkbook.IsAddin = hidden
    ThisWorkbook.Saved = True
    Application.ScreenUpdating = True
End Sub

' Stop the Python server; the next formula starts it again.
Public Sub XlcreditRestart()
    Set xlcPython = Nothing
    KillPy
End Sub
"""


def vba_module(registry: Mapping[str, Function]) -> str:
    """Write the VBA module that gives Excel the worksheet functions.

    Parameters
    ----------
    registry : mapping
        Worksheet functions by name, for example :data:`xlcredit.functions.REGISTRY`.

    Returns
    -------
    str
        The text of ``XLCREDIT.bas``: ASCII, with Windows line ends. It needs beside it
        the module of :mod:`xlcredit.hosts.classic.addin.connection`, which reaches Python.
    """
    categories = [list(group) for _, group in groupby(registry.values(), lambda f: f.category)]
    subs = [f"XlcDescribe{number}" for number in range(1, len(categories) + 1)]
    cases = (
        f'    Case "{code[1:]}": XlcError = CVErr({number})'
        for code, number in ERROR_NUMBERS.items()
    )
    tail = _TAIL.format(
        value=ERROR_NUMBERS["#VALUE!"],
        r1c1=-4150,
        mark=MARK,
        length=len(MARK),
        cases="\n".join(cases),
        describe="\n".join(f"    {sub}" for sub in subs),
    )
    lines = [_HEAD]
    for function in registry.values():
        lines += _wrapper(function)
    lines.append(tail)
    for sub, functions in zip(subs, categories, strict=True):
        lines += _descriptions(sub, functions)
    return "\n".join(lines).replace("\n", "\r\n")


def _wrapper(function: Function) -> Iterator[str]:
    """One function as the sheet calls it: blanks and ranges sorted out, the caller sent along."""
    declared = ", ".join(p.vba if p.required else f"Optional {p.vba}" for p in function.parameters)
    readers = {"cell": "XlcCell"}
    sent = [f"{readers.get(p.kind, 'XlcValue')}({p.vba})" for p in function.parameters]
    if sent:  # xlwings' server has no place for an argument of a function that takes none
        sent.append("XlcCaller()")
    yield f"Public Function {function.name}({declared}) As Variant"
    yield f"Attribute {function.name}.VB_Description = {_text(function.summary)}"
    yield f'    {function.name} = XlcCall("{function.name}", Array({", ".join(sent)}))'
    yield "End Function"
    yield ""


def _descriptions(sub: str, functions: Iterable[Function]) -> Iterator[str]:
    """One procedure a category: all of them in one would be too large for VBA."""
    yield f"Private Sub {sub}()"
    for function in functions:
        yield f'    Application.MacroOptions Macro:="{function.name}", _'
        yield f"        Description:={_text(function.summary)}, _"
        if function.parameters:
            texts = ", _\n            ".join(map(_text, argument_help(function).values()))
            yield f"        ArgumentDescriptions:=Array({texts}), _"
        yield f"        Category:={_text(function.category)}"
    yield "End Sub"
    yield ""


#: VBA source is in the code page of whoever opens it; these have a plain form.
_PLAIN = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "·": "*", "×": "x", "’": "'", "“": '"', "”": '"'}
)


def _text(text: str) -> str:
    """Return a VBA string literal: plain letters, quotes doubled, as long as help may be."""
    plain = text.translate(_PLAIN).encode("ascii", "replace").decode("ascii")
    return '"' + plain[:_LONGEST].replace('"', '""') + '"'
