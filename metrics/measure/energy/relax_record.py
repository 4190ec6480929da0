"""What is asked of a potential for one structure, and the record of what it answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from metrics.crystal import Crystal
from metrics.energy_convention import CONVERTIBLE, OWN
from metrics.measure import settings_hash
from metrics.measure.energy.mp2020 import UncorrectableError, to_convention

if TYPE_CHECKING:
    from metrics.measure.potentials import Potential

STATUSES = ("ok", "converged", "step_limit", "time_limit", "exploded", "unknown_element", "failed")
"""``ok``: a single point. The first three have an energy, the others a detail that says why they have none."""


@dataclass(frozen=True)
class SinglePoint:
    """Energy of the structure as it stands.

    Attributes:
        forces: also the largest force; several times the cost of the energy alone.
        time_limit_s: wall time allowed for one structure.

    """

    forces: bool = False
    time_limit_s: float = 60.0


@dataclass(frozen=True)
class Relaxation:
    """Positions and cell follow the forces and the stress.

    FIRE (Bitzek et al. 2006, DOI 10.1103/PhysRevLett.97.170201) over the logarithm of the deformation (ASE's
    FrechetCellFilter).

    Attributes:
        fmax: in eV/A, of every atom and of the virial over the number of atoms, at which it has converged.
        max_steps: after which it is given up.
        time_limit_s: wall time allowed for one structure.

    """

    fmax: float = 0.05
    max_steps: int = 500
    time_limit_s: float = 600.0


Settings = SinglePoint | Relaxation


def hash_of(settings: Settings) -> str:
    """12 hex digits of all that decides a result; the time allowed decides only whether there is one."""
    return settings_hash(replace(settings, time_limit_s=0.0))


@dataclass(frozen=True)
class EnergyRecord:
    """One row of ``energies.parquet`` before the hull is known.

    Attributes:
        sha256: of the structure as submitted.
        potential: id.
        checkpoint_sha256: of the potential's parameters.
        settings_hash: of what was asked (:func:`hash_of`).
        relaxed: whether a relaxation was asked for.
        status: one of :data:`STATUSES`.
        detail: why it is not ``ok`` or ``converged``.
        n_steps: of the relaxation.
        energy: of the whole cell in eV; None unless ok, converged or step_limit.
        energy_convention: what the energy can be compared with.
        energy_per_atom: in eV.
        rmsd: root mean square displacement between start and end in angstrom, None where the two do not match.
        max_force: largest force on an atom at the end, in eV/A.
        cell: the relaxed structure as JSON: lattice, frac_coords, atomic_numbers.
        device: ``cpu`` or ``cuda``.
        seconds: wall time it took; no part of the result.

    """

    sha256: str
    potential: str
    checkpoint_sha256: str
    settings_hash: str
    relaxed: bool
    status: str
    detail: str | None = None
    n_steps: int | None = None
    energy: float | None = None
    energy_convention: str | None = None
    energy_per_atom: float | None = None
    rmsd: float | None = None
    max_force: float | None = None
    cell: str | None = None
    device: str | None = None
    seconds: float | None = None

    def end(self, start: Crystal) -> Crystal:
        """The structure that the energy belongs to: the relaxed one, or the one given."""
        if self.cell is None:
            return start
        return Crystal.from_arrays(**json.loads(self.cell))


def cell_of(crystal: Crystal) -> str:
    """A crystal as the JSON text of the column ``cell``; floats survive exactly."""
    parts = ("lattice", "frac_coords", "atomic_numbers")
    return json.dumps({part: getattr(crystal, part).tolist() for part in parts})


def conventions_of(potential: Potential) -> tuple[str, ...]:
    """What a potential's energies can be had in: their own convention, what that converts to, the potential's own."""
    native = potential.energy_convention
    return tuple(dict.fromkeys((native, *CONVERTIBLE.get(native, ()), f"{OWN}{potential.id}")))


def convert_record(record: EnergyRecord, start: Crystal, convention: str) -> EnergyRecord:
    """The record with its energy in another convention; one without an energy stays as it is.

    Where no conversion of this crystal is known the record has failed, and its detail says why.

    Args:
        record: as :func:`metrics.measure.energy.relaxation.energies_of` gives it, in the potential's own convention.
        start: the structure as submitted.
        convention: one of :func:`conventions_of`.

    Raises:
        ValueError: no energy of the potential can be converted to it.

    """
    if record.energy is None or record.energy_convention is None:
        return record
    end = record.end(start)
    energy = record.energy
    if convention != f"{OWN}{record.potential}":
        try:
            energy = to_convention(energy, end, record.energy_convention, convention)
        except UncorrectableError as error:
            return replace(record, status="failed", detail=str(error), energy=None, energy_per_atom=None)
    return replace(record, energy=energy, energy_per_atom=energy / end.n_sites, energy_convention=convention)
