"""What is done to a crystal that must leave it the same: other choices of cell or setting, and small perturbations."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import spglib
from pymatgen.core.lattice import Lattice

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Apply: TypeAlias = Callable[[Crystal, np.random.Generator], Crystal]
Kind = Literal["setting", "perturbation"]

MOST_SITES = 60
"""Of a crystal that is changed; changes that multiply the cell take smaller ones, so that 160 sites are the most."""
SYMPREC_ANGSTROM = 0.01
MAX_SHEAR = 2


@dataclass(frozen=True)
class Change:
    """One way to change a crystal.

    Attributes:
        name: as in the result.
        kind: another choice of cell or setting of the same crystal, or a perturbation of it.
        most_sites: larger crystals are not changed this way.
        apply: from a crystal and a random generator to the changed crystal; raises
            :class:`metrics.measure.UnmeasurableError` where it cannot be made.

    """

    name: str
    kind: Kind
    most_sites: int
    apply: Apply = field(repr=False)


def changed(task: tuple[str, Crystal, int]) -> Crystal | str:
    """The crystal after the named change, or why it cannot be made; runs in a worker process.

    The third part of the task is the seed. Each change of each crystal has random numbers of its own, so adding
    one, or another crystal, moves no other result.
    """
    name, crystal, seed = task
    generator = np.random.default_rng([seed, zlib.crc32(name.encode()), zlib.crc32(crystal.sha256.encode())])
    try:
        return CHANGES[name].apply(crystal, generator)
    except UnmeasurableError as error:
        return error.reason


def in_cell(crystal: Crystal, matrix: NDArray[np.int64]) -> Crystal:
    """The crystal in another cell, whose vectors are the integer rows of a matrix of positive determinant.

    Each site is followed by its copies; the determinant is their number.
    """
    n_copies = round(np.linalg.det(matrix))
    low, high = np.minimum(matrix, 0).sum(axis=0), np.maximum(matrix, 0).sum(axis=0)
    points = np.stack(np.meshgrid(*map(np.arange, low, high + 1), indexing="ij"), axis=-1).reshape(-1, 3)
    inverse = np.linalg.inv(matrix)
    # in units of 1 / determinant these are whole numbers
    inside = np.rint(points @ inverse * n_copies)
    points = points[((inside >= 0) & (inside < n_copies)).all(axis=1)]
    coords = ((crystal.frac_coords[:, None, :] + points) @ inverse).reshape(-1, 3)
    return Crystal.from_arrays(matrix @ crystal.lattice, coords, np.repeat(crystal.atomic_numbers, len(points)))


def shuffled(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """Sites in random order."""
    order = generator.permutation(crystal.n_sites)
    return Crystal(crystal.lattice, crystal.frac_coords[order], crystal.atomic_numbers[order])


def shifted(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """Another origin, coordinates wrapped."""
    return Crystal(crystal.lattice, (crystal.frac_coords + generator.random(3)) % 1.0, crystal.atomic_numbers)


def rotated(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """Another orientation in space, uniformly distributed."""
    return _turned(crystal, _orthogonal(generator, determinant=1))


def mirrored(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """The mirror image, in a random orientation."""
    return _turned(crystal, _orthogonal(generator, determinant=-1))


def other_basis(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """Other, often skewed, vectors of the same lattice."""
    return in_cell(crystal, _random_matrix(generator, determinant=1))


def other_cell(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """A random, often skewed, cell of two to four times the volume."""
    return in_cell(crystal, _random_matrix(generator, determinant=int(generator.integers(2, 5))))


def niggli(crystal: Crystal, _: np.random.Generator) -> Crystal:
    """In the Niggli cell of the lattice as given.

    Source: I. Krivy and B. Gruber, Acta Cryst. A 32, 297 (1976), DOI 10.1107/S0567739476000636.
    """
    try:
        lattice = Lattice(crystal.lattice).get_niggli_reduced_lattice().matrix
    except ValueError as error:
        reason = f"no Niggli cell: {error}"
        raise UnmeasurableError(reason) from error
    # pymatgen turns the cell back onto the lattice as given, so the sites stay where they are in space
    coords = crystal.cart_coords @ np.linalg.inv(lattice)
    return Crystal.from_arrays(lattice, coords % 1.0, crystal.atomic_numbers)


def primitive(crystal: Crystal, _: np.random.Generator) -> Crystal:
    """In spglib's primitive cell at 0.01 angstrom."""
    return _standardized(crystal, to_primitive=True)


def conventional(crystal: Crystal, _: np.random.Generator) -> Crystal:
    """In spglib's conventional cell at 0.01 angstrom."""
    return _standardized(crystal, to_primitive=False)


