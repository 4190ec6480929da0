"""StructureMatcher with a bound on its work, counted, so that a pair gets the same answer on any machine.

It tries every lattice of one crystal that resembles the other's, and for each every translation of its rarest element.
A needle has very many lattice points to choose from, a large cell of few elements very many translations.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.core.structure_matcher import StructureMatcher

from metrics.measure import UnmeasurableError
from metrics.measure.matching.structure_matcher.superposition import STEPS_OF_DISTANCES, cells_that_resemble, laid_over

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pymatgen.core.structure import IStructure

MAX_LATTICE_POINTS = 300_000
"""Bound on the points of a sphere as large as the cell is long, from which lattices are chosen, about 0.2 s."""
MAX_LATTICES = 30_000_000
"""Bound on the triples of points of fitting length, about half a second and 0.1 GB."""
MAX_STEPS = 300_000_000
"""Bound on the pairs of sites looked at, about a second; the most that a pair of the 1,000 real ones takes which the
verdict puts to the matcher is 28 million (CdI2, 18 sites)."""
MAX_PRIMITIVE = 1_000_000
"""Bound on (sites) x (sites of the rarest element)^2 of a cell in which pymatgen looks for a smaller one, about 0.5 s;
the largest of 35,505 real crystals has 527,000 (168 sites)."""


SLACK = 1e-4
"""Of a relative length and of an angle in degrees; far more than rounding makes of either."""


class Reduced(NamedTuple):
    """A crystal in its reduced cell: (3, 3) in angstrom, fractional coordinates (n, 3), atomic numbers (n,)."""

    cell: NDArray[np.float64]
    coords: NDArray[np.float64]
    numbers: NDArray[np.int64]


class BoundedMatcher(StructureMatcher):
    """For one pair of crystals; the bound holds for all calls together."""

    def __init__(
        self,
        *,
        ltol: float = 0.2,
        stol: float = 0.3,
        angle_tol: float = 5.0,
        primitive_cell: bool = False,
        attempt_supercell: bool = False,
    ) -> None:
        """Take tolerances as pymatgen's class does; its defaults, but that cells are not reduced unless asked for."""
        super().__init__(
            ltol=ltol,
            stol=stol,
            angle_tol=angle_tol,
            primitive_cell=primitive_cell,
            scale=True,
            attempt_supercell=attempt_supercell,
        )
        self._steps = 0

    def fit_either_way(self, one: Structure, other: Structure) -> bool:
        """Whether either can be laid over the other: the answer can depend on which is.

        Raises:
            UnmeasurableError: a bound on the work is passed.

        """
        return bool(self.fit(one, other) or self.fit(other, one))

    @classmethod
    def reduced(cls, structure: Structure) -> Reduced:
        """The structure in the reduced cell in which it is compared, its sites as they are.

        Raises:
            UnmeasurableError: a bound on the work is passed.

        """
        reduced = cls._get_reduced_structure(structure, primitive_cell=False)
        return Reduced(reduced.lattice.matrix, np.array(reduced.frac_coords), np.array(reduced.atomic_numbers))

    def fit_reduced_either_way(self, one: Reduced, other: Reduced) -> bool:
        """As :meth:`fit_either_way`, of crystals with as many sites of each element, by a matcher that reduces no cell.

        Raises:
            UnmeasurableError: a bound on the work is passed.

        """
        return self._fit_reduced(one, other) or self._fit_reduced(other, one)

    def _fit_reduced(self, one: Reduced, other: Reduced) -> bool:
        ratio = abs(np.linalg.det(other.cell) / np.linalg.det(one.cell)) ** (1 / 6)
        ours, theirs = one._replace(cell=one.cell * ratio), other._replace(cell=other.cell / ratio)
        self._check_lattices(theirs.cell, ours.cell)
        cells = cells_that_resemble(theirs.cell, ours.cell, length_tolerance=self.ltol, angle_tolerance=self.angle_tol)
        if len(cells) > 1:
            cells = cells[self._order(cells, theirs.cell, Lattice(ours.cell))]
        same, steps = laid_over(ours, theirs, cells, self.stol, MAX_STEPS - self._steps)
        self._count(steps)
        return same

    def _order(self, cells: NDArray[np.float64], target: NDArray[np.float64], lattice: Lattice) -> list[int]:
        """The order in which pymatgen tries cells, by which the work up to the first match is counted."""
        reach = max(math.sqrt(one @ one) for one in target) * (1 + self.ltol)
        points: Any = lattice.get_points_in_sphere([[0, 0, 0]], [0, 0, 0], reach, zip_results=False)[0]
        rank = {tuple(point): at for at, point in enumerate(points.astype(int).tolist())}
        ranks = [[rank.get(tuple(vector), len(rank)) for vector in cell] for cell in cells.astype(int).tolist()]
        return sorted(range(len(cells)), key=ranks.__getitem__)

    @classmethod
    def _get_reduced_structure(  # as pymatgen's
        cls,
        struct: Structure | IStructure,
        primitive_cell: bool = True,  # noqa: FBT001, FBT002 - as there
        niggli: bool = True,  # noqa: FBT001, FBT002 - as there
    ) -> Structure:
        """Reduce without pymatgen's cache, which compares all pairs of sites to recognise a structure."""
        _check(_points(struct.volume, max(struct.lattice.get_lll_reduced_lattice().lengths)), MAX_LATTICE_POINTS)
        reduced = Structure.from_sites(struct)
        if niggli:
            reduced = reduced.get_reduced_structure(reduction_algo="niggli")
        if not primitive_cell:
            return reduced
        rarest = np.unique(reduced.atomic_numbers, return_counts=True)[1].min()
        _check(len(reduced) * float(rarest) ** 2, MAX_PRIMITIVE, "comparisons for a primitive cell")
        return reduced.get_primitive_structure()

    def _get_lattices(
        self, target_lattice: Lattice, s: Structure, supercell_size: int = 1
    ) -> Iterator[tuple[Lattice, NDArray[Any]]]:
        self._check_lattices(target_lattice.matrix, s.lattice.matrix)
        # pymatgen goes through all triples of points, also where none will do
        nearly = cells_that_resemble(
            target_lattice.matrix,
            s.lattice.matrix,
            length_tolerance=self.ltol + SLACK,
            angle_tolerance=self.angle_tol + SLACK,
            n_cells=supercell_size,
        )
        if len(nearly):
            yield from super()._get_lattices(target_lattice, s, supercell_size)  # type: ignore[no-untyped-call] # pymatgen's

    def _check_lattices(self, target: NDArray[np.float64], lattice: NDArray[np.float64]) -> None:
        lengths = [math.sqrt(one @ one) for one in target]
        longest, shortest = 1 + self.ltol, 1 / (1 + self.ltol)
        volume = abs(float(np.linalg.det(lattice)))
        _check(_points(volume, longest * max(lengths)), MAX_LATTICE_POINTS)
        in_shells = (_points(volume, longest * one) - _points(volume, shortest * one) for one in lengths)
        _check(math.prod(max(1.0, points) for points in in_shells), MAX_LATTICES, "lattices")

    def _cmp_fstruct(self, s1: Any, s2: Any, frac_tol: Any, mask: NDArray[Any]) -> bool:  # type: ignore[override] # noqa: ANN401 - as there; counts, so of an instance
        self._count(mask.size)
        return bool(super()._cmp_fstruct(s1, s2, frac_tol, mask))  # type: ignore[no-untyped-call] # pymatgen's

    def _cart_dists(self, s1: Any, s2: Any, avg_lattice: Any, mask: NDArray[Any], *rest: Any) -> Any:  # type: ignore[override] # noqa: ANN401 - as above
        self._count(STEPS_OF_DISTANCES * mask.size)
        return super()._cart_dists(s1, s2, avg_lattice, mask, *rest)  # type: ignore[no-untyped-call] # pymatgen's

    def _count(self, steps: int) -> None:
        self._steps += steps
        _check(self._steps, MAX_STEPS, "pairs of sites")


def _points(volume: float, radius: float) -> float:
    """Expected number of lattice points in a sphere, of a cell of a volume."""
    return 4 / 3 * math.pi * radius**3 / volume


def _check(expected: float, bound: float, what: str = "points of the lattice") -> None:
    if expected > bound:
        reason = f"StructureMatcher would take too long: {expected:.2g} {what} to look at, {bound:.2g} is the bound"
        raise UnmeasurableError(reason)
