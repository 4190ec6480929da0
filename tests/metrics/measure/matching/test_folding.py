"""What a loose primitive cell averages away: noise, or a superstructure."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.crystal import Crystal
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.fingerprint.translations import translation_groups
from metrics.measure.matching.folding import folding_deviation, folds_noise
from tests.metrics.measure.fingerprint_crystals import prototypes, transformed

PEROVSKITE = prototypes()["AB3C_cP5_221_a_c_b"]
DOUBLED = np.diag([2, 2, 1])


def folded(crystal: Crystal) -> tuple[float, bool]:
    cell = reduce_cell(crystal)
    group = translation_groups(cell, crystal.atomic_numbers)[0]
    assert group.order == 4
    return folding_deviation(cell, group), folds_noise(cell, group)


@pytest.mark.parametrize("sigma", [0.01, 0.02, 0.03])
@pytest.mark.parametrize("seed", range(5))
def test_noise_is_known_by_its_size_and_that_it_moves_everything(sigma: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    deviation, is_noise = folded(transformed(PEROVSKITE, supercell=DOUBLED, noise=(sigma, generator)))
    # 45 degrees of freedom: the standard error of a standard deviation is sigma / sqrt(90), four of them allowed
    assert deviation == pytest.approx(sigma, rel=4 / np.sqrt(90))
    assert is_noise


def test_one_site_off_its_place_is_no_noise() -> None:
    copy = transformed(PEROVSKITE, supercell=DOUBLED)
    cart = copy.cart_coords.copy()
    cart[0] += [0.1, 0.0, 0.0]
    moved = Crystal.from_arrays(copy.lattice, cart @ np.linalg.inv(copy.lattice), copy.atomic_numbers)
    deviation, is_noise = folded(moved)
    assert deviation > 0
    assert not is_noise
