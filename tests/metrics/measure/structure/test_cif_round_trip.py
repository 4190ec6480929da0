"""What a CIF keeps and what it loses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.structure import cif_round_trip
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


# where pymatgen's reader rounds coordinates, and where a site meets its own image
SPECIAL = st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 2 / 3, 1.0])
NEAR = st.sampled_from([0.0, 1e-9, 6.6e-5, 9.9e-5, 1e-4, 2.3e-4, 3.9e-4, 4.1e-4, 1e-3])
COORDINATE = st.one_of(st.floats(0, 1), st.builds(lambda place, off: place - off, SPECIAL, NEAR))
SITES = st.lists(st.tuples(COORDINATE, COORDINATE, COORDINATE, st.integers(1, 118)), min_size=1, max_size=6)
CELL = st.lists(st.floats(-30, 30), min_size=9, max_size=9)


@settings(deadline=None)
@given(cell=CELL, sites=SITES)
@example(cell=[0.09, 0, 0, 0, 5, 0, 0, 0, 5], sites=[(0.0, 0.0, 0.0, 29)])
@example(cell=[5, 0, 0, 0, 5, 0, 0, 0, 5], sites=[(0.0, 0.0, 0.0, 8), (0.0, 0.0, 9e-5, 1)])
def test_what_is_not_asked_of_the_reader_is_read_back(cell: list[float], sites: list[tuple[float, ...]]) -> None:
    crystal = Crystal.from_arrays(cell, [site[:3] for site in sites], [int(site[3]) for site in sites])
    try:
        reduced = reduce_cell(crystal)
    except UnmeasurableError:
        return
    written = Crystal(reduced.lattice, reduced.frac_coords, crystal.atomic_numbers)
    reads_back = cif_round_trip._reads_back(written)  # noqa: SLF001 - the oracle of the short cut
    assert reads_back or not cif_round_trip._surely_survives(reduced, crystal.atomic_numbers)  # noqa: SLF001 - the short cut
    assert survives_cif(crystal) == reads_back


@pytest.mark.parametrize("label", sorted(prototypes())[::25])
def test_prototypes_need_no_reader(label: str) -> None:
    crystal = prototypes()[label]
    assert cif_round_trip._surely_survives(reduce_cell(crystal), crystal.atomic_numbers)  # noqa: SLF001 - the short cut
