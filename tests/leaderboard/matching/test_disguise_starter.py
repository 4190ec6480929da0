"""Copies of reference crystals, each disguised in every way at once, are no new crystals.

Other order, other cell, other origin, rotated, strained and rattled: a generator that did no more than that to what
it was trained on must not be paid for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from leaderboard import score_structures
from metrics.crystal import Crystal
from metrics.measure.structure.convert import to_structure
from metrics.table import read_parquet
from reference_data.reference import open_reference
from tests.disguise import disguised

if TYPE_CHECKING:
    from pathlib import Path

N_CRYSTALS = 120
MAX_SITES = 40
NOISE_ANGSTROM = 0.02  # standard deviation of each Cartesian component
STRAIN = 0.005  # standard deviation of each component of a symmetric strain
MAX_NOVEL = 0.01


def sampled(generator: np.random.Generator) -> list[Crystal]:
    """Crystals of the starter set, without replacement."""
    reference = open_reference("starter")
    small = [
        known.crystal for known in reference.crystals(range(reference.n_crystals)) if known.crystal.n_sites <= MAX_SITES
    ]
    return [small[i] for i in generator.choice(len(small), N_CRYSTALS, replace=False)]


def strained(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    strain = np.triu(generator.normal(scale=STRAIN, size=(3, 3)))
    symmetric = strain + np.triu(strain, 1).T
    return Crystal(crystal.lattice @ (np.eye(3) + symmetric), crystal.frac_coords, crystal.atomic_numbers)


def rattled(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    steps = generator.normal(scale=NOISE_ANGSTROM, size=(crystal.n_sites, 3)) @ np.linalg.inv(crystal.lattice)
    return Crystal(crystal.lattice, crystal.frac_coords + steps, crystal.atomic_numbers)


@pytest.mark.parametrize("determinants", [[1], [2, 3, 4]], ids=["other cells", "supercells"])
def test_disguised_copies_are_not_novel(
    determinants: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    generator = np.random.default_rng(sum(determinants))
    copies = []
    for crystal in sampled(generator):
        other = disguised(crystal, generator, determinant=int(generator.choice(determinants)))
        copies.append(rattled(strained(other, generator), generator))
    scores = score_structures(
        [to_structure(copy) for copy in copies], potentials=[], out=tmp_path / "out", reference="starter"
    )
    values = {score.name: score.value for score in scores.scores if score.value is not None}
    columns = read_parquet(tmp_path / "out" / "columns.parquet")
    assert columns["in_reference"].notna().all(), columns["unknown_reasons"].dropna().tolist()
    novel = columns.loc[~columns["in_reference"], ["reduced_formula", "identity_rule", "nearest_reference_distance"]]
    assert values["novel"] <= MAX_NOVEL, novel.to_string()
    assert values["novel_fingerprint"] <= MAX_NOVEL
    # in every wider sense at least as many are known
    for name in ("novel_up_to_disorder", "novel_prototype", "vun"):
        assert values[name] <= values["novel"]
    assert scores.n_submitted == N_CRYSTALS
