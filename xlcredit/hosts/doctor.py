"""What keeps the worksheet functions from working in Excel, and what to do about it.

The installed add-in and workbooks are read as files: Excel need not run, nor be there. What the
doctor finds was seeded in tests; that Excel stumbles over each of it was not verified in a real
Excel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xlcredit.errors import CellError, FileError, HostError
from xlcredit.functions import REGISTRY
from xlcredit.hosts.classic import vba
from xlcredit.hosts.classic.addin import FILE, Settings
from xlcredit.hosts.classic.addin.connection import SETTINGS
from xlcredit.hosts.classic.addin.project import VbaProject
from xlcredit.hosts.policies import Read, obstacles, read_registry
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.spelling import plain_calls, without_prefixes

__all__ = ["Diagnosis", "examine_installation", "examine_workbook", "strip_paths"]

_INSTALL = "run: xlcredit excel install"
_TEXT = re.compile(r'"[^"]*"')
_CALL = re.compile(r"\b(XLC_[A-Z_]+)\s*\(", re.IGNORECASE)
#: What is wrong with cells, and what to do.
_TOLD = {
    "path-prefix": (
        "a call through the path of an add-in",
        'run: xlcredit excel doctor "{path}" --fix -o copy.xlsx',
    ),
    "unknown-function": (
        "{name}, a function that this xlcredit does not have",
        "correct the name, or install the xlcredit that made the workbook",
    ),
    "no-value": (
        "a call and no saved value: previews and other programs show nothing",
        'run: xlcredit recalc "{path}" -o copy.xlsx',
    ),
    "name-error": (
        "the value #NAME?: it was saved where the add-in was not loaded",
        'install the add-in, or run: xlcredit recalc "{path}" -o copy.xlsx',
    ),
}
#: From here on Windows takes a file for one from the internet.
_UNTRUSTED_ZONE = 3


@dataclass(frozen=True)
class Diagnosis:
    """One thing that is wrong."""

    kind: str
    """A short name for programs, such as ``addin-missing``."""
    where: str
    problem: str
    remedy: str


# --- the installation -----------------------------------------------------------------------


def examine_installation(
    folders: Sequence[Path], here: Settings, read: Read = read_registry
) -> list[Diagnosis]:
    """Examine the add-in that is installed.

    Parameters
    ----------
    folders : sequence of Path
        Where Excel looks for add-ins; the first is where ours belongs.
    here : Settings
        What an add-in built by this Python is built for.
    read : callable
        How to read the Windows registry.
    """
    found = [path for folder in folders if (path := folder / FILE).exists()]
    findings = [finding for path in found for finding in _examine_addin(path, here)]
    if not found:
        where = str(folders[0] / FILE)
        findings.append(Diagnosis("addin-missing", where, "the add-in is not installed", _INSTALL))
    for other in found[1:]:
        problem = f"a second add-in; the other is {found[0]}, and either may answer"
        remedy = f'run: xlcredit excel remove --folder "{other.parent}"'
        findings.append(Diagnosis("addin-twice", str(other), problem, remedy))
    findings += [
        Diagnosis("policy", "Windows", problem, remedy) for problem, remedy in obstacles(read)
    ]
    return findings


def _examine_addin(path: Path, here: Settings) -> Iterator[Diagnosis]:
    def finding(kind: str, problem: str, remedy: str = _INSTALL) -> Diagnosis:
        return Diagnosis(kind, str(path), problem, remedy)

    yield from _blocked(path)
    try:
        built, module = _contents(path)
    except (FileError, HostError, ValueError, KeyError):
        yield finding("addin-damaged", "it is damaged, or another add-in of the same name")
        return
    for name, theirs, ours in (
        ("xlcredit", built.xlcredit, here.xlcredit),
        ("xlwings", built.xlwings, here.xlwings),
    ):
        if theirs != ours:
            problem = f"it was built by {name} {theirs or '(unknown)'}; this is {ours}"
            yield finding("addin-outdated", problem)
    if built.xlcredit == here.xlcredit and module != vba.vba_module(REGISTRY):
        yield finding("addin-outdated", "its functions are not those of this xlcredit")
    yield from (finding(kind, problem) for kind, problem in _misled(built, here))


def _misled(built: Settings, here: Settings) -> Iterator[tuple[str, str]]:
    """Find out whether the add-in starts the Python that runs this."""
    if not Path(built.interpreter).is_file():
        yield "interpreter-moved", f"it starts {built.interpreter}, which does not exist"
    elif Path(built.interpreter).parent != Path(here.interpreter).parent:
        yield (
            "interpreter-other",
            f"it starts {built.interpreter}; this is another Python, {here.interpreter}",
        )
    elif built.libraries != here.libraries:
        yield "libraries-moved", f"it looks for xlwings' libraries in {built.libraries}"


def _contents(path: Path) -> tuple[Settings, str]:
    """Read what an add-in was built for, and the module with its functions."""
    package = Package(path)
    book = Book(package)
    cells = book.sheets[SETTINGS].cells
    rows = {
        str(book.value(cell)): str(book.value(cells[row, 2]) or "")
        for (row, column), cell in cells.items()
        if column == 1
    }
    project = VbaProject(package.read("xl/vbaProject.bin"))
    return Settings.from_rows(rows), project.modules[vba.MODULE].text


def _blocked(path: Path) -> Iterator[Diagnosis]:
    """Find the mark that Windows puts on files from the internet, in a stream beside the data."""
    try:
        mark = Path(f"{path}:Zone.Identifier").read_text(errors="replace")
    except OSError:  # none there, or no place for it on this disk
        return
    zone = re.search(r"ZoneId=(\d)", mark)
    if zone and int(zone[1]) >= _UNTRUSTED_ZONE:
        problem = "it is marked as coming from the internet: Excel blocks its macros and formulas"
        yield Diagnosis(
            "blocked", str(path), problem, "right-click the file > Properties > Unblock"
        )


# --- workbooks ------------------------------------------------------------------------------


def examine_workbook(path: Path) -> list[Diagnosis]:
    """Examine the calls of worksheet functions in a workbook.

    Parameters
    ----------
    path : Path
        An .xlsx or .xlsm file.

    Raises
    ------
    FileError
        If it is no readable workbook.
    """
    places: dict[tuple[str, str], list[Place]] = {}
    for kind, name, place in _sightings(Book(Package(path))):
        places.setdefault((kind, name), []).append(place)
    findings = []
    for (kind, name), cells in places.items():
        problem, remedy = (text.format(name=name, path=path) for text in _TOLD[kind])
        findings.append(Diagnosis(kind, str(path), f"{_count(cells)} {problem}", remedy))
    return [*_blocked(path), *findings]


def _sightings(book: Book) -> Iterator[tuple[str, str, Place]]:
    """Go through all calls: what is wrong, with which function if that matters, and where."""
    for place, formula in book.formulas.items():
        names = {name.upper() for name in _CALL.findall(_TEXT.sub("", formula.text))}
        if not names:
            continue
        if plain_calls(formula.text, REGISTRY)[1]:
            yield "path-prefix", "", place
        for name in sorted(names - set(REGISTRY)):
            yield "unknown-function", name, place
        saved = book.saved(place)
        if saved is None:
            yield "no-value", "", place
        elif isinstance(saved, CellError) and saved.code == "#NAME?":
            yield "name-error", "", place


def _count(places: Sequence[Place]) -> str:
    if len(places) == 1:
        return f"{places[0]} has"
    return f"{len(places)} cells, the first of them {places[0]}, have"


def strip_paths(source: Path, target: Path) -> int:
    """Write a copy of a workbook in which all calls are plain.

    Parameters
    ----------
    source, target : Path
        The workbook, and the copy; none is written if there is nothing to strip.

    Returns
    -------
    int
        How many calls became plain.
    """
    book = Book(Package(source))
    changed, calls = without_prefixes(book, REGISTRY)
    if calls:
        book.package.save(target, changed)
    return calls
