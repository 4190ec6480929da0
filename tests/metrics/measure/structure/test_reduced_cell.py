"""The reduced cell describes the same crystal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.structure.reduced_cell import reduce_cell
from tests.metrics.measure.fingerprint_crystals import anything_else, prototypes


@settings(max_examples=40, deadline=None)
@given(label=st.sampled_from(sorted(prototypes())), seed=st.integers(0, 2**32 - 1))
def test_same_sites_same_volume_no_longer(label: str, seed: int) -> None:
    crystal = anything_else(prototypes()[label], np.random.default_rng(seed))
    reduced = reduce_cell(crystal)
    assert reduced.volume == pytest.approx(crystal.volume)
    lengths, given_lengths = (np.linalg.norm(each.lattice, axis=1).sum() for each in (reduced, crystal))
    assert lengths <= given_lengths + 1e-9
    np.testing.assert_array_equal(reduced.atomic_numbers, crystal.atomic_numbers)
    assert ((reduced.frac_coords >= 0) & (reduced.frac_coords < 1)).all()
    # every site moved by a lattice vector of the cell as given
    steps = (reduced.cart_coords - crystal.cart_coords) @ np.linalg.inv(crystal.lattice)
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)


@pytest.mark.parametrize(
    ("lattice", "words"), [(np.zeros((3, 3)), "volume is 0"), (np.diag([1, 1, np.inf]), "finite number")]
)
def test_what_has_no_reduced_cell_is_refused(lattice: np.ndarray, words: str) -> None:
    with pytest.raises(UnmeasurableError, match=words):
        reduce_cell(Crystal.from_arrays(lattice, [[0.0, 0.0, 0.0]], [29]))
