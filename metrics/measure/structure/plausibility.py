"""Are the atoms apart, and could the cell be that of a crystal at all?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from metrics.measure import UnmeasurableError, measure
from metrics.measure.fingerprint.elements import element_of
from metrics.measure.fingerprint.neighbours import neighbours_within, reduce_cell
from metrics.measure.structure.cif_round_trip import survives_cif
from metrics.measure.structure.density import atom_density, mass_density
from metrics.measure.structure.lattice import niggli_cell
from metrics.measure.structure.symmetry import ANGLE_TOLERANCE_DEGREES, symmetry_dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.crystal import Crystal

_TIE_ANGSTROM = 1e-8
"""A distance this little below its limit passes, so that rounding in a rotated cell changes no verdict."""


@dataclass(frozen=True)
class DistanceSettings:
    """Limit of the distance of sites i and j: ``scale * (offset + r_i + r_j)``, r the atomic radius, all in angstrom.

    Radii are pymatgen's atomic radii (Slater 1964, DOI 10.1063/1.1725697); ``unknown_radius`` stands in for elements
    without one. ``self_images`` off skips the distances between a site and its own periodic images, as
    LeMat-GenBench (arXiv 2512.04562) does.
    """

    scale: float = 0.5
    offset: float = 0.7
    unknown_radius: float = 1.0
    self_images: bool = True


@measure(name="distance", version=1, columns={"distance_valid": pa.bool_()}, settings=DistanceSettings)
def measure_distance(crystal: Crystal, settings: DistanceSettings) -> dict[str, object]:
    """Whether all atoms keep their distance from each other and from their own images."""
    radii = _atomic_radii(crystal, settings.unknown_radius)
    closest = settings.scale * (settings.offset + 2 * float(radii.min()))
    if settings.self_images and atom_density(crystal) * closest**3 > sqrt(2):
        # denser than the densest packing of spheres at the smallest limit: some pair must be too close
        return {"distance_valid": False}
    near = neighbours_within(reduce_cell(crystal), settings.scale * (settings.offset + radii + radii.max()))
    limits = settings.scale * (settings.offset + radii[near.center] + radii[near.site])
    too_close = near.distance < limits - _TIE_ANGSTROM
    if not settings.self_images:
        too_close &= near.center != near.site
    return {"distance_valid": not bool(too_close.any())}


def _atomic_radii(crystal: Crystal, unknown: float) -> NDArray[np.float64]:
    return np.array([_atomic_radius(int(z)) or unknown for z in crystal.atomic_numbers])


@cache
def _atomic_radius(atomic_number: int) -> float | None:
    radius = element_of(atomic_number).atomic_radius
    return None if radius is None else float(radius)


@dataclass(frozen=True)
class PlausibleSettings:
    """Ranges a crystal must lie in, bounds included; densities in g/cm3 and atoms per A3, lengths in A, volume in A3.

    ``cell`` says whose lengths and volume are judged: those of the reduced primitive cell, which do not depend on the
    choice of cell, or those of the cell as given, as LeMat-GenBench (arXiv 2512.04562) does. With ``primitive`` a large
    supercell of a sound crystal stays sound, and a cell vector that is too short cannot be hidden in a supercell.
    """

    min_density: float = 0.01
    max_density: float = 25.0
    min_atom_density: float = 1e-5
    max_atom_density: float = 0.5
    min_volume: float = 1.0
    min_length: float = 1.0
    max_length: float = 100.0
    cell: Literal["primitive", "as_given"] = "primitive"
    cif_round_trip: bool = True
    symprec: float = 0.01
    angle_tolerance: float = ANGLE_TOLERANCE_DEGREES


@measure(name="plausible", version=2, columns={"plausible": pa.bool_()}, settings=PlausibleSettings)
def measure_plausible(crystal: Crystal, settings: PlausibleSettings) -> dict[str, object]:
    """Whether density, cell, CIF form and symmetry are those of a crystal; the cheap questions are asked first."""
    return {
        "plausible": _has_plausible_density(crystal, settings)
        and _has_plausible_cell(crystal, settings)
        and (not settings.cif_round_trip or survives_cif(crystal))
    }


def _has_plausible_density(crystal: Crystal, settings: PlausibleSettings) -> bool:
    return (
        settings.min_density <= mass_density(crystal) <= settings.max_density
        and settings.min_atom_density <= atom_density(crystal) <= settings.max_atom_density
    )


def _has_plausible_cell(crystal: Crystal, settings: PlausibleSettings) -> bool:
    """Cell with a volume (so every angle lies strictly between 0 and 180 degrees), lengths in range, a space group."""
    try:
        dataset = symmetry_dataset(crystal, settings.symprec, settings.angle_tolerance)
    except UnmeasurableError:
        # "a space group is found" is itself one of the questions, and the answer is no
        return False
    cell = crystal.lattice if settings.cell == "as_given" else niggli_cell(dataset.primitive_lattice)
    lengths = np.linalg.norm(cell, axis=1)
    return bool(
        abs(np.linalg.det(cell)) > settings.min_volume
        and lengths.min() >= settings.min_length - _TIE_ANGSTROM
        and lengths.max() <= settings.max_length + _TIE_ANGSTROM
    )
