"""Fixtures that every test shares."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from xlcredit.recalc import LibreOffice

if TYPE_CHECKING:
    from tests.workbook.conftest import Example

# Mistakes that tests make on purpose are none of the user's.
os.environ.setdefault("XLCREDIT_LOG", f"{tempfile.gettempdir()}/xlcredit-tests.log")

# A slow shared runner must not turn a property into a timeout; CI looks at more examples, at the
# same ones each time. Chance has its turn here, at night ("long") and in ``python -m tests.fuzz``.
settings.register_profile(
    "here", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "quick", parent=settings.get_profile("here"), max_examples=10, derandomize=True
)
settings.register_profile(
    "ci", parent=settings.get_profile("here"), max_examples=100, derandomize=True
)
settings.register_profile("long", parent=settings.get_profile("here"), max_examples=4_000)
chosen = "ci" if os.environ.get("CI") else "here"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", chosen))

#: What takes long to make, and whose tests therefore go to one process of ``-n auto`` together.
SHARED = {
    **dict.fromkeys(("office", "plain_office", "calc", "delegated", "lost"), "LibreOffice"),
    "example_of": "workbooks",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a file together, or of all files that share what takes long to make."""
    if not config.pluginmanager.hasplugin("xdist"):  # one process: together they are
        return
    for item in items:
        used = getattr(item, "fixturenames", ())
        shared = [group for name, group in SHARED.items() if name in used]
        group = (
            "LibreOffice"
            if item.get_closest_marker("libreoffice")
            else f"{item.path.parent.name}/{item.path.stem}"
        )
        item.add_marker(pytest.mark.xdist_group(shared[0] if shared else group))


def _running(*, recalculates: bool) -> Iterator[LibreOffice]:
    """LibreOffice for a whole session; on CI its absence is a failure."""
    if shutil.which("soffice") is None and "CI" not in os.environ:
        pytest.skip("LibreOffice is not installed")
    with LibreOffice(recalculates=recalculates) as office:
        yield office


@pytest.fixture(scope="session")
def office() -> Iterator[LibreOffice]:
    """LibreOffice that recalculates what it opens."""
    yield from _running(recalculates=True)


@pytest.fixture(scope="session")
def plain_office() -> Iterator[LibreOffice]:
    """LibreOffice as it comes: it shows the values stored in the file."""
    yield from _running(recalculates=False)


@pytest.fixture(scope="session")
def example_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Example]:
    """Make an example workbook by its template's name, each once for all folders."""
    from tests.workbook.conftest import made

    return cache(lambda name: made(name, tmp_path_factory.mktemp(name)))
