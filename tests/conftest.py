"""Fixtures that every test shares."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

import xlcredit
from tests import night
from tests.small import SMALL
from tests.store import Store
from xlcredit.recalc import LibreOffice

if TYPE_CHECKING:
    from tests.workbook.conftest import Example

pytest_plugins = ["pytester"]

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

#: What runs while its tests do, which therefore go to one process of ``-n auto`` together. What is
#: only made, and lies on the disk, is for all processes: ``tests/store.py``.
SHARED = dict.fromkeys(("office", "plain_office", "calc", "delegated", "lost"), "LibreOffice")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the night what is the night's; keep the tests of a file together, or of all files
    that share what runs, and these come first.

    Whoever takes the longest group last is alone in the last minutes.
    """
    night.mark(items)
    if not config.pluginmanager.hasplugin("xdist"):  # one process: together they are
        return
    groups = {}
    for item in items:
        used = getattr(item, "fixturenames", ())
        shared = [group for name, group in SHARED.items() if name in used]
        file = f"{item.path.parent.name}/{item.path.stem}"
        groups[item] = shared[0] if shared else file
        item.add_marker(pytest.mark.xdist_group(groups[item]))
    items.sort(key=lambda item: groups[item] not in SHARED.values())


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
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """What this run of the tests has made once for all processes."""
    return Store(tmp_path_factory)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook of the small template."""
    path = tmp_path_factory.mktemp("small") / "small.xlsx"
    with xlcredit.new(SMALL) as book:
        book.save(path)
    return path


@pytest.fixture(scope="session")
def example_of(
    tmp_path_factory: pytest.TempPathFactory, store: Store
) -> Iterator[Callable[[str], Example]]:
    """Make an example workbook by its template's name, each once for all folders."""
    from tests.workbook.conftest import made

    asked: dict[str, Example] = {}
    held: dict[Path, bytes] = {}

    def example(name: str) -> Example:
        if name not in asked:
            asked[name] = made(name, tmp_path_factory.mktemp(name), store)
            held.update({p: p.read_bytes() for p in (asked[name].path, asked[name].source)})
        return asked[name]

    yield example
    # the tests of a process share these files, and none has changed one
    assert [path for path, content in held.items() if path.read_bytes() != content] == []
