"""Help while typing: the document that Excel-DNA IntelliSense looks for inside the add-in."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

from tests.functions.cases import every_function
from xlcredit.functions import REGISTRY, Function
from xlcredit.hosts.classic import addin
from xlcredit.hosts.classic.intellisense import NAMESPACE, intellisense
from xlcredit.worksheet.explain import argument_help

#: As XmlSerializer of Excel-DNA IntelliSense declares them; anything else it would ignore.
FUNCTION = f"{{{NAMESPACE}}}Function"
ARGUMENT = f"{{{NAMESPACE}}}Argument"
ROOT = ElementTree.fromstring(intellisense(REGISTRY))
ENTRIES = {entry.attrib["Name"]: entry for entry in ROOT.iter(FUNCTION)}


def test_the_document_has_the_form_that_is_read() -> None:
    assert ROOT.tag == f"{{{NAMESPACE}}}IntelliSense"
    (information,) = ROOT
    assert information.tag == f"{{{NAMESPACE}}}FunctionInfo"
    assert [entry.tag for entry in information] == [FUNCTION] * len(REGISTRY)
    assert list(ENTRIES) == list(REGISTRY)


@every_function
def test_a_function_is_told_as_its_docstring_tells_it(function: Function) -> None:
    entry = ENTRIES[function.name]
    assert entry.attrib["Description"] == function.summary
    assert [argument.tag for argument in entry] == [ARGUMENT] * len(function.parameters)
    told = {a.attrib["Name"].strip("[]"): a.attrib["Description"] for a in entry}
    assert list(told) == [p.vba for p in function.parameters]
    assert list(told.values()) == list(argument_help(function).values())
    assert all(told.values())
    optional = [a.attrib["Name"].startswith("[") for a in entry]
    assert optional == [not p.required for p in function.parameters]


def test_signs_that_xml_keeps_for_itself_survive() -> None:
    def XLC_ODD() -> float:
        """Fewer than <5> & more. ["x"]"""
        return 0.0

    odd = Function("XLC_ODD", "odd", XLC_ODD)
    (entry,) = ElementTree.fromstring(intellisense({"XLC_ODD": odd})).iter(FUNCTION)
    assert entry.attrib["Description"] == 'Fewer than <5> & more. ["x"]'


def test_the_add_in_carries_it_where_excel_finds_custom_parts() -> None:
    with zipfile.ZipFile(io.BytesIO(addin.build())) as archive:
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        targets = [r.get("Target") for r in relations if str(r.get("Type")).endswith("/customXml")]
        assert targets == ["../customXml/item1.xml"]
        assert archive.read("customXml/item1.xml") == intellisense(REGISTRY)
        about = ElementTree.fromstring(archive.read("customXml/itemProps1.xml"))
        assert NAMESPACE in [e.get(next(iter(e.keys()), "")) for e in about.iter()]
