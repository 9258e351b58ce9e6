"""xlwings' own Office.js dispatcher, called as its hosts call it; a program of its own.

Reads cases on stdin and prints what became of them. With ``browser`` as argument, headless
Chromium stands between: it runs ``excel.js``, which registers the functions from xlwings' own
metadata and calls back over HTTP.

It is a program of its own because xlwings looks for its licence key as it is imported. The
dispatcher is under PolyForm Noncommercial 1.0.0, which allows tests of free software; the key
that says so is set by ``run`` below, for this process alone, and never by xlcredit itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGE = "<!doctype html><meta charset=utf-8><script src=/excel.js></script><script>main()</script>"


def run(cases: list[dict[str, Any]], *options: str) -> dict[str, Any]:
    """Run cases (name, blocks, address) in a process that holds the noncommercial key."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hosts.officejs.dispatcher", *options],
        input=json.dumps(cases),
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
        cwd=ROOT,
        env=os.environ | {"XLWINGS_LICENSE_KEY": "noncommercial"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def call(body: dict[str, Any]) -> dict[str, Any]:
    """What xlwings Server and Lite do with a request of their task pane."""
    from xlwings import server

    from xlcredit.hosts.officejs import functions

    address = body["caller_address"]
    told = {
        "client": "Office.js",
        "session_id": "test",
        "culture_info_name": "en-US",
        "date_format": "m/d/yyyy",
        "version": "test",
        "runtime": "1.4",
    }
    caller = {server.Caller: server.caller_from_address(address)}
    try:
        answer = asyncio.run(
            server.custom_functions_call(told | body, functions, typehint_to_value=caller)
        )
    except Exception as error:
        return {"error": str(error)}
    return {"result": answer}


def directly(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Call the dispatcher without a browser."""
    told = []
    for case in cases:
        arguments = [
            block and [[_given(c) for c in row] for row in block] for block in case["blocks"]
        ]
        body = {"func_name": case["name"], "args": arguments, "caller_address": case["address"]}
        # as JSON, for that is how it travels: NaN and NumPy's scalars do not
        answer = json.loads(json.dumps(call(body), allow_nan=False))
        if "error" in answer:
            told.append({"cells": [[{"error": "#VALUE!"}]], "hover": answer["error"]})
        else:
            told.append({"cells": [[_shown(c) for c in row] for row in answer["result"]]})
    return {"cases": told}


def _given(cell: Any) -> Any:
    return {"type": "Error", "basicValue": cell["error"]} if isinstance(cell, dict) else cell


def _shown(cell: Any) -> Any:
    from xlcredit.hosts.officejs.cells import ERROR_TYPES

    if isinstance(cell, dict) and cell["type"] == "Error":
        return {"error": next(c for c, name in ERROR_TYPES.items() if name == cell["errorType"])}
    return cell["basicValue"] if isinstance(cell, dict) else cell


def in_browser(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Let Chromium evaluate the cases."""
    from xlwings import server

    from xlcredit.hosts.officejs import functions

    done = threading.Event()
    told: dict[str, Any] = {}
    pages = {
        "/": PAGE.encode(),
        "/excel.js": (HERE / "excel.js").read_bytes(),
        "/meta": json.dumps(server.custom_functions_meta(functions)).encode(),
        "/cases": json.dumps(cases).encode(),
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece: otherwise each answer waits 40 ms

        def do_GET(self) -> None:
            self._send(pages.get(self.path, b""))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/done":
                told.update(body)
                self._send(b"{}")
                done.set()
            else:
                self._send(json.dumps(call(body), allow_nan=False).encode())

        def _send(self, content: bytes) -> None:
            script = self.path.endswith(".js")
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        address = f"http://127.0.0.1:{web.server_port}/"
        browser = subprocess.Popen(
            [str(CHROMIUM), *options, "--remote-debugging-port=0", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert done.wait(90), "Chromium did not finish"
        finally:
            browser.terminate()
            browser.wait(20)
    return told


if __name__ == "__main__":
    given = json.load(sys.stdin)
    print(json.dumps(in_browser(given) if "browser" in sys.argv else directly(given)))
