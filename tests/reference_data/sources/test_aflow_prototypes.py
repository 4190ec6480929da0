"""The prototype library: all of it, under ids that stay apart, with the cells of the literature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from metrics.measure.structure.plausibility import DistanceSettings, measure_distance
from reference_data.sources.aflow_prototypes import DAMAGED, AflowPrototypes
from reference_data.sources.base import SourceRefusal, SourceRow

Rows = list[SourceRow | SourceRefusal]


@pytest.fixture(scope="module")
def rows() -> Rows:
    source = AflowPrototypes(
        kind="aflow_prototypes",
        name="aflow",
        title="AFLOW",
        licence="MIT",
        citation="Mehl et al. 2017",
        doi=("10.1016/j.commatsci.2017.01.017",),
        url="https://aflow.org",
    )
    return list(source.rows(Path()))


def test_every_prototype_of_part_one_is_read(rows: Rows) -> None:
    # Mehl et al. 2017, doi 10.1016/j.commatsci.2017.01.017: 288 prototypes
    assert len(rows) == 288
    assert len({row.id for row in rows}) == 288


def test_exactly_the_damaged_entries_are_refused(rows: Rows) -> None:
    refused = {row.id.removeprefix("aflow-") for row in rows if isinstance(row, SourceRefusal)}
    assert refused == set(DAMAGED)
    close = [
        row.id
        for row in rows
        if isinstance(row, SourceRow) and not measure_distance(row.crystal, DistanceSettings())["distance_valid"]
    ]
    assert close == []


@pytest.mark.parametrize(
    ("identifier", "cubic_edge", "cells"),
    [
        # conventional cubic lattice parameters in angstrom: copper 3.61, halite 5.64 (Mehl et al. 2017), number of
        # primitive cells in the conventional one
        ("aflow-A_cF4_225_a-Cu", 3.61, 4),
        ("aflow-AB_cF8_225_a_b-NaCl", 5.64, 4),
    ],
)
def test_cells_have_the_size_of_the_literature(rows: Rows, identifier: str, cubic_edge: float, cells: int) -> None:
    (row,) = [row for row in rows if isinstance(row, SourceRow) and row.id == identifier]
    assert np.cbrt(cells * row.crystal.volume) == pytest.approx(cubic_edge, abs=0.01)