def everything(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """A random cell of two to four times the volume, another origin, orientation, hand and order."""
    turned = (rotated, mirrored)[int(generator.integers(2))](other_cell(crystal, generator), generator)
    return shuffled(shifted(turned, generator), generator)


def repeated(*times: int) -> Apply:
    """Cells side by side along the cell vectors."""

    def apply(crystal: Crystal, _: np.random.Generator) -> Crystal:
        return in_cell(crystal, np.diag(times))

    return apply


def noise(sigma: float) -> Apply:
    """Gaussian displacements of all sites, `sigma` angstrom per Cartesian component."""

    def apply(crystal: Crystal, generator: np.random.Generator) -> Crystal:
        moves = generator.normal(scale=sigma, size=(crystal.n_sites, 3))
        coords = crystal.frac_coords + moves @ np.linalg.inv(crystal.lattice)
        return Crystal(crystal.lattice, coords, crystal.atomic_numbers)

    return apply


def strain(sigma: float) -> Apply:
    """The lattice strained by the symmetric part of a matrix of nine Gaussian components; the sites go with it.

    `sigma` is the standard deviation of a stretch along a Cartesian axis; of a shear it is 0.7 times that.
    """

    def apply(crystal: Crystal, generator: np.random.Generator) -> Crystal:
        drawn = generator.normal(scale=sigma, size=(3, 3))
        lattice = crystal.lattice @ (np.eye(3) + (drawn + drawn.T) / 2)
        return Crystal(lattice, crystal.frac_coords, crystal.atomic_numbers)

    return apply


def noisy_cell(sigma: float) -> Apply:
    """A random cell of two to four times the volume, then noise."""

    def apply(crystal: Crystal, generator: np.random.Generator) -> Crystal:
        return noise(sigma)(other_cell(crystal, generator), generator)

    return apply


def one_moved(distance: float) -> Apply:
    """In a 2x1x1 supercell one random site moved by `distance` angstrom in a random direction."""

    def apply(crystal: Crystal, generator: np.random.Generator) -> Crystal:
        double = in_cell(crystal, np.diag((2, 1, 1)))
        direction = generator.normal(size=3)
        move = distance * direction / np.linalg.norm(direction)
        coords = double.frac_coords.copy()
        coords[generator.integers(double.n_sites)] += move @ np.linalg.inv(double.lattice)
        return Crystal(double.lattice, coords, double.atomic_numbers)

    return apply


CHANGES: Mapping[str, Change] = {
    change.name: change
    for change in (
        Change("order of sites", "setting", MOST_SITES, shuffled),
        Change("origin", "setting", MOST_SITES, shifted),
        Change("rotation", "setting", MOST_SITES, rotated),
        Change("mirror image", "setting", MOST_SITES, mirrored),
        Change("random basis", "setting", MOST_SITES, other_basis),
        Change("supercell 2x1x1", "setting", MOST_SITES, repeated(2, 1, 1)),
        Change("supercell 2x2x1", "setting", 40, repeated(2, 2, 1)),
        Change("random cell x2-4", "setting", 40, other_cell),
        Change("Niggli cell", "setting", MOST_SITES, niggli),
        Change("primitive cell", "setting", MOST_SITES, primitive),
        Change("conventional cell", "setting", 40, conventional),
        Change("all at once", "setting", 40, everything),
        *(
            Change(f"noise {sigma:.2f} A", "perturbation", MOST_SITES, noise(sigma))
            for sigma in (0.01, 0.02, 0.05, 0.1)
        ),
        *(Change(f"strain {100 * sigma:.0f}%", "perturbation", MOST_SITES, strain(sigma)) for sigma in (0.01, 0.03)),
        *(
            Change(f"cell x2-4, noise {sigma:.2f} A", "perturbation", 20, noisy_cell(sigma))
            for sigma in (0.01, 0.03, 0.05)
        ),
        Change("2x1x1, one site moved 0.4 A", "perturbation", 40, one_moved(0.4)),
    )
}
"""By name, in the order of the table."""


def _turned(crystal: Crystal, rotation: NDArray[np.float64]) -> Crystal:
    return Crystal.from_arrays(crystal.lattice @ rotation, crystal.frac_coords, crystal.atomic_numbers)


def _orthogonal(generator: np.random.Generator, *, determinant: int) -> NDArray[np.float64]:
    """Random orthogonal matrix: QR of a Gaussian one, signs fixed so that it is uniformly distributed.

    Source: F. Mezzadri, Notices of the AMS 54, 592 (2007).
    """
    orthogonal, triangular = np.linalg.qr(generator.normal(size=(3, 3)))
    orthogonal *= np.sign(np.diag(triangular))
    # in three dimensions the inversion changes the hand
    hand: float = determinant * np.sign(np.linalg.det(orthogonal))
    return hand * orthogonal


def _random_matrix(generator: np.random.Generator, *, determinant: int) -> NDArray[np.int64]:
    while True:
        matrix = generator.integers(-MAX_SHEAR, MAX_SHEAR + 1, size=(3, 3))
        if round(np.linalg.det(matrix)) == determinant:
            return matrix


def _standardized(crystal: Crystal, *, to_primitive: bool) -> Crystal:
    """Cell by symmetry (Togo, Shinohara and Tanaka 2024, DOI 10.1080/27660400.2024.2384822), sites left in place."""
    cell = (crystal.lattice.tolist(), (crystal.frac_coords % 1.0).tolist(), crystal.atomic_numbers.tolist())
    failed = f"spglib finds no cell at symprec {SYMPREC_ANGSTROM:g} angstrom"
    with warnings.catch_warnings():
        # spglib 2.8 still announces that it will raise instead of returning None
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            standard = spglib.standardize_cell(
                cell, to_primitive=to_primitive, no_idealize=True, symprec=SYMPREC_ANGSTROM
            )
        except spglib.SpglibError as error:
            reason = f"{failed}: {error}"
            raise UnmeasurableError(reason) from error
        if standard is None:
            reason = f"{failed}: {spglib.get_error_message()}"
            raise UnmeasurableError(reason)
    return Crystal.from_arrays(*standard)
