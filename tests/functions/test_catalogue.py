"""The catalogue of cards and the table of defaults, as cells see them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xlcredit.errors import CellError
from xlcredit.functions import call
from xlcredit.functions.catalogue import FIELDS
from xlcredit.reference import FOLDER_VARIABLE, Card, Default, table

DATES = {"announced", "launch_date", "successor_date", "as_of", "cost_as_of"}
NUMBERS = {
    *("memory_gb", "memory_bandwidth", "bf16_tflops", "fp8_tflops", "tdp_w", "rack_kw"),
    *("liquid_required", "gpus_per_unit", "cost_low", "cost_high"),
}


def error(*call_: Any) -> CellError:
    with pytest.raises(CellError) as caught:
        call(*call_)
    return caught.value


@pytest.mark.parametrize("card", [row.card for row in table(Card)])
def test_every_figure_of_every_card_has_its_kind(card: str) -> None:
    block = call("XLC_GPU", card, [list(FIELDS)])
    for field, figure in zip(FIELDS, block[0], strict=True):
        if isinstance(figure, CellError):
            assert figure.code == "#N/A"
            assert figure.reason == f"{card} has no {field} in the catalogue"
        else:
            kind = datetime.date if field in DATES else float if field in NUMBERS else str
            assert type(figure) is kind, field
            assert figure == call("XLC_GPU", card, field)
    assert block[0][0] == card or "card" not in FIELDS[0]


def test_the_fields_that_are_promised() -> None:
    promised = """
        memory_gb tdp_w rack_kw launch_date successor successor_date cost_low cost_high
        liquid_required bf16_tflops fp8_tflops memory_bandwidth announced vendor architecture
        gpus_per_unit source as_of grade licence unverified
    """
    assert set(promised.split()) <= set(FIELDS)


@pytest.mark.parametrize(
    ("name", "card"),
    [
        ("H100", "H100-SXM5"),
        ("  h 100 sxm ", "H100-SXM5"),
        ("NVIDIA H100 80GB HBM3", "H100-SXM5"),
        ("h100-pcie", "H100-PCIe"),
        ("A100", "A100-80GB-SXM"),
        ("V100", "V100-SXM2-32GB"),
        ("H200", "H200-SXM"),
        ("B200", "B200-HGX"),
        ("GB200 NVL72", "GB200-NVL72"),
        ("VR200 NVL72", "VR200-NVL72"),
        ("VR200-NVL144", "VR200-NVL72"),
        ("AMD Instinct MI300X", "MI300X"),
        ("GeForce RTX 4090", "RTX4090"),
        ("Ironwood", "TPU-v7"),
        ("tpu v5e", "TPU-v5e"),
    ],
)
def test_a_card_goes_by_many_names(name: str, card: str) -> None:
    assert call("XLC_GPU", name, "card") == card


@pytest.mark.parametrize("field", ["tdp_w", "TDP W", " tdp-w ", "Tdp_W", "tdpw"])
def test_a_field_is_read_in_any_case(field: str) -> None:
    assert call("XLC_GPU", "H100", field) == 700.0


def test_figures_that_lenders_use() -> None:
    assert call("XLC_GPU", "H100", "launch_date") == datetime.date(2022, 9, 20)
    assert call("XLC_GPU", "H100", "successor") == "H200-SXM"
    assert call("XLC_GPU", "H100", "successor_date") == call("XLC_GPU", "H200", "launch_date")
    # the latest of four years on record
    assert call("XLC_GPU", "H100", [["cost_low", "cost_high", "cost_as_of"]]) == [
        [20000.0, 27000.0, datetime.date(2025, 12, 31)]
    ]
    assert call("XLC_GPU", "GB200", "liquid_required") == 1.0
    assert call("XLC_GPU", "MI325X", "memory_gb") == 256.0


def test_a_mixed_block_keeps_kinds_and_places() -> None:
    cards = ["H100", None, "nonsense", CellError("#REF!", "gone"), "VR200", 7.0]
    got = call("XLC_GPU", cards, [["memory_gb", "successor", "launch_date"]])
    assert got[0] == [80.0, "H200-SXM", datetime.date(2022, 9, 20)]
    assert [row[0].code for row in got[1:4]] == ["#VALUE!", "#N/A", "#REF!"]
    assert got[4][:2] == [288.0, "Rubin Ultra NVL576"]
    assert got[4][2] == CellError("#N/A")
    assert got[5] == [CellError("#VALUE!")] * 3
    column = call("XLC_GPU", np.array(["H100", "H200"]), "liquid_required")
    assert column == [[0.0], [0.0]]


def test_a_long_column_is_not_slow() -> None:
    got = call("XLC_GPU", ["H100", "H200"] * 10_000, "successor")
    assert len(got) == 20_000
    assert got[-2:] == [["H200-SXM"], ["B200-HGX"]]


def test_it_feeds_the_hosting_share() -> None:
    kw, liquid = call("XLC_GPU", "H100", [["rack_kw", "liquid_required"]])[0]
    assert 0.0 < call("XLC_HOSTING_SHARE", kw, 8.0, 0.8, liquid, 0.2) < 1.0


def test_an_unknown_card_is_told_with_the_nearest() -> None:
    assert error("XLC_GPU", "H1000", "tdp_w") == CellError("#N/A")
    assert 'gpu "H1000"' in error("XLC_GPU", "H1000", "tdp_w").reason
    assert "H100-SXM5" in error("XLC_GPU", "H1000", "tdp_w").reason
    assert len(error("XLC_GPU", "x" * 40_000, "tdp_w").reason) < 200


def test_what_is_like_nothing_is_told_without_a_suggestion() -> None:
    for got in (
        error("XLC_GPU", "zebra", "tdp_w"),
        error("XLC_GPU", "H100", "weather"),
        error("XLC_SOURCE", "zebra"),
        error("XLC_EXPLAIN", "zebra"),
    ):
        assert got == CellError("#N/A")
        assert "nearest" not in got.reason and "did you mean" not in got.reason


def test_an_unknown_field_is_told_with_the_nearest() -> None:
    got = error("XLC_GPU", "H100", "tdp")
    assert got == CellError("#N/A")
    assert "tdp_w" in got.reason


@pytest.mark.parametrize("row", table(Default), ids=lambda row: row.key)
def test_every_default_is_told(row: Default) -> None:
    shouted = f" {row.key.upper().replace('_', ' ')} "
    assert call("XLC_SOURCE", shouted) == [
        ["value", row.value],
        ["unit", row.unit],
        ["date", row.as_of],
        ["source", row.source],
        ["licence", row.licence],
    ]


@pytest.mark.parametrize(
    ("key", "code", "told"),
    [
        ("exponents", "#N/A", "exponent"),
        ("", "#VALUE!", "a blank"),
        (None, "#VALUE!", "a blank"),
        (0.6, "#VALUE!", "got 0.6"),
        (["exponent", "width"], "#VALUE!", "a range"),
        (CellError("#REF!", "gone"), "#REF!", "gone"),
    ],
)
def test_what_is_no_key_is_an_error(key: Any, code: str, told: str) -> None:
    got = error("XLC_SOURCE", key)
    assert got.code == code
    assert told in got.reason


def test_an_assumption_without_a_date_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = "key,value,unit,as_of,source,grade,licence,note"
    (tmp_path / "defaults.csv").write_text(f"{head}\nx,1,USD,,assumption: ours,C,internal,\n")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert call("XLC_SOURCE", "x")[2] == ["date", CellError("#N/A")]


def test_a_mistake_in_the_user_s_table_is_told_in_the_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cards.csv").write_text("card,vendor\nX,Y\n")
    (tmp_path / "defaults.csv").write_text("key\n")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    for cell in (("XLC_GPU", "H100", "tdp_w"), ("XLC_SOURCE", "exponent")):
        got = error(*cell)
        assert got == CellError("#VALUE!")
        assert str(tmp_path) in got.reason
        assert "is missing" in got.reason
