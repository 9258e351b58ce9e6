"""Grids, targets and the nearest breach, on workbooks whose answers have closed forms."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import QuadMesh
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

import xlcredit
from tests.command import refused
from tests.command import xlcredit as run
from xlcredit.errors import UserError
from xlcredit.recalc import recalculate
from xlcredit.workbook.covenants import COVENANT_COLUMNS
from xlcredit.workbook.export import Column, Table, write_table
from xlcredit.workbook.sensitivity import Axis, chart, grid, nearest_breach, parse_axis, solve


def own(value: str, threshold: float = 0.0, test: str = "at least", **inputs: float) -> bytes:
    """A workbook with one covenant over named inputs."""
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Summary"
    passes = "B2>=D2" if test == "at least" else "B2<=D2"
    verdict = f'IF(ISNUMBER(B2),IF({passes},"PASS","BREACH"),"CHECK")'
    sheet.append(COVENANT_COLUMNS)
    sheet.append(["Cover", f"={value}", test, threshold, f"={verdict}"])
    names = workbook.defined_names
    for row, (name, number) in enumerate(inputs.items(), start=4):
        sheet.cell(row, 1).value = number
        names[name] = DefinedName(name, attr_text=f"Summary!$A${row}")
    rule = DataValidation(type="decimal", operator="between", formula1="-100", formula2="100")
    sheet.add_data_validation(rule)
    rule.add(f"A4:A{3 + len(inputs)}")
    names["cover"] = DefinedName("cover", attr_text="Summary!$E$2")
    names["figure"] = DefinedName("figure", attr_text="Summary!$B$2")
    names["dashboard_covenants"] = DefinedName("dashboard_covenants", attr_text="Summary!$A$1:$I$2")
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def test_a_grid_is_one_recalculation_a_point(small: Path) -> None:
    with xlcredit.open(small) as book:
        scenarios = tuple(book.choices("scenario")[:2])
        axes = [Axis("rent_decline", (0.1, 0.4)), Axis("scenario", scenarios)]
        book["market_rent"] = 3.0
        table = grid(book, axes)
        assert book.changed == {"market_rent": 3.0}
    points = list(itertools.product(*(axis.values for axis in axes)))
    assert [tuple(row[:2]) for row in table.rows] == points
    assert {"min_dscr", "loss", "covenant_cover"} <= {column.name for column in table.columns}
    for at, (decline, scenario) in enumerate(points):
        inputs = {"rent_decline": decline, "scenario": scenario, "market_rent": 3.0}
        fresh = recalculate(small, inputs=inputs).names
        for column in table.columns[2:]:
            if column.name in fresh and column.kind != "date":
                value = table.rows[at][[c.name for c in table.columns].index(column.name)]
                wanted = fresh[column.name]
                if isinstance(wanted, float) and column.kind == "number":
                    wanted = pytest.approx(wanted, rel=1e-12)
                assert value == wanted or value == str(wanted), column


def test_an_error_is_no_number() -> None:
    with xlcredit.open(own("1/x", x=1.0)) as book:
        table = grid(book, [Axis("x", (1.0, 0.0, -1.0))])
    assert table.column("cover") == ["PASS", "CHECK", "BREACH"]
    assert table.column("figure") == [1.0, None, -1.0]
    assert table.column("cover_margin") == [1.0, None, -1.0]
    assert table.column("errors") == [None, "figure #DIV/0!", None]


@pytest.mark.parametrize(
    ("text", "values"),
    [("x=0:0.5:3", (0.0, 0.25, 0.5)), ("x=10%,2", (0.1, 2.0)), ("x=Flat, V", ("Flat", "V"))],
)
def test_an_axis_as_typed(text: str, values: tuple[object, ...]) -> None:
    assert parse_axis(text) == Axis("x", values)


@pytest.mark.parametrize("text", ["x", "x=", "=1:2:3", "x=0:1", "x=0:1:1", "x=0:1:2.5", "x=a:b:3"])
def test_an_axis_that_cannot_be_read(text: str) -> None:
    with pytest.raises(UserError, match="FROM:TO:POINTS"):
        parse_axis(text)


@given(st.floats(-5, 5), st.floats(0.1, 4))
@settings(max_examples=10)
def test_a_target_is_met(target: float, slope: float) -> None:
    with xlcredit.open(own(f"{slope!r}*x^3+x", x=1.0)) as book:
        found = solve(book, "figure", target, "x")
        assert book["x"] == 1.0
        book["x"] = found.value
        assert book["figure"] == pytest.approx(target, rel=1e-9, abs=1e-9)


def test_every_crossing_is_told_and_the_nearest_is_taken() -> None:
    with xlcredit.open(own("(x-1)*(x-6)*(x+40)", x=5.0)) as book:
        found = solve(book, "cover", 0.0, "x")
    assert found.all == pytest.approx((-40.0, 1.0, 6.0), abs=1e-8)
    assert found.value == pytest.approx(6.0)


def test_a_stretch_that_meets_the_target_has_ends() -> None:
    with xlcredit.open(own("MAX(0,x-3)", x=10.0)) as book:
        assert solve(book, "figure", 0.0, "x").value == pytest.approx(3.0, abs=1e-8)


def test_a_target_out_of_reach_says_what_is_in_reach() -> None:
    with xlcredit.open(own("x^2", x=1.0)) as book:
        with pytest.raises(UserError, match=r"between 0\.?\d* and 10000 .* does not meet -1"):
            solve(book, "figure", -1.0, "x")
        with pytest.raises(UserError, match=r"no name|not a name"):
            solve(book, "figur", 1.0, "x")
    with (
        xlcredit.open(own("IF(x<2.2,-1,1)", x=1.0)) as book,
        pytest.raises(UserError, match=r"jumps past it near x = 2\.2"),
    ):
        solve(book, "figure", 0.0, "x")


@given(
    st.lists(st.floats(0.2, 3), min_size=2, max_size=3),
    st.floats(0.5, 5),
    st.lists(st.floats(0.2, 2), min_size=3, max_size=3),
)
@settings(max_examples=8)
def test_the_nearest_breach_of_a_plane(
    slopes: list[float], room: float, units: list[float]
) -> None:
    """The distance from a point to a plane, in units of the shocks, has a closed form."""
    names = "xyz"[: len(slopes)]
    value = "+".join(f"{a!r}*{n}_in" for a, n in zip(slopes, names, strict=True))
    shocks = {f"{n}_in": u for n, u in zip(names, units, strict=False)}
    with xlcredit.open(own(value, threshold=-room, **dict.fromkeys(shocks, 0.0))) as book:
        found = nearest_breach(book, "cover", shocks)
        assert not book.recalculation().changes or book["figure"] == 0.0
        book.set(found.inputs)
        assert book["cover"] == "BREACH"
    norm = math.hypot(*(a * u for a, u in zip(slopes, units, strict=False)))
    assert found.distance == pytest.approx(room / norm, rel=1e-4)


def test_the_nearest_breach_stays_within_what_the_sheet_allows() -> None:
    with (
        xlcredit.open(own("500-x-0.1*y", x=0.0, y=0.0)) as book,
        pytest.raises(UserError, match="no move of x, y"),
    ):
        nearest_breach(book, "cover", {"x": 1.0, "y": 1.0})
    with xlcredit.open(own("x-1", x=0.0)) as book:
        with pytest.raises(UserError, match="reads BREACH today"):
            nearest_breach(book, "cover", {"x": 1.0})
        with pytest.raises(UserError, match="covr is not a covenant"):
            nearest_breach(book, "covr", {"x": 1.0})


def test_a_table_reads_back_alike_and_writes_alike(tmp_path: Path) -> None:
    import datetime as dt

    import pandas as pd

    columns = [
        Column("id", "text"),
        Column("x", "number", "share"),
        Column("n", "count"),
        Column("d", "date"),
    ]
    rows = [["=a,\n", 0.1, 3, dt.date(2026, 1, 2)], [None, None, None, None]]
    table = Table(columns, rows)
    for suffix in (".csv", ".parquet", ".xlsx"):
        first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
        write_table(table, first)
        write_table(table, second)
        assert first.read_bytes() == second.read_bytes()
    frame = pd.read_parquet(tmp_path / "a.parquet")
    assert [str(t) for t in frame.dtypes][1] == "float64" and frame["d"][0] == dt.date(2026, 1, 2)
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        # a spreadsheet that opens the file must not take the text for a formula
        assert list(csv.reader(file))[1] == ["'=a,\n", "0.1", "3", "2026-01-02"]
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]["A5"].value == "=a,\n"
    with pytest.raises(UserError, match=r"endings \.csv"):
        write_table(table, tmp_path / "a.txt")


# --- the command ----------------------------------------------------------------------------


def test_the_command_writes_a_grid_and_maps(small: Path, tmp_path: Path) -> None:
    words = [
        "--grid",
        "market_rent=2:3:2",
        "--grid",
        "margin=0.1,0.9",
        "--set",
        "gpus=49",
    ]
    done = run("stress", small, *words, "-o", "g.csv", "--charts", "maps", cwd=tmp_path)
    assert done.returncode == 1, done.stderr  # a covenant is in breach
    assert "4 points" in done.stdout and "BREACH" in done.stdout
    with (tmp_path / "g.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(r["market_rent"], r["margin"]) for r in rows] == [
        ("2.0", "0.1"),
        ("2.0", "0.9"),
        ("3.0", "0.1"),
        ("3.0", "0.9"),
    ]
    pictures = list((tmp_path / "maps").glob("*.png"))
    assert {p.stem for p in pictures} == {"covenant_cover"}
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in pictures)
    again = run("stress", small, *words, "-o", "g.csv", cwd=tmp_path)
    refused(again, "g.csv: exists already")


def test_the_fields_of_a_map_are_hatched_whole_where_the_point_is_in_breach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three by three points, those of 0.7 across in breach: colour, hatch and axes are one grid."""
    rents, levels, drawn = [0.7, 0.8, 1.0], [0.0, 0.1, 0.2], []
    names = ["up", "across", "cover_value", "cover_threshold", "cover_margin"]
    columns = [Column(n, "number") for n in names] + [Column("cover", "text")]
    rows = [
        [up, rent, 1.2 * rent / 0.7, 1.4, 1.2 * rent / 0.7 - 1.4,
         "BREACH" if rent == 0.7 else "PASS"]
        for up in levels for rent in rents
    ]  # fmt: skip
    monkeypatch.setattr(chart, "png", lambda picture, _: drawn.append(picture) or b"")
    chart.write_heat_maps(Table(columns, rows), ["up", "across"], tmp_path, "x")
    plot, bar = drawn[0].axes
    assert plot.get_xlim() == (0.7, 1.0) and plot.get_ylim() == (0.0, 0.2)
    (hatched,) = (c for c in plot.collections if c.get_hatch())
    mesh = next(c for c in plot.collections if isinstance(c, QuadMesh))
    corners = mesh.get_coordinates()
    fields = {tuple(np.ravel(path.vertices[:3])) for path in hatched.get_paths()}
    wanted = {(*corners[r, 0], *corners[r, 1], *corners[r + 1, 1]) for r in range(len(levels))}
    assert fields == wanted
    assert corners[0, 1, 0] == pytest.approx(0.75)
    assert any(np.allclose(line.get_ydata(), 1.4) for line in bar.get_lines())
    assert "threshold: 1.4" in bar.get_ylabel()


