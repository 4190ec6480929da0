"""``python -m tests.check_device [POTENTIAL ...]``: how far a GPU's answers differ from this machine's CPU.

Made crystals, single points with forces and a few relaxations, on both devices and twice on the GPU. Exit 1 where an
energy differs by more than the tolerance that :func:`metrics.measure.energy.relaxation.energies_of` states.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import torch
from ase.data import covalent_radii

from metrics.crystal import Crystal
from metrics.measure.energy.relax_record import EnergyRecord, Relaxation, SinglePoint
from metrics.measure.energy.relax_structure import Task, energy_of
from metrics.measure.potentials import find

if TYPE_CHECKING:
    from metrics.measure.energy.relax_record import Settings

TOLERANCE = 1e-4  # eV/atom
N_RELAXED = 10
CATIONS = (3, 11, 12, 19, 20, 22, 23, 25, 26, 27, 28, 30, 39, 40, 47, 50, 56, 57, 72, 74, 82, 83, 92)
ANIONS = (7, 8, 9, 16, 17, 34, 35, 52, 53)
BASES = {
    "rocksalt": (2.0, [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "cesium chloride": (1.16, [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "zincblende": (2.31, [[0, 0, 0], [0.25, 0.25, 0.25]]),
}


def made_crystals(count: int = 50) -> list[Crystal]:
    """Binary compounds of three prototypes, 2 to 16 sites, distorted; the same ones on every machine."""
    generator = np.random.default_rng(2026)
    crystals = []
    for index in range(count):
        name = list(BASES)[index % len(BASES)]
        ratio, basis = BASES[name]
        cation, anion = generator.choice(CATIONS), generator.choice(ANIONS)
        bond = 1.05 * (covalent_radii[cation] + covalent_radii[anion])
        primitive = np.eye(3) if name == "cesium chloride" else (1 - np.eye(3)) / 2
        lattice = ratio * bond * primitive * (1 + generator.uniform(-0.05, 0.05))
        repeats = np.array([(1, 1, 1), (1, 1, 2), (2, 2, 1), (2, 2, 2)][index % 4])
        cells = np.array(list(np.ndindex(*repeats)))
        coords = (np.array(basis)[None] + cells[:, None]).reshape(-1, 3) / repeats
        coords += generator.normal(0, 0.01, coords.shape)
        strain = np.eye(3) + generator.normal(0, 0.02, (3, 3))
        numbers = np.tile([cation, anion], len(cells))
        crystals.append(Crystal.from_arrays((lattice * repeats[:, None]) @ strain, coords, numbers))
    return crystals


def records(potential_id: str, crystals: list[Crystal], settings: Settings, device: str) -> list[EnergyRecord]:
    """Records in the order of the crystals."""
    return [energy_of(Task(crystal, potential_id, settings, device)).record for crystal in crystals]


def differences(first: list[EnergyRecord], second: list[EnergyRecord]) -> tuple[float, float, int]:
    """Largest difference in eV/atom, in eV/A of the largest force, and how many statuses differ."""
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a.energy_per_atom is not None]
    energy = max(abs((a.energy_per_atom or 0) - (b.energy_per_atom or np.inf)) for a, b in pairs)
    force = max(abs((a.max_force or 0) - (b.max_force or np.inf)) for a, b in pairs)
    return energy, force, sum(a.status != b.status for a, b in zip(first, second, strict=True))


def main(potential_ids: list[str]) -> int:
    """Print the differences of each potential."""
    torch.set_num_threads(1)
    if not torch.cuda.is_available():
        print("no CUDA device: nothing to compare")  # noqa: T201 - a command's result
        return 2
    crystals = made_crystals()
    worst = 0.0
    for potential_id in potential_ids:
        find(potential_id).checkpoint()
        for settings, chosen in ((SinglePoint(forces=True), crystals), (Relaxation(), crystals[:N_RELAXED])):
            cpu = records(potential_id, chosen, settings, "cpu")
            gpu = records(potential_id, chosen, settings, "cuda")
            again = records(potential_id, chosen, settings, "cuda")
            seconds = [sum(record.seconds or 0 for record in found) for found in (cpu, gpu, again)]
            for label, (energy, force, statuses) in (
                ("cpu - gpu", differences(cpu, gpu)),
                ("gpu - gpu again", differences(gpu, again)),
            ):
                print(  # noqa: T201 - a command's result
                    f"{potential_id} {type(settings).__name__} n={len(chosen)} {label}: {energy:.2e} eV/atom, "
                    f"{force:.2e} eV/A, {statuses} statuses differ",
                )
                # two relaxations may stop a step apart, so only energies of the same structure are held to it
                if isinstance(settings, SinglePoint):
                    worst = max(worst, energy)
            print(f"  seconds: cpu {seconds[0]:.1f}, gpu {seconds[1]:.1f}, again {seconds[2]:.1f}")  # noqa: T201 - as above
            print(f"  statuses: {sorted(record.status for record in gpu)}")  # noqa: T201 - as above
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["chgnet", "sevennet-0"]))
