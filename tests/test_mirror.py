"""Where the test of a module is: in a file of its name, in its room; the exceptions stand here."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "xlcredit"

#: Folders whose modules are parts of one thing, and where that is tested from outside.
TOGETHER = {
    "cli": "cli/test_cli.py",  # a file a command; each is run as people run it
    "functions": "functions/test_contract.py",  # one contract for every worksheet function
    "hosts/classic": "hosts/test_classic.py",
    "hosts/classic/addin": "hosts/test_addin.py",
    "hosts/libreoffice": "hosts/libreoffice/test_host.py",
    "hosts/officejs": "hosts/officejs/test_functions.py",
    "models/kernels": "models/test_kernels.py",
    "portfolio": "portfolio/test_portfolio.py",
    "recalc": "recalc/test_excel_values.py",  # what Excel gives, and two engines against it
    "workbook/lint": "workbook/test_lint.py",
    "workbook/pages": "workbook/test_structure.py",
    "workbook/sensitivity": "workbook/test_sensitivity.py",
    "workbook/tables": "workbook/test_stress.py",
}
#: Modules that are tested with another.
WITH = {
    "cli/test_cli.py": "deals/samples",
    "cli/test_json.py": "deals/schema",
    "cli/test_signals.py": "hosts/installation",
    "cli/test_simulate.py": "deals/quotes",
    "deals/test_authors.py": "deals/mistakes deals/rows workbook/authoring "
    "workbook/circles workbook/grammar",
    "deals/test_checking.py": "deals/cases deals/exhibits deals/marks deals/template deals/values",
    "deals/test_series.py": "deals/write",
    "functions/test_page.py": "worksheet/explain",
    "functions/test_reference.py": "models/curves models/ties",
    "hostile/test_faults.py": "files",
    "hosts/test_doctor.py": "hosts/policies",
    "models/test_joint.py": "models/joint_loan models/joint_lots models/joint_paths",
    "models/test_loan.py": "models/lender models/loan_state models/loan_step models/loan_terms",
    "models/test_simulation.py": "models/simulated_loan",
    "ooxml/test_book.py": "ooxml/elements",
    "ooxml/test_package.py": "ooxml/archive",
    "ooxml/test_patch.py": "ooxml/sheet ooxml/tags",
    "workbook/test_compare.py": "workbook/life/stamp",
    "workbook/test_dashboard.py": "workbook/covenants workbook/places",
    "workbook/test_plausible.py": "worksheet/bands",
    "workbook/test_sensitivity.py": "workbook/export workbook/saving",
    "workbook/test_session.py": "workbook/frames",
    "workbook/test_simulation.py": "workbook/calibrated workbook/making workbook/simulated "
    "workbook/simulation_charts",
    "workbook/test_structure.py": "workbook/build workbook/charts workbook/draft "
    "workbook/pictures workbook/style",
}
NAMED = {module: file for file, modules in WITH.items() for module in modules.split()}


def modules() -> list[str]:
    """Each module by its path, without those that say nothing of their own."""
    paths = (path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py"))
    return sorted(p.as_posix() for p in paths if p.name not in ("__init__", "__main__", "_version"))


def own(module: str) -> list[Path]:
    """The test files of a module's name, anywhere in its room."""
    room, _, rest = module.partition("/")
    name = f"test_{Path(module).name.lstrip('_')}.py"
    return list((TESTS / room).rglob(name)) if rest else list(TESTS.glob(name))


@pytest.mark.parametrize("module", modules())
def test_a_module_has_a_test_of_its_name_or_says_where(module: str) -> None:
    stated = NAMED.get(module) or TOGETHER.get(str(Path(module).parent))
    assert own(module) or stated, f"write tests/.../test_{Path(module).name}.py"
    if module in NAMED:
        assert not own(module), f"{module} has a test of its name: take it from the list"


@pytest.mark.parametrize("file", sorted({*WITH, *TOGETHER.values()}))
def test_what_is_stated_exists(file: str) -> None:
    assert (TESTS / file).is_file()
    stale = [module for module in WITH.get(file, "").split() if module not in modules()]
    assert not stale, f"take from the list: {stale}"


def test_no_test_file_is_empty() -> None:
    for path in TESTS.rglob("test_*.py"):
        assert "\ndef test_" in path.read_text("utf-8") or "    def test_" in path.read_text(), path
