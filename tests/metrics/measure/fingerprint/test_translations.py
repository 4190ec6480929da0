"""Loose translations form groups, and the primitive cell they leave is the one the supercell was made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.fingerprint.translations import Group, translation_groups
from metrics.measure.matching.distance_profile import distance_profile, profile_distance
from metrics.measure.matching.folding import primitive_cell
from tests.metrics.measure.fingerprint_crystals import prototypes, random_cell, transformed

RUTILE = "A2B_tP6_136_f_a"


def primary_group(crystal: Crystal) -> Group:
    return translation_groups(reduce_cell(crystal), crystal.atomic_numbers)[0]


def loose_cell(crystal: Crystal) -> Crystal:
    cell = reduce_cell(crystal)
    return primitive_cell(cell, crystal.atomic_numbers, primary_group(crystal))


@settings(max_examples=25, deadline=None)
@given(determinant=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
def test_noisy_supercell_leaves_the_primitive_cell(determinant: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    rutile = prototypes()[RUTILE]
    copy = transformed(rutile, supercell=random_cell(generator, determinant), noise=(0.02, generator), order=generator)
    assert primary_group(copy).order == determinant
    primitive = loose_cell(copy)
    assert sorted(primitive.atomic_numbers.tolist()) == sorted(rutile.atomic_numbers.tolist())
    assert primitive.volume == pytest.approx(rutile.volume)
    distance = profile_distance(distance_profile(primitive), distance_profile(rutile))
    assert distance is not None
    assert distance < 0.04


def test_mean_over_the_copies_is_closer_than_any_copy() -> None:
    generator = np.random.default_rng(0)
    rutile = prototypes()[RUTILE]
    copy = transformed(rutile, supercell=np.diag([2, 2, 2]), noise=(0.03, generator))
    exact = distance_profile(rutile)
    noisy, averaged = (profile_distance(distance_profile(crystal), exact) for crystal in (copy, loose_cell(copy)))
    assert noisy is not None
    assert averaged is not None
    assert averaged < noisy


@settings(max_examples=25, deadline=None)
@given(sigma=st.floats(0.0, 0.3), seed=st.integers(0, 2**32 - 1))
def test_translations_form_a_group_at_any_noise(sigma: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    rutile = prototypes()[RUTILE]
    copy = transformed(rutile, supercell=np.diag([2, 2, 1]), noise=(sigma, generator))
    for group in translation_groups(reduce_cell(copy), copy.atomic_numbers):
        rows = {tuple(row) for row in group.permutations.tolist()}
        assert tuple(range(copy.n_sites)) in rows
        assert len(rows) == group.order
        products = {tuple(p[q].tolist()) for p in group.permutations for q in group.permutations}
        assert products == rows
        assert 8 % group.order == 0


def test_alternatives_where_a_displacement_lies_at_the_tolerance() -> None:
    # in a doubled cell, moving one of the two sites by d sets both d off the mean translation
    copper = transformed(Crystal.from_arrays(3.0 * np.eye(3), [[0.0, 0.0, 0.0]], [29]), supercell=np.diag([1, 1, 2]))
    zp = {}
    for off in (0.20, 0.235, 0.26, 0.30):
        frac = copper.frac_coords.copy()
        frac[1, 0] += off / 3.0
        keys = canonical_bawl(Crystal(copper.lattice, frac, copper.atomic_numbers)).keys
        zp[off] = list(dict.fromkeys(int(key.split(":")[1]) for key in keys))
    assert zp == {0.20: [1], 0.235: [1, 2], 0.26: [2, 1], 0.30: [2]}


def test_too_large_a_table_is_refused() -> None:
    grid = np.stack(np.meshgrid(*[np.arange(18) / 18] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    crystal = Crystal.from_arrays(18 * 2.5 * np.eye(3), grid, [29] * 18**3)
    with pytest.raises(UnmeasurableError, match="5832 sites, 5832 of the rarest element"):
        translation_groups(reduce_cell(crystal), crystal.atomic_numbers)