def test_the_command_solves_and_searches(small: Path) -> None:
    done = run("stress", small, "--target", "min_dscr=1.25", "--by", "rent_decline", "--json")
    assert done.returncode == 0, done.stderr
    with xlcredit.open(small) as book:
        book["rent_decline"] = json.loads(done.stdout)["value"]
        assert book["min_dscr"] == pytest.approx(1.25, rel=1e-9)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "ask for one of"),
        (["--grid", "rent_declin=0:1:3"], "did you mean rent_decline"),
        (["--grid", "margin=0:7:3"], "margin must be a number"),
        (
            ["--grid", "rent_decline=0:0.5:3", "--figure", "min_dsc"],
            "did you mean min_dscr",
        ),
        (["--grid", "rent_decline=0:0.5:3", "-o", "x.txt"], "endings"),
        (["--target", "min_dscr=9", "--by", "rent_decline"], "does not meet 9"),
        (["--reverse", "covenant_cover", "--by", "rent_decline=0"], "unit shock above 0"),
    ],
)
def test_the_command_refuses_on_one_line(small: Path, words: list[str], told: str) -> None:
    refused(run("stress", small, *words), told)


def test_stress_in_python_is_the_tables_of_its_parts(small: Path) -> None:
    with xlcredit.open(small) as book:
        wanted = grid(book, [Axis("rent_decline", (0.0, 0.3))], ["min_dscr"])
        for asked in ({"rent_decline": np.array([0.0, 0.3])}, ["rent_decline=0,0.3"]):
            found = xlcredit.stress(book, grid=asked, figures=["min_dscr"])
            assert list(found.columns) == [column.name for column in wanted.columns]
            assert found["min_dscr"].tolist() == wanted.column("min_dscr")
        assert not book.changed
        assert book.title("market_rent") == "Market rent [USD/GPU-hour]"
        met = xlcredit.stress(book, target={"min_dscr": 1.25}, by={"rent_decline": (0.0, 0.9)})
        book["rent_decline"] = met["value"][0]
        assert book["min_dscr"] == pytest.approx(1.25, rel=1e-9)
    with pytest.raises(UserError, match="one of grid"):
        xlcredit.stress(small)
