"""BAWL and short-BAWL are the published strings, or a reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError, registry
from metrics.measure.fingerprint import METHODS
from tests.metrics.measure.fingerprint_crystals import (
    SOURCES,
    lemat_cifs,
    parsed,
    prototypes,
    random_rotation,
    shared,
    transformed,
)


@pytest.mark.parametrize("source", SOURCES)
def test_agrees_with_the_original_code_on_real_crystals(source: str) -> None:
    # the oracle: strings computed with the published code (pymatgen 2025.6.14, spglib 2.6.0), 500 crystals
    oracle = pd.read_csv(shared("oracles/bawl.csv"), keep_default_na=False)
    cifs = lemat_cifs(source)
    rows = oracle[oracle["source"] == source]
    assert len(rows) > 100
    for file, bawl, short_bawl in zip(rows["file"], rows["bawl"], rows["short_bawl"], strict=True):
        crystal = parsed(cifs[file])
        assert METHODS["bawl"].compute(crystal).keys == (bawl,), file
        assert METHODS["short-bawl"].compute(crystal).fingerprint == short_bawl, file


def test_noble_gas_cell_matches_the_published_string() -> None:
    # fcc neon, JVASP-148756 of the oracle: the graph is one site bonded to itself
    crystal = Crystal.from_arrays(2.0 * (1 - np.eye(3)), [[0, 0, 0]], [10])
    assert METHODS["bawl"].compute(crystal).fingerprint == "555ee46825c7a7623e5fc8b561cca15b_225_Ne1"


def test_body_centred_srsb4_matches_the_published_string() -> None:
    # SrSb4 in LeMat-Bulk's column entalpic_fingerprint: strontium on 2a, antimony on 8c of space group 229
    basis = 3.5 * np.array([[-1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [1.0, 1.0, -1.0]])
    quarters = np.array([[0, 0, 0], [1, 1, 1], [3, 3, 1], [3, 1, 3], [1, 3, 3]]) / 4 * 7.0
    crystal = Crystal.from_arrays(basis, quarters @ np.linalg.inv(basis), [38, 51, 51, 51, 51])
    assert METHODS["bawl"].compute(crystal).fingerprint == "38f73083d88aa235c8c8c9d66617f3e3_229_Sr1Sb4"


def test_one_measure_fills_both_columns() -> None:
    crystal = prototypes()["AB_cF8_225_a_b"]
    filled = registry()["bawl"].compute(crystal, None)
    assert filled == {
        "bawl": METHODS["bawl"].compute(crystal).fingerprint,
        "short_bawl": METHODS["short-bawl"].compute(crystal).fingerprint,
    }
    assert set(filled) == set(registry()["bawl"].columns)


@pytest.mark.parametrize("label", ["AB_cF8_225_a_b", "A2B_tP6_136_f_a", "AB3C_cP5_221_a_c_b", "A2B_hP9_152_c_a"])
def test_unchanged_by_rotation_and_origin(label: str) -> None:
    crystal = prototypes()[label]
    generator = np.random.default_rng(0)
    moved = transformed(crystal, rotation=random_rotation(generator), shift=generator.random(3))
    assert METHODS["bawl"].compute(moved) == METHODS["bawl"].compute(crystal)


def test_only_the_space_group_tells_left_from_right_quartz() -> None:
    quartz = prototypes()["A2B_hP9_152_c_a"]
    mirrored = transformed(quartz, rotation=np.diag([1.0, 1.0, -1.0]))
    assert METHODS["short-bawl"].compute(mirrored) == METHODS["short-bawl"].compute(quartz)
    assert "_152_" in METHODS["bawl"].compute(quartz).fingerprint
    assert "_154_" in METHODS["bawl"].compute(mirrored).fingerprint


def test_depends_on_site_order_as_published() -> None:
    # the known weakness: edges point from the lower index to the higher
    crystal = prototypes()["AB3C_cP5_221_a_c_b"]
    backwards = Crystal.from_arrays(crystal.lattice, crystal.frac_coords[::-1], crystal.atomic_numbers[::-1])
    assert METHODS["bawl"].compute(backwards).fingerprint != METHODS["bawl"].compute(crystal).fingerprint


CUBE = 4.0 * np.eye(3)
BODY = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]


@pytest.mark.parametrize(
    ("crystal", "reason"),
    [
        (Crystal.from_arrays(15 * np.eye(3), [[0, 0, 0]], [29]), "site 0 has no neighbour within 10 angstrom"),
        (Crystal.from_arrays(CUBE, [[0, 0, 0], [0, 0, 0]], [29, 30]), "different elements at one place"),
        (Crystal.from_arrays(np.nan * CUBE, BODY, [29, 29]), "not a finite number"),
        (Crystal.from_arrays(np.diag([4, 4, 1e-9]), BODY, [29, 29]), "flat"),
        (Crystal.from_arrays(CUBE, BODY, [29, 97]), "no covalent radius for atomic number 97"),
        (Crystal.from_arrays(CUBE, BODY, [29, 0]), "no covalent radius for atomic number 0"),
        (Crystal.from_arrays(CUBE, np.zeros((0, 3)), []), "0 sites"),
        (Crystal.from_arrays(60 * np.eye(3), np.zeros((2001, 3)), [29] * 2001), "2001 sites"),
        (Crystal.from_arrays(4 * np.eye(3), np.zeros((2000, 3)), [29] * 2000), "too dense to search"),
    ],
)
def test_reason_where_there_is_no_fingerprint(crystal: Crystal, reason: str) -> None:
    for name in ("bawl", "short-bawl"):
        with pytest.raises(UnmeasurableError, match=reason):
            METHODS[name].compute(crystal)


@pytest.mark.parametrize(
    ("crystal", "plain"),
    [
        pytest.param(
            Crystal.from_arrays([[3, 0, 0], [900, 3, 0], [2700, 900, 3]], [[0, 0, 0]], [29]),
            Crystal.from_arrays(3 * np.eye(3), [[0, 0, 0]], [29]),
            id="skewed cell of a cubic lattice",
        ),
        pytest.param(
            Crystal.from_arrays(np.diag([2.5, 2.5, 80]), [[0, 0, i / 32] for i in range(32)], [29] * 32),
            Crystal.from_arrays(np.diag([2.6, 2.6, 83.2]), [[0, 0, i / 32] for i in range(32)], [29] * 32),
            id="needle, scaled",
        ),
    ],
)
def test_awkward_cells_are_answered(crystal: Crystal, plain: Crystal) -> None:
    assert METHODS["short-bawl"].compute(crystal) == METHODS["short-bawl"].compute(plain)


def test_thousand_sites_are_answered() -> None:
    generator = np.random.default_rng(1)
    grid = np.stack(np.meshgrid(*[np.arange(10) / 10] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    rattled = grid + generator.normal(scale=1e-4, size=grid.shape)
    crystal = Crystal.from_arrays(30 * np.eye(3), rattled, generator.integers(20, 30, 1000))
    assert "_1_" in METHODS["bawl"].compute(crystal).fingerprint
