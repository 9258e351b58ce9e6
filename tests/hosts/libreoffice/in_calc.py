"""What only UNO can tell of the add-in in Calc; runs under the Python that has ``uno``.

Arguments: where ``_soffice.py`` is, a workbook, and where to save it. Prints one JSON object.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])
from _soffice import Office


def wizard(office: Office, context: Any) -> dict[str, Any]:
    """The functions as the wizard lists them; asked first, before any cell has called one."""
    manager = context.ServiceManager
    listed = manager.createInstanceWithContext("com.sun.star.sheet.FunctionDescriptions", context)
    found = {}
    for position in range(listed.Count):
        told = {p.Name: p.Value for p in listed.getByIndex(position)}
        if told["Name"].startswith("XLC_"):
            arguments = [[a.Name, a.Description] for a in told["Arguments"] or ()]
            found[told["Name"]] = {"help": told["Description"], "arguments": arguments}
    return found


def main() -> None:
    class Kept(Office):
        def connect(self, address: str) -> Any:
            self.context = super().connect(address)
            return self.context

    office = Kept("soffice", recalculates=True)
    try:
        told = {"wizard": wizard(office, office.context)}
        with office.opened(sys.argv[2], {}) as document:
            as_xlsx = office.options(FilterName="Calc MS Excel 2007 XML")
            document.storeToURL(office.url(Path(sys.argv[3])), as_xlsx)
        print(json.dumps(told))
    finally:
        office.close()


main()
