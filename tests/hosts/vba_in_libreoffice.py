"""Compile the VBA module in LibreOffice and show what its functions do there.

Runs under the Python that has ``uno``; reads the module on stdin, prints one JSON object.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uno

SOFFICE = ["soffice", "--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"]

#: In place of xlwings' module and its server: it answers with the arguments' number and a mark.
STAND_IN = """
Option VBASupport 1
Public Failures As Long
Function XLPy() As Object
    Set XLPy = New Server
End Function
Sub KillPy()
End Sub
Function Probe(which As Long) As Variant
    Dim block(1, 1) As Variant, line(2) As Variant
    block(0, 0) = 1.5 : block(0, 1) = "#XLC:N/A" : block(1, 0) = "text" : block(1, 1) = True
    line(0) = 1.5 : line(1) = "#XLC:DIV/0!" : line(2) = "#XLC:"
    Select Case which
    Case 0: Probe = Told(XlcResult(2.5))
    Case 1: Probe = Told(XlcResult("#XLC:NUM!"))
    Case 2: Probe = Told(XlcResult("#NUM!"))
    Case 3: Probe = Told(XlcResult(block)(0, 0)) & " " & Told(XlcResult(block)(0, 1))
    Case 4: Probe = Told(XlcResult(block)(1, 0)) & " " & Told(XlcResult(block)(1, 1))
    Case 5: Probe = Told(XlcResult(line)(0)) & " " & Told(XlcResult(line)(1)) & " " & Told(XlcResult(line)(2))
    Case 6: Probe = Told(XLC_RENT(2.5, 0.3, 12))
    Case 7: Probe = Told(XLC_RENT(13, 0.3, 12))
    Case 8: Probe = Told(XLC_VERSION())
    Case 9
        Failures = 1
        Probe = Told(XLC_VERSION())
    Case 10
        Failures = 2
        Probe = Told(XLC_VERSION())
    Case 11
        Failures = 1
        Probe = Told(XLC_VERSION())
    End Select
End Function
Function Told(x As Variant) As String
    If IsError(x) Then
        Told = "error " & CStr(CLng(x))
    Else
        Told = TypeName(x) & " " & CStr(x)
    End If
End Function
"""  # noqa: E501

SERVER = """
Option VBASupport 1
Option ClassModule
Public Function CallUDF(module As String, name As String, arguments As Variant) As Variant
    If Failures > 0 Then
        Failures = Failures - 1
        Err.Raise 429
    End If
    CallUDF = name & " of " & module & ", " & CStr(UBound(arguments) - LBound(arguments) + 1)
    If UBound(arguments) > 0 Then
        If arguments(0) = 13 Then CallUDF = "#XLC:NUM!"
    End If
End Function
"""


def main() -> None:
    """Run all probes and print what they told."""
    text = sys.stdin.read().replace("\r\n", "\n")
    text = text.replace("Private Function", "Public Function")  # for the probe to reach
    # attributes are of the file format; the editor, and LibreOffice's Basic, never see them
    lines = [line for line in text.split("\n") if not line.startswith("Attribute ")]
    with office() as desktop:
        print(json.dumps(probe(desktop, "\n".join(lines))))


@contextmanager
def office() -> Iterator[Any]:
    """The desktop of an office of its own, with a profile of its own."""
    with tempfile.TemporaryDirectory() as profile:
        pipe = "xlc" + uuid.uuid4().hex
        options = [
            f"-env:UserInstallation={Path(profile).as_uri()}",
            f"--accept=pipe,name={pipe};urp;",
        ]
        process = subprocess.Popen(
            [*SOFFICE, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            desktop = connect(pipe)
            yield desktop
            desktop.terminate()
            process.wait(20)
        finally:
            process.kill()


def connect(pipe: str) -> Any:
    """The desktop of the office that listens on a pipe."""
    local = uno.getComponentContext()
    create = local.ServiceManager.createInstanceWithContext
    resolver = create("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(600):
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:
            time.sleep(0.05)
        else:
            desktop = "com.sun.star.frame.Desktop"
            return context.ServiceManager.createInstanceWithContext(desktop, context)
    raise SystemExit("LibreOffice did not start")


def probe(desktop: Any, module: str) -> list[str]:
    """Put the modules into a new workbook and call each probe."""
    hidden = uno.createUnoStruct("com.sun.star.beans.PropertyValue", "Hidden", 0, True, 0)
    always = uno.createUnoStruct("com.sun.star.beans.PropertyValue", "MacroExecutionMode", 0, 4, 0)
    book = desktop.loadComponentFromURL("private:factory/scalc", "_blank", 0, (hidden, always))
    book.BasicLibraries.VBACompatibilityMode = True
    library = book.BasicLibraries.createLibrary("Add")
    book.BasicLibraries.loadLibrary("Add")
    library.insertByName("Server", SERVER)
    library.insertByName("XLCREDIT", "Option VBASupport 1\n" + module)
    library.insertByName("StandIn", STAND_IN)
    url = "vnd.sun.star.script:Add.StandIn.Probe?language=Basic&location=document"
    script = book.getScriptProvider().getScript(url)
    told = []
    for which in range(12):
        try:
            told.append(script.invoke((which,), (), ())[0])
        except Exception as error:
            told.append(f"failed: {error}"[:300])
    book.close(True)
    return told


if __name__ == "__main__":
    main()
