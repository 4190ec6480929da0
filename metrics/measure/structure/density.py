"""Mass and number of atoms per volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure.fingerprint.elements import element_of

if TYPE_CHECKING:
    from metrics.crystal import Crystal

# CODATA 2022 atomic mass constant: 1 u per cubic angstrom in g per cubic centimetre
_DENSITY_PER_AMU_PER_CUBIC_ANGSTROM = 1.66053906892


def mass_density(crystal: Crystal) -> float:
    """Mass density in g/cm3; infinite for a cell without volume, NaN for one whose numbers are not finite."""
    mass = sum(float(element_of(number).atomic_mass) * count for number, count in crystal.counts.items())
    return mass / crystal.volume * _DENSITY_PER_AMU_PER_CUBIC_ANGSTROM if crystal.volume else float("inf")


def atom_density(crystal: Crystal) -> float:
    """Atoms per cubic angstrom; infinite for a cell without volume, NaN for one whose numbers are not finite."""
    return crystal.n_sites / crystal.volume if crystal.volume else float("inf")
