"""What a CIF keeps and what it loses."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.structure.cif_round_trip import survives_cif
from tests.metrics.measure.fingerprint_crystals import anything_else, prototypes


@pytest.mark.parametrize("label", sorted(prototypes())[::25])
def test_prototypes_survive_in_any_cell(label: str) -> None:
    assert survives_cif(anything_else(prototypes()[label], np.random.default_rng(5)))


@pytest.mark.parametrize("numbers", [[29, 29], [11, 17]], ids=["same element", "two elements"])
def test_atoms_at_one_place_are_merged_by_a_reader(numbers: list[int]) -> None:
    assert not survives_cif(Crystal.from_arrays(5 * np.eye(3), [[0.0, 0.0, 0.0], [0.0, 0.0, 1e-6]], numbers))


def test_a_cell_without_volume_is_refused() -> None:
    flat = Crystal.from_arrays([[3, 0, 0], [0, 3, 0], [3, 3, 0]], [[0.0, 0.0, 0.0]], [29])
    with pytest.raises(UnmeasurableError, match="flat: 0 cubic angstrom per site"):
        survives_cif(flat)
