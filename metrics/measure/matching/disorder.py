"""Is a crystal known once elements that can substitute each other are no longer told apart?

A new ordering of a known alloy or solid solution is hardly a new material: real samples are disordered. MatterGen
(Zeni et al. 2025, DOI 10.1038/s41586-025-08628-5) counts such crystals as known. Which elements can substitute each
other is decided as there: by atomic radius and electronegativity, with the same two bounds. The rest differs: here
only crystals of one reduced formula are compared, chains of substitutes are one species in both, and the verdict of
this project decides; there StructureMatcher fits a structure to an ordered crystal, or to the alloy that it may be an
approximant of, whose composition may be another.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.fingerprint.elements import reduced_formula
from metrics.measure.matching.verdict import Candidate, compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from metrics.measure.matching.verdict import MatchSettings

MAX_RADIUS_DIFFERENCE = 0.3
"""Relative to the mean of the two atomic radii; the bound of Zeni et al. 2025, who took it from the ICSD."""
MAX_ELECTRONEGATIVITY_DIFFERENCE = 1.0
"""On Pauling's scale; as above. Both go back to the rules of Hume-Rothery."""


@cache
def can_substitute(one: int, other: int) -> bool:
    """Whether two elements, by atomic number, can take each other's sites; symmetric, not transitive.

    Atomic radii are those of Slater 1964 (DOI 10.1063/1.1725697), electronegativities Pauling's, both as pymatgen
    tabulates them. An element without either (noble gases, At, Fr, ...) is substituted by none.
    """
    first, second = (_radius_and_electronegativity(number) for number in (one, other))
    if first is None or second is None:
        return False
    (radius, electronegativity), (other_radius, other_electronegativity) = first, second
    difference = 2 * abs(radius - other_radius) / (radius + other_radius)
    return (
        difference <= MAX_RADIUS_DIFFERENCE
        and abs(electronegativity - other_electronegativity) <= MAX_ELECTRONEGATIVITY_DIFFERENCE
    )


def merged_species(elements: Iterable[int]) -> Mapping[int, int]:
    """Atomic number -> the smallest one that it is joined with; elements joined to a third are joined."""
    distinct = sorted(set(elements))
    species = {element: element for element in distinct}
    for one, other in combinations(distinct, 2):
        if can_substitute(one, other) and species[one] != species[other]:
            kept, lost = sorted((species[one], species[other]))
            species = {element: kept if smallest == lost else smallest for element, smallest in species.items()}
    return species


def has_substitutes(candidate: Candidate) -> bool:
    """Whether any two of its elements can substitute each other."""
    return any(
        element != smallest for element, smallest in merged_species(candidate.crystal.atomic_numbers.tolist()).items()
    )


def same_up_to_disorder(a: Candidate, b: Candidate, settings: MatchSettings) -> bool:
    """Whether two crystals of one formula get the verdict "same" once substitutable elements are one species in both.

    Keys, loose primitive cells and distances are those of the merged crystals, so the ordering may have any cell.

    Raises:
        UnmeasurableError: a merged crystal has no fingerprint.
        ValueError: the reduced formulas differ.

    """
    if a.reduced_formula != b.reduced_formula:
        msg = f"only crystals of one reduced formula are compared, not {a.reduced_formula} and {b.reduced_formula}"
        raise ValueError(msg)
    return compare(_merged(a), _merged(b), settings).same


def _merged(candidate: Candidate) -> Candidate:
    crystal = candidate.crystal
    species = merged_species(crystal.atomic_numbers.tolist())
    numbers = np.array([species[number] for number in crystal.atomic_numbers.tolist()])
    merged = Crystal(crystal.lattice, crystal.frac_coords, numbers)
    return Candidate(merged, reduced_formula(numbers), canonical_bawl(merged).keys)


@cache
def _radius_and_electronegativity(number: int) -> tuple[float, float] | None:
    element = Element.from_Z(number)
    if element.atomic_radius is None:
        return None
    known = float(element.atomic_radius), float(element.data.get("X") or math.nan)
    return None if math.isnan(sum(known)) else known
