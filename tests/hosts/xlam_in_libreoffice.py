"""Open an add-in in LibreOffice and show what it finds in it: modules, settings, title.

Runs under the Python that has ``uno``; the argument is the file; prints one JSON object.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import uno
from vba_in_libreoffice import office


def main() -> None:
    """Read the file named on the command line."""
    with office() as desktop:
        print(json.dumps(contents(desktop, Path(sys.argv[1]))))


def contents(desktop: object, file: Path) -> dict[str, object]:
    """Open without running anything, and read."""
    options = {"Hidden": True, "FilterName": "Calc MS Excel 2007 VBA XML"}
    properties = tuple(
        uno.createUnoStruct("com.sun.star.beans.PropertyValue", name, 0, value, 0)
        for name, value in options.items()
    )
    book = desktop.loadComponentFromURL(file.as_uri(), "_blank", 0, properties)
    libraries = book.BasicLibraries
    modules = {
        module: libraries.getByName(library).getByName(module)
        for library in libraries.ElementNames
        for module in libraries.getByName(library).ElementNames
    }
    sheet = book.Sheets.getByIndex(0)
    found = {
        "libraries": list(libraries.ElementNames),
        "modules": modules,
        "sheet": sheet.Name,
        "cells": [[sheet.getCellByPosition(c, r).String for c in range(2)] for r in range(4)],
        "title": book.DocumentProperties.Title,
    }
    book.close(True)
    return found


if __name__ == "__main__":
    main()
