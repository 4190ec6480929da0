"""The filter that works forces out once gives those of ASE's, in every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.emt import EMT
from ase.filters import FrechetCellFilter
from ase.optimize import FIRE

from metrics.measure.energy.cell_filter import CellFilter

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Counting(CellFilter):
    """Counts how often forces are worked out."""

    def __init__(self, atoms: Atoms) -> None:
        self.geometries: list[bytes] = []
        super().__init__(atoms)
        solve = self._utility.get_forces_frechet

        def counted(**kwargs: Any) -> Any:  # noqa: ANN401 - whatever ase takes and gives
            self.geometries.append(self.atoms.positions.tobytes() + self.atoms.cell.array.tobytes())
            return solve(**kwargs)

        self._utility.get_forces_frechet = counted  # type: ignore[assignment]


def distorted(seed: int) -> Atoms:
    noise = np.random.default_rng(seed).normal(0, 0.03, (7, 3))
    corners = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2
    cell = 3.7 * (np.eye(3) + noise[:3])
    return Atoms("AuCu3", scaled_positions=corners + noise[3:], cell=cell, pbc=True, calculator=EMT())


def steps(atoms: Atoms, cell_filter: FrechetCellFilter) -> list[NDArray[np.float64]]:
    optimizer = FIRE(cell_filter, logfile=None)
    return [np.vstack([atoms.positions, atoms.cell.array]) for _ in optimizer.irun(fmax=0.01, steps=5)]


def test_every_step_is_that_of_ase_to_the_bit_and_no_forces_are_worked_out_twice() -> None:
    ours, theirs = distorted(0), distorted(0)
    counting = Counting(ours)
    expected = steps(theirs, FrechetCellFilter(theirs))
    np.testing.assert_array_equal(steps(ours, counting), expected)
    assert len(counting.geometries) == len(set(counting.geometries)) == len(expected)


def test_what_a_caller_does_to_the_forces_does_not_stay() -> None:
    once = CellFilter(distorted(1))
    before = once.get_forces()
    before *= 0
    assert np.abs(once.get_forces()).max() > 0
