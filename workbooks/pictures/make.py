"""The pictures of the README, made from the workbooks that are committed beside them.

    .venv/bin/python workbooks/pictures/make.py

LibreOffice prints the Summary to a PDF and pdftoppm makes its pages pictures; the terminal is
what ``xlcredit show`` prints, drawn by rich. Each picture holds the hash of the workbook from
which it was made, and a test holds it to the workbook.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from rich.console import Console
from rich.text import Text

from xlcredit.files import replace_file
from xlcredit.recalc.libreoffice import LibreOffice

__all__ = ["PICTURES", "WORKBOOK", "hash_in", "hash_of"]

HERE = Path(__file__).parent
WORKBOOK = HERE.parent / "gpu-term-loan.xlsx"
#: Each picture and the page of the workbook that it shows, by how the page begins.
_PAGES = {"summary.png": r"[^\n]*: summary\n", "charts.png": r"Charts\n"}
_TERMINAL = "terminal.svg"
PICTURES = [*_PAGES, _TERMINAL]
#: Dots of an inch, and what of a page is not margin, in dots.
_RESOLUTION, _WINDOW = 96, (40, 48, 940, 660)
_COLUMNS = 112
_KEYWORD = b"xlcredit-sha256"


def main() -> None:
    """Make all pictures, or none."""
    seal = hash_of(WORKBOOK)
    with tempfile.TemporaryDirectory() as scratch:
        pdf = Path(scratch) / "book.pdf"
        with LibreOffice(recalculates=False) as office:
            office.pdf(WORKBOOK, pdf)
        made = {name: with_hash(page(pdf, begins), seal) for name, begins in _PAGES.items()}
    made[_TERMINAL] = f"<!-- {_KEYWORD.decode()} {seal} -->\n{terminal()}".encode()
    for name, content in made.items():
        replace_file(HERE / name, content)
        print(f"{HERE / name}: {len(content) / 1000:,.0f} kB")


def page(pdf: Path, begins: str) -> bytes:
    """Draw the first page whose text begins so."""
    text = run("pdftotext", str(pdf), "-").decode()
    number = next(n for n, t in enumerate(text.split("\f"), 1) if re.match(begins, t))
    x, y, width, height = map(str, _WINDOW)
    window = ["-x", x, "-y", y, "-W", width, "-H", height]
    return run(
        "pdftoppm", "-r", str(_RESOLUTION), "-f", str(number), "-l", str(number), *window,
        "-png", str(pdf),
    )  # fmt: skip


def terminal() -> str:
    """Draw what ``xlcredit show`` prints."""
    environment = {
        **os.environ,
        "FORCE_COLOR": "1",
        "COLUMNS": str(_COLUMNS),
        "TERM": "xterm-256color",
    }
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "xlcredit", "show", str(WORKBOOK)]
    shown = run(*command, environment=environment).decode()
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown.strip("\n")))
    svg = console.export_svg(title=f"xlcredit show {WORKBOOK.name}", unique_id="xlcredit")
    # a picture fetches nothing: the reader's own monospaced font does
    return re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)


def run(*command: str, environment: dict[str, str] | None = None) -> bytes:
    """Run a program and give what it prints."""
    return subprocess.run(command, capture_output=True, check=True, env=environment).stdout


def hash_of(path: Path) -> str:
    """Give the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def with_hash(png: bytes, seal: str) -> bytes:
    """Put the hash into a picture, as a text chunk behind its header."""
    body = _KEYWORD + b"\0" + seal.encode()
    chunk = struct.pack(">I", len(body)) + b"tEXt" + body
    chunk += struct.pack(">I", zlib.crc32(b"tEXt" + body))
    header = 8 + 25  # the signature and the chunk IHDR
    return png[:header] + chunk + png[header:]


def hash_in(picture: bytes) -> str:
    """Give the hash that a picture holds; empty where it holds none."""
    found = re.search(_KEYWORD + rb"[\0 ]([0-9a-f]{64})", picture)
    return found[1].decode() if found else ""


if __name__ == "__main__":
    main()
