"""What a workbook says when its inputs move: grids, targets, and the nearest breach."""

from xlcredit.workbook.sensitivity.axis import Axis, parse_axis
from xlcredit.workbook.sensitivity.grid import grid
from xlcredit.workbook.sensitivity.reverse import (
    NearestBreach,
    nearest_breach,
    nearest_breaches,
    unit_shocks,
)
from xlcredit.workbook.sensitivity.stressed import stress
from xlcredit.workbook.sensitivity.target import Solution, solve

__all__ = [
    "Axis",
    "NearestBreach",
    "Solution",
    "grid",
    "nearest_breach",
    "nearest_breaches",
    "parse_axis",
    "solve",
    "stress",
    "unit_shocks",
]
