"""The only passage between our arrays and pymatgen's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymatgen.core.composition import Composition
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import DummySpecies
from pymatgen.core.structure import Structure

from metrics.crystal import Crystal
from metrics.measure.fingerprint.elements import element_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pymatgen.core.periodic_table import Element, Species

_FULL_OCCUPANCY_TOLERANCE = 1e-8


def to_structure(crystal: Crystal) -> Structure:
    """Pymatgen's form of a crystal: same cell, order and fractional coordinates, nothing wrapped.

    Raises:
        ValueError: an atomic number outside 1-118.

    """
    elements = [element_of(number) for number in crystal.atomic_numbers.tolist()]
    return Structure(Lattice(crystal.lattice), elements, crystal.frac_coords)


def from_structure(structure: Structure) -> Crystal:
    """Our form of a pymatgen structure: order and coordinates as given, oxidation states and site properties dropped.

    Raises:
        ValueError: a site is partially occupied or shared, or holds no chemical element.

    """
    numbers = [_atomic_number(index, site.species.items()) for index, site in enumerate(structure)]
    return Crystal.from_arrays(structure.lattice.matrix, structure.frac_coords, numbers)


def composition_of(crystal: Crystal) -> Composition:
    """Integer amounts in the cell, elements by atomic number, so that no result depends on the order of the sites."""
    return Composition({element_of(number).symbol: count for number, count in crystal.counts.items()})


def _atomic_number(index: int, species: Iterable[tuple[Element | Species | DummySpecies, float]]) -> int:
    occupants = list(species)
    if len(occupants) != 1 or abs(occupants[0][1] - 1.0) > _FULL_OCCUPANCY_TOLERANCE:
        text = ", ".join(f"{name} {amount:g}" for name, amount in occupants)
        message = f"site {index} is disordered ({text}); only one element with occupancy 1 per site is accepted"
        raise ValueError(message)
    occupant = occupants[0][0]
    if isinstance(occupant, DummySpecies):
        message = f"site {index} holds {occupant}, which is no chemical element"
        raise ValueError(message)  # noqa: TRY004 - a bad value inside a right type
    return int(occupant.Z)
