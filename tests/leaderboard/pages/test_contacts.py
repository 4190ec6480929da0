"""Which two atoms are too close, by the rule that the measurement of distances has."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core.periodic_table import Element

from leaderboard.pages.structures import contacts
from leaderboard.pages.structures.contacts import ATOMIC_RADII_ANGSTROM, worst_contact
from leaderboard.protocol import load_protocol
from metrics.crystal import Crystal
from metrics.measure.structure.plausibility import DistanceSettings, measure_distance


def test_the_radii_are_those_of_the_measurement() -> None:
    radii = {z: Element.from_Z(z).atomic_radius for z in range(1, 119)}
    assert {z: float(radius) for z, radius in radii.items() if radius is not None} == ATOMIC_RADII_ANGSTROM


def test_the_limits_are_those_of_the_protocol() -> None:
    stated = {
        "scale": contacts.SCALE,
        "offset": contacts.OFFSET_ANGSTROM,
        "unknown_radius": contacts.UNKNOWN_RADIUS_ANGSTROM,
        "self_images": True,
    }
    assert load_protocol().measures["distance"] == stated == asdict(DistanceSettings())


@settings(deadline=None, max_examples=60)
@given(
    lattice=st.lists(st.floats(-6, 6), min_size=9, max_size=9),
    coords=st.lists(st.floats(-1, 2), min_size=9, max_size=9),
)
def test_a_pair_is_named_exactly_where_the_measurement_says_no(lattice: list[float], coords: list[float]) -> None:
    crystal = Crystal.from_arrays(lattice, coords, [1, 8, 55])
    if crystal.volume < 1.0:  # flatter cells are refused before anybody asks
        return
    contact = worst_contact(crystal)
    is_valid = measure_distance(crystal, DistanceSettings())["distance_valid"]
    assert (contact is None) == is_valid or (contact is not None and contact.limit - contact.distance < 1e-7)


@pytest.mark.parametrize(
    ("crystal", "elements", "distance", "limit"),
    [
        # oxygen 0.9 angstrom beyond the face of the cell: limit (0.7 + 0.6 + 1.4) / 2
        pytest.param(
            Crystal.from_arrays(6 * np.eye(3), [[0.05, 0, 0], [0.9, 0, 0]], [25, 8]), ("Mn", "O"), 0.9, 1.35, id="image"
        ),
        # the shortest vector of the cell itself, whichever vectors it is given by
        pytest.param(
            Crystal.from_arrays(np.array([[1.0, 0, 0], [7.0, 5, 0], [0, 0, 5]]), [[0, 0, 0]], [55]),
            ("Cs", "Cs"),
            1.0,
            2.95,
            id="own image",
        ),
    ],
)
def test_the_worst_pair_is_named(crystal: Crystal, elements: tuple[str, str], distance: float, limit: float) -> None:
    contact = worst_contact(crystal)
    assert contact is not None
    assert contact.elements == elements
    assert contact.distance == pytest.approx(distance)
    assert contact.limit == pytest.approx(limit)


@pytest.mark.parametrize(
    "crystal",
    [
        Crystal.from_arrays(np.zeros((3, 3)), [[0, 0, 0]], [1]),
        Crystal.from_arrays(np.full((3, 3), np.nan), [[0, 0, 0]], [1]),
        Crystal.from_arrays(np.eye(3), np.zeros((contacts.MAX_SITES + 1, 3)), [1] * (contacts.MAX_SITES + 1)),
    ],
    ids=["flat", "not finite", "large"],
)
def test_what_cannot_be_looked_at_names_no_pair(crystal: Crystal) -> None:
    assert worst_contact(crystal) is None
