"""Elements for the sites of a structure, drawn by their shares among known crystals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.crystal import Crystal
from metrics.measure.chemistry.oxidation_states import neutral_composition_exists

if TYPE_CHECKING:
    from leaderboard.baselines.known import Known

MOST_DRAWS = 200
"""Of elements for one stoichiometry; some have no neutral choice at all."""


def drawn_elements(known: Known, crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """The crystal with each of its elements replaced by another one, at the volume that these should have."""
    present = np.unique(crystal.atomic_numbers)
    numbers, shares = known.element_shares
    others = generator.choice(numbers, len(present), replace=False, p=shares)
    return with_elements(known, crystal, others[np.searchsorted(present, crystal.atomic_numbers)].tolist())


def neutral_elements(known: Known, crystal: Crystal, generator: np.random.Generator) -> Crystal | None:
    """The same, drawn again until charges can balance by the states of the ICSD; None where they never do."""
    present, amounts = np.unique(crystal.atomic_numbers, return_counts=True)
    amounts //= np.gcd.reduce(amounts)
    numbers, shares = known.element_shares
    for _ in range(MOST_DRAWS):
        others = generator.choice(numbers, len(present), replace=False, p=shares)
        if neutral_composition_exists(dict(zip(others.tolist(), amounts.tolist(), strict=True))):
            return with_elements(known, crystal, others[np.searchsorted(present, crystal.atomic_numbers)].tolist())
    return None


def with_elements(known: Known, crystal: Crystal, atomic_numbers: list[int]) -> Crystal:
    """The crystal with these elements on its sites, its cell scaled to the volume that they should have."""
    scale = (known.volumes.scaled(crystal, atomic_numbers) / crystal.volume) ** (1 / 3)
    return Crystal.from_arrays(scale * crystal.lattice, crystal.frac_coords, atomic_numbers)
