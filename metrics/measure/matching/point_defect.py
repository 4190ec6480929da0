"""Is a structure a known crystal with point defects: a supercell of it with few sites missing, added or exchanged?

A vacancy, an interstitial, a wrong atom or a dopant makes another formula, or another order, so the verdict rightly
says that the structure is not in a reference set; but nobody would call it a new compound. The cell of the crystal is
found again in the shifts that bring most of the structure onto itself, its sites are laid over the structure's in every
way that brings two sites of one element together, and what does not agree is counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.matching.host_formulas import fewest_edits, may_be_host
from metrics.measure.matching.host_lattice import Sites, lattice_maps
from metrics.measure.matching.site_edits import FIRST_REACH, fewest_site_edits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from metrics.measure.matching.verdict import Candidate

VERSION = 1
"""Of the comparison; raised when it could change under the same settings."""


N_MORE_PIVOTS = 2
"""The site from which the origin is guessed may be a defect, or displaced by one: so many more than the edits."""


@dataclass(frozen=True)
class PointDefectSettings:
    """What counts as a crystal with point defects.

    Attributes:
        sites_per_edit: one site may be missing, added or exchanged for each so many sites of the perfect supercell.
        max_strain: of the cell against that of the perfect supercell at equal volume: the root of the sum of the
            squares of the logarithms of the principal stretches.
        site_tolerance: how far a site may be off, in units of (volume / n_sites)^(1/3).

    """

    sites_per_edit: int = 16
    max_strain: float = 0.1
    site_tolerance: float = 0.3


def primitive_counts(candidate: Candidate) -> dict[int, int]:
    """Number of atoms of each element in the loose primitive cell; needs keys."""
    elements, counts = np.unique(candidate.crystal.atomic_numbers, return_counts=True)
    ratio = counts // math.gcd(*counts.tolist())
    return dict(zip(elements.tolist(), (ratio * candidate.sizes[0]).tolist(), strict=True))


def host_multiples(counts: Mapping[int, int], host: Mapping[int, int], sites_per_edit: int) -> dict[int, int]:
    """Of how many primitive cells of a host that of a structure may be made, each with the fewest edits it takes.

    A host has no element that the structure lacks: one whose atoms are all gone was substituted.

    Args:
        counts: atoms of each element in the primitive cell of the structure.
        host: atoms of each element in that of the host.
        sites_per_edit: one edit is allowed for each so many sites of the host.

    """
    if not host.keys() <= counts.keys():
        return {}
    n_sites, n_host = sum(counts.values()), sum(host.values())
    most = n_sites // (sites_per_edit - 1)
    possible = {}
    for multiple in range(max(1, (n_sites - most) // n_host), (n_sites + most) // n_host + 1):
        atoms = {element: multiple * n for element, n in host.items()}
        if may_be_host(counts, atoms, sites_per_edit):
            possible[multiple] = fewest_edits(counts, atoms)
    return possible


def same_up_to_point_defects(structure: Candidate, host: Candidate, settings: PointDefectSettings) -> bool:
    """Whether a structure is a supercell of a host with at least one edit and no more than the settings allow.

    Both are reduced to their loose primitive cells first, so neither the choice of cell nor the number of copies
    matters. Mirror images are the same. Where all sites agree the structure is a distorted copy, not a defect.

    Args:
        structure: with keys.
        host: with keys.
        settings: how many edits, and how well the rest has to agree.

    Raises:
        UnmeasurableError: a cell cannot be searched, or the comparison would take too long.

    """
    multiples = host_multiples(primitive_counts(structure), primitive_counts(host), settings.sites_per_edit)
    if not multiples:
        return False
    return _has_defects(_primitive(structure), _primitive(host), multiples, settings)


def _primitive(candidate: Candidate) -> tuple[NDArray[np.float64], Sites]:
    """Lattice and sites of the loose primitive cell."""
    primitive = candidate.primitive(candidate.sizes[:1])
    order = np.argsort(primitive.atomic_numbers, kind="stable")
    cell = reduce_cell(primitive)
    return cell.lattice, Sites(np.ascontiguousarray(cell.frac_coords[order]), primitive.atomic_numbers[order])


def _has_defects(
    structure: tuple[NDArray[np.float64], Sites],
    host: tuple[NDArray[np.float64], Sites],
    multiples: Mapping[int, int],
    settings: PointDefectSettings,
) -> bool:
    """Whether the host becomes the structure by at least one edit and no more than allowed."""
    (lattice, sites), (host_lattice, host_sites) = structure, host
    n_sites, n_host = len(sites.atomic_numbers), len(host_sites.atomic_numbers)
    host_volume = abs(float(np.linalg.det(host_lattice)))
    unit = lattice / abs(float(np.linalg.det(lattice))) ** (1 / 3)
    tolerance = settings.site_tolerance * (host_volume / n_host) ** (1 / 3)
    most = max(multiples) * n_host // settings.sites_per_edit
    pivots = _pivots(sites, host_sites, most)
    # a shift goes wrong at a defect, and where it leads to one
    limits = (settings.max_strain, FIRST_REACH * tolerance, 2 * most)
    maps = lattice_maps(sites, unit * (n_sites * host_volume / n_host) ** (1 / 3), host_lattice, pivots, limits)
    n_cells = np.abs(np.rint(np.linalg.det(maps)))
    for multiple, least in sorted(multiples.items()):
        of_size = maps[n_cells == multiple]
        if len(of_size):
            most = multiple * n_host // settings.sites_per_edit
            scaled = unit * (multiple * host_volume) ** (1 / 3)
            edits = fewest_site_edits(host_sites, of_size, sites, scaled, pivots, (tolerance, least, most))
            if 1 <= edits <= most:
                return True
    return False


def _pivots(sites: Sites, host_sites: Sites, most: int) -> NDArray[np.int64]:
    """Sites of the element with the fewest origins to try: so many that one is no defect, nor much displaced by one."""
    elements, counts = np.unique(host_sites.atomic_numbers, return_counts=True)
    places = [np.flatnonzero(sites.atomic_numbers == element)[: most + 1 + N_MORE_PIVOTS] for element in elements]
    return places[int(np.argmin([len(of_element) * n for of_element, n in zip(places, counts, strict=True)]))]
