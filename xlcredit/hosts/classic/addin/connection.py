"""The VBA module that connects Excel to Python, through the library that xlwings brings along.

xlwings' own module asks the active workbook, and a file beside it, which Python to start; then a
workbook sent by a stranger could name a program of its own. It also writes the workbook's name
into the command, so that a server started from one workbook is not stopped from another. Here
the command is always the same: the interpreter that the add-in was built for, no matter which
workbook is open, and nothing is imported from the current folder.
"""

from __future__ import annotations

import re

from xlcredit.errors import HostError

__all__ = ["MODULE", "SETTINGS", "connection"]

#: Name of the VBA module.
MODULE = "XlcreditServer"
#: The add-in's sheet that tells which Python to start; VBA source could not hold every path.
SETTINGS = "xlcredit.conf"

#: How xlwings declares the function of its library; ours must agree with it to the letter.
_DECLARED = (
    "Declare PtrSafe Function XLPyDLLActivateAuto Lib "
    '"(xlwings{bits}-[^"]+\\.dll)" (\\(ByRef Result As Variant, Optional ByVal Config As String '
    '= "", Optional ByVal mode As Long = 1\\) As Long)'
)

_TEXT = """\
Attribute VB_Name = "{module}"
' Written by xlcredit; changes will be lost.
Option Explicit
Option Private Module

#If Win64 Then
    Private Const xlcLibrary As String = "{wide}"
    Private Declare PtrSafe Function XLPyDLLActivateAuto Lib "{wide}" {signature}
#Else
    Private Const xlcLibrary As String = "{narrow}"
    Private Declare PtrSafe Function XLPyDLLActivateAuto Lib "{narrow}" {signature}
#End If
Private Declare PtrSafe Function LoadLibrary Lib "KERNEL32" Alias "LoadLibraryA" _
    (ByVal path As String) As LongPtr
Private xlcWait As Date

' The Python server; it starts if it does not run.
Public Function XLPy() As Object
    Dim answer As Variant
    If Now < xlcWait Then Err.Raise 1000, Description:="Python did not start"
    XlcLoad
    If XLPyDLLActivateAuto(answer, XlcCommand, 1) <> 0 Then
        xlcWait = Now + TimeSerial(0, 0, 10) ' else every cell of a sheet would try again
        Err.Raise 1000, Description:=answer
    End If
    Set XLPy = answer
End Function

' Stop the Python server.
Public Sub KillPy()
    Dim answer As Variant
    xlcWait = 0
    XlcLoad
    If XLPyDLLActivateAuto(answer, XlcCommand, -1) <> 0 Then Err.Raise 1000, Description:=answer
End Sub

' Load the library from where it is: then Windows need not look for it.
Private Sub XlcLoad()
    Dim path As String
    path = XlcSetting(2) & "\\" & xlcLibrary
    If LoadLibrary(path) = 0 Then
        Err.Raise 53, Description:=path & " cannot be loaded; run: xlcredit excel doctor"
    End If
End Sub

' No shell between: if Python ends with an error, Excel learns of it and does not wait.
Private Function XlcCommand() As String
    XlcCommand = Chr$(34) & XlcSetting(1) & Chr$(34) & " -P -c " & Chr$(34) & _
        "from xlcredit.hosts.classic.server import serve; serve('$(CLSID)')" & Chr$(34)
End Function

' Of this add-in, never of the workbook that is open.
Private Function XlcSetting(ByVal row As Long) As String
    XlcSetting = ThisWorkbook.Worksheets("{settings}").Cells(row, 2).Value
End Function
"""


def connection(theirs: str) -> str:
    """Write the module for the version of xlwings that is installed.

    Parameters
    ----------
    theirs : str
        xlwings' own VBA module, which names its libraries and declares their function.

    Returns
    -------
    str
        The module, with Windows line ends; it offers ``XLPy`` and ``KillPy`` to the add-in.

    Raises
    ------
    HostError
        If xlwings declares the function in another way.
    """
    wide = re.search(_DECLARED.format(bits=64), theirs)
    narrow = re.search(_DECLARED.format(bits=32), theirs)
    if not (wide and narrow):
        raise HostError("the installed xlwings calls its library in a way unknown to xlcredit")
    text = _TEXT.format(
        module=MODULE, settings=SETTINGS, wide=wide[1], narrow=narrow[1], signature=wide[2]
    )
    return text.replace("\n", "\r\n")
