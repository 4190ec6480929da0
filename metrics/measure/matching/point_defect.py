"""Is a structure a known crystal with point defects: a supercell of it with few sites missing, added or exchanged?

A vacancy, an interstitial, a wrong atom or a dopant makes another formula, or another order, so the verdict rightly
says that the structure is not in a reference set; but nobody would call it a new compound. The lattice of the crystal
is mapped on that of the structure, its sites are laid over the structure's in every way that brings two sites of one
element together, and what does not agree is counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.matching.host_formulas import fewest_edits, may_be_host
from metrics.measure.matching.lattice_maps import lattice_maps
from metrics.measure.matching.site_edits import Sites, fewest_site_edits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from metrics.measure.matching.verdict import Candidate

VERSION = 1
"""Of the comparison; raised when it could change under the same settings."""


@dataclass(frozen=True)
class PointDefectSettings:
    """What counts as a crystal with point defects.

    Attributes:
        sites_per_edit: one site may be missing, added or exchanged for each so many sites of the perfect supercell.
        length_tolerance: by what share of itself an edge of the cell may differ, at equal volume.
        angle_tolerance: by how much the cosine of an angle of the cell may differ.
        site_tolerance: how far a site may be off, in units of (volume / n_sites)^(1/3).

    """

    sites_per_edit: int = 16
    length_tolerance: float = 0.15
    angle_tolerance: float = 0.2
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
    perfect, defective = _primitive(host), _primitive(structure)
    return any(
        _has_defects(defective, perfect, multiple, least, settings) for multiple, least in sorted(multiples.items())
    )


def _primitive(candidate: Candidate) -> tuple[NDArray[np.float64], Sites]:
    """Lattice and sites of the loose primitive cell."""
    primitive = candidate.primitive(candidate.sizes[:1])
    order = np.argsort(primitive.atomic_numbers, kind="stable")
    cell = reduce_cell(primitive)
    return cell.lattice, Sites(np.ascontiguousarray(cell.frac_coords[order]), primitive.atomic_numbers[order])


def _has_defects(
    structure: tuple[NDArray[np.float64], Sites],
    host: tuple[NDArray[np.float64], Sites],
    multiple: int,
    least: int,
    settings: PointDefectSettings,
) -> bool:
    """Whether so many cells of the host become the structure by at least one edit and no more than allowed."""
    (lattice, sites), (host_lattice, host_sites) = structure, host
    n_perfect = multiple * len(host_sites.atomic_numbers)
    most = n_perfect // settings.sites_per_edit
    volume = multiple * abs(float(np.linalg.det(host_lattice)))
    lattice = lattice * (volume / abs(float(np.linalg.det(lattice)))) ** (1 / 3)
    maps = lattice_maps(host_lattice, lattice, multiple, (settings.length_tolerance, settings.angle_tolerance))
    tolerance = settings.site_tolerance * (volume / n_perfect) ** (1 / 3)
    return 1 <= fewest_site_edits(host_sites, maps, sites, lattice, tolerance, (least, most)) <= most
