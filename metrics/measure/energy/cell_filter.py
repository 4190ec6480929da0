"""Positions and cell as the coordinates of a relaxation, with the forces of one geometry worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ase.filters import FrechetCellFilter

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray


class CellFilter(FrechetCellFilter):
    """ASE's filter, to the bit; an optimizer asks for the same forces three times in a step.

    Each answer takes ten matrix functions of the deformation, a fifth of the time of a small crystal's step.
    """

    def __init__(self, atoms: Atoms) -> None:
        """Nothing is known yet."""
        super().__init__(atoms)  # type: ignore[no-untyped-call]
        self._geometry: bytes | None = None
        self._forces: NDArray[Any] | None = None

    def get_forces(self, **kwargs: Any) -> NDArray[Any]:  # noqa: ANN401 - as ase has it
        """Forces on the atoms and on the logarithm of the deformation, n + 3 by 3, in eV/A and eV."""
        geometry = self.atoms.positions.tobytes() + self.atoms.cell.array.tobytes()
        if self._forces is None or geometry != self._geometry:
            self._forces = super().get_forces(**kwargs)  # type: ignore[no-untyped-call]
            self._geometry = geometry
        return self._forces.copy()
