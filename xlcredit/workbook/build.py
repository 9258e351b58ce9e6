"""Build a term-sheet workbook from a template and a deal: the same deal, the same bytes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.workbook.defined_name import DefinedName

from xlcredit._version import __version__
from xlcredit.deals.deal import Deal
from xlcredit.deals.template import Template
from xlcredit.errors import FormulaError
from xlcredit.ooxml.place import quoted
from xlcredit.workbook import style
from xlcredit.workbook.circles import find_circle
from xlcredit.workbook.draft import Draft, Page, protect
from xlcredit.workbook.native import native
from xlcredit.workbook.pages.annual import AnnualPage
from xlcredit.workbook.pages.audit import AuditPage, ChecksPage
from xlcredit.workbook.pages.compliance import CompliancePage
from xlcredit.workbook.pages.curves import CurvesPage, with_curves
from xlcredit.workbook.pages.functions import FunctionsPage
from xlcredit.workbook.pages.inputs import InputsPage
from xlcredit.workbook.pages.monthly import MonthlyPage
from xlcredit.workbook.pages.sources import SourcesPage
from xlcredit.workbook.pages.stress import StressPage
from xlcredit.workbook.pages.summary import SummaryPage
from xlcredit.workbook.pages.term_sheet import TermSheetPage
from xlcredit.workbook.places import Places
from xlcredit.workbook.saving import saved
from xlcredit.workbook.tables.verdicts import FROZEN, TESTED

__all__ = ["build"]


def build(
    template: Template,
    deal: Deal,
    frozen: Mapping[tuple[str, int, int], Any] | None = None,
) -> bytes:
    """Build the workbook, without values: recalculate it to store them.

    Parameters
    ----------
    template : Template
        What stands in the workbook.
    deal : Deal
        The inputs, filled.
    frozen : mapping, optional
        For a copy that lives without the add-in: what the cells of the usual workbook show, by
        sheet, row and column. Native formulas take the place of worksheet functions, and these
        values where there are none.

    Returns
    -------
    bytes
        An ``.xlsx`` file; the same template and deal give the same bytes.

    Raises
    ------
    DealError
        A formula of the template names something that does not exist.
    """
    if frozen is not None:
        template = native(template)
    curves = [CurvesPage(template)] if template.own_rows else []
    template = with_curves(template)
    tests = (*template.covenant, *template.test, *template.certificate)
    verdicts = {test.name for test in tests}
    book = Draft(template, deal, Workbook(), Places(template.months, verdicts=verdicts), frozen)
    pages = _pages(template, curves)
    book.places.sheets = [page.name for page in pages]
    for page in pages:
        page.place(book)
    book.workbook.remove(book.workbook.worksheets[0])
    try:
        for page in pages:
            sheet = book.workbook.create_sheet(page.name)
            page.write(book, sheet)
            style.paint_whole_months(sheet)
            protect(sheet)
    finally:  # what else goes wrong follows from them
        book.places.refuse_mistakes()
    _refuse_circles(book)
    _define_names(book)
    _describe(book)
    return saved(book.workbook, book.deal.as_of)


def _pages(template: Template, curves: list[CurvesPage]) -> list[Page]:
    return [
        TermSheetPage(),
        SummaryPage(),
        *([AnnualPage()] if template.annual else []),
        *([CompliancePage()] if template.compliance else []),
        InputsPage(),
        *curves,
        *(MonthlyPage(sheet) for sheet in template.sheet),
        StressPage(),
        *([AuditPage()] if template.twin else []),
        ChecksPage(),
        SourcesPage(),
        FunctionsPage(),
    ]


def _refuse_circles(book: Draft) -> None:
    """Stop at formulas that read themselves, by the names that the template has for them."""
    circle = find_circle(book.workbook, book.places.cells)
    if not circle:
        return
    named = {place: name for name, place in book.places.cells.items()}
    rows = {(place.sheet, place.row): name for name, place in book.places.rows.items()}
    names = [named.get(p) or rows.get((p.sheet, p.row)) or str(p) for p in circle]
    names = [name for at, name in enumerate(names) if at == 0 or name != names[at - 1]]
    first = names[0]
    told = f"{first} reads " + ", which reads ".join([*names[1:], first])
    remedy = f"read the month before, {{{first}.prev}}" if first in rows.values() else "break it"
    raise FormulaError(f"{told}: a circle; {remedy}", f'name = "{first}"')


def _define_names(book: Draft) -> None:
    names = book.workbook.defined_names
    for name, place in sorted(book.places.cells.items()):
        address = f"{quoted(place.sheet)}!{place.absolute}"
        names[name] = DefinedName(name, attr_text=address, comment=book.units[name])
        if place in book.kept and name.endswith(TESTED):  # else it would read as typed over
            names[f"{name}{FROZEN}"] = DefinedName(f"{name}{FROZEN}", attr_text=address)
    for name, area in sorted(book.areas.items()):
        names[name] = DefinedName(name, attr_text=area)


def _describe(book: Draft) -> None:
    """Stamp the workbook with what made it."""
    properties = book.workbook.properties
    properties.creator = f"xlcredit {__version__}"
    properties.title = f"{book.deal.name}: {book.template.title}"
    properties.created = datetime.datetime.combine(book.deal.as_of, datetime.time())
    for name, value in (
        ("xlcredit version", __version__),
        ("xlcredit template", book.template.name),
        ("xlcredit deal", book.deal.name),
    ):
        book.workbook.custom_doc_props.append(StringProperty(name=name, value=value))
