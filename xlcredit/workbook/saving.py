"""Save a workbook without the clock: the same cells, the same bytes."""

from __future__ import annotations

import datetime
import io
import re

from openpyxl import Workbook

from xlcredit.ooxml.package import Package, pack

__all__ = ["saved"]

_CORE = "docProps/core.xml"
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def saved(workbook: Workbook, date: datetime.date) -> bytes:
    """Save a workbook as of a date: openpyxl stamps the time into the zip and the properties."""
    raw = io.BytesIO()
    workbook.save(raw)
    package = Package(raw.getvalue())
    stamp = rb"\g<1>" + date.isoformat().encode() + b"T00:00:00Z"
    return pack(package, {_CORE: _MODIFIED.sub(stamp, package.read(_CORE), count=1)})
