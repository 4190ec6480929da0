"""Potential's errors: random decorations, of which the potential that judges chooses, and scales, the lowest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from leaderboard.baselines.baseline import Bound, Made, control
from leaderboard.baselines.decoration import drawn_elements
from leaderboard.errors import CommandError
from metrics.crystal import Crystal
from metrics.energy_convention import OWN
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.energy.hull import formation_energy_per_atom
from metrics.measure.potentials import NotDescribedError, PotentialUnavailableError, find
from metrics.measure.structure.convert import composition_of
from reference_data.reference import open_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ase.calculators.calculator import Calculator

    from leaderboard.baselines.known import Known
    from metrics.measure.energy.hull import Hull
    from metrics.measure.potentials import Potential

POTENTIAL = "chgnet"
MOST_SITES = 4
N_DECORATIONS = 4
"""Random ones, of which the lowest above the hull is kept: more would cost more than ten minutes for 2,500."""
SCALES = (0.9, 0.95, 1.05, 1.1)
"""Volumes that the one kept is tried at, in units of the expected one."""


@control(
    "Potential's errors",
    "Small known structure types with random elements: CHGNet chooses the lowest above its hull, and its volume.\n"
    "What it calls stable is often its own error; the breakdown says that all hits are substitutions.",
    Bound("sun_msun_substitution", at_least=0.5, of="sun_msun"),
)
def potential_errors(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """Energies on the hull of the starter set by the potential itself.

    Raises:
        CommandError: the potential is not installed.

    """
    judge = Judge(find(POTENTIAL))
    hosts = [one for one in known.crystals if "-" in one.chemical_system and one.crystal.n_sites <= MOST_SITES]
    while True:
        drawn = []
        for _ in range(N_DECORATIONS):
            host = hosts[generator.integers(len(hosts))]
            crystal = drawn_elements(known, host.crystal, generator)
            drawn.append((judge.distance(crystal), host, crystal))
        _, host, best = min(drawn, key=lambda one: one[0])
        if not judge.knows(best):
            continue
        scaled = [Crystal(best.lattice * scale ** (1 / 3), best.frac_coords, best.atomic_numbers) for scale in SCALES]
        lowest = min((best, *scaled), key=judge.distance)
        yield Made(f"{host.id}-to-{reduced_formula_of(lowest)}", lowest)


class Judge:
    """Distances above the hull of the starter set by a potential.

    Args:
        potential: which one; it is loaded here.

    Raises:
        CommandError: it is not installed.

    """

    def __init__(self, potential: Potential) -> None:
        """Load the potential and its hull."""
        self._potential = potential
        try:
            self._calculator: Calculator = potential.make("cpu")
        except PotentialUnavailableError as error:
            raise CommandError(str(error)) from error
        starter = open_reference("starter")
        self._convention = f"{OWN}{potential.id}"
        self._hull: Hull = starter.hull(self._convention)
        self._elemental = starter.elemental_references(self._convention)

    def knows(self, crystal: Crystal) -> bool:
        """Whether the potential knows all elements."""
        numbers = set(crystal.atomic_numbers.tolist())
        symbols = set(composition_of(crystal).get_el_amt_dict())
        return numbers <= self._potential.elements and symbols <= set(self._elemental)

    def distance(self, crystal: Crystal) -> float:
        """E above hull in eV/atom, rounded so that processors agree; infinite where there is none."""
        if not self.knows(crystal):
            return np.inf
        atoms = Atoms(crystal.atomic_numbers, scaled_positions=crystal.frac_coords, cell=crystal.lattice, pbc=True)
        try:
            energy = float(self._calculator.get_property("energy", atoms)) / crystal.n_sites
        except NotDescribedError:
            return np.inf
        formula = composition_of(crystal).get_el_amt_dict()
        formation = formation_energy_per_atom(formula, energy, self._elemental)
        (answer,) = self._hull.distances([formula], [formation], convention=self._convention)
        return np.inf if answer.e_above_hull is None else round(answer.e_above_hull, 3)
