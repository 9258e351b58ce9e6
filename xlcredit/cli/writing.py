"""Build, recalculate and write a workbook: whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

from xlcredit.deals import Deal, Template
from xlcredit.errors import FileError
from xlcredit.recalc import Recalculation, recalculate
from xlcredit.workbook import build

__all__ = ["refuse_to_replace", "write_workbook"]


def write_workbook(template: Template, deal: Deal, target: Path, force: bool) -> Recalculation:
    """Write the workbook of a deal with its values; keep what stands there unless told."""
    with tempfile.TemporaryDirectory() as scratch:
        formulas = Path(scratch) / "formulas.xlsx"
        values = Path(scratch) / "values.xlsx"
        formulas.write_bytes(build(template, deal))
        result = recalculate(formulas, values)
        new = values.read_bytes()
        if not (target.is_file() and target.read_bytes() == new):
            refuse_to_replace(target, force)
            _place(new, target)
    return result


def refuse_to_replace(target: Path, force: bool) -> None:
    """Stop before a file that somebody may have worked on is lost."""
    if target.exists() and not force:
        raise FileError(f"{target}: exists and differs; use --force to replace it")


def _place(content: bytes, target: Path) -> None:
    """Write beside the target, then move into place."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as part:
            part.write(content)
        Path(part.name).chmod(0o644)
        Path(part.name).replace(target)
    except OSError as error:
        raise FileError(f"{target}: cannot be written: {error.strerror}") from None
