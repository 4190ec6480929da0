"""What a generator may know: crystals of the reference set, and statistics of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.periodic_table import Element

from leaderboard.baselines.volumes import Volumes
from leaderboard.errors import CommandError
from reference_data.reference import open_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from reference_data.files.crystals import ReferenceCrystal
    from reference_data.reference import Reference

N_KNOWN = 5_000
"""Crystals that are read of a larger set, at random."""
HEAVIEST = 94
"""Plutonium: few potentials know a heavier element."""


class Known:
    """What is known of a reference set.

    Args:
        reference: the set.
        generator: which crystals of a large set, and their order.

    """

    def __init__(self, reference: Reference, generator: np.random.Generator) -> None:
        """Remember the set; crystals are read when first needed."""
        self.reference = reference
        self._generator = generator

    @cached_property
    def crystals(self) -> Sequence[ReferenceCrystal]:
        """Crystals of the set, in random order."""
        return self.reference.crystals(self._generator.permutation(self.reference.n_crystals)[:N_KNOWN].tolist())

    @cached_property
    def prototypes(self) -> Sequence[ReferenceCrystal]:
        """Compounds of the AFLOW library of prototypes, as the starter set has them."""
        starter = open_reference("starter")
        return [one for one in starter.crystals(range(starter.n_crystals)) if "aflow-prototypes" in one.sources]

    @cached_property
    def volumes(self) -> Volumes:
        """Expected volumes."""
        return Volumes(sorted(self.crystals, key=lambda one: one.row))

    @cached_property
    def element_shares(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Atomic numbers, and the share of each among the elements of the crystals."""
        counts = np.zeros(HEAVIEST + 1)
        for one in self.crystals:
            numbers = np.unique(one.crystal.atomic_numbers)
            counts[numbers[numbers <= HEAVIEST]] += 1
        numbers = np.flatnonzero(counts)
        return numbers, counts[numbers] / counts.sum()

    @cached_property
    def elemental_volumes(self) -> Mapping[str, float]:
        """Volume per atom of each element that the starter set has, in cubic angstrom."""
        symbols = [Element.from_Z(number).symbol for number in range(1, HEAVIEST + 1)]
        rows = open_reference("starter").rows_of_formulas(symbols)
        return {one.chemical_system: one.crystal.volume / one.crystal.n_sites for one in reversed(rows)}

    def endlessly(self, fits: Callable[[ReferenceCrystal], bool] = bool) -> Iterator[ReferenceCrystal]:
        """Crystals that fit, in random order, each once before any comes again.

        Raises:
            CommandError: none does.

        """
        hosts = [one for one in self.crystals if fits(one)]
        if not hosts:
            msg = f"no crystal of the reference set {self.reference.name} can be used"
            raise CommandError(msg)
        while True:
            yield from hosts
            hosts = [hosts[at] for at in self._generator.permutation(len(hosts))]
