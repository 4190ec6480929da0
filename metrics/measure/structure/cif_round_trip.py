"""Does a crystal survive being written as a CIF and read back?"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from metrics.crystal import Crystal
from metrics.measure.fingerprint.elements import atomic_numbers_with_electronegativity
from metrics.measure.fingerprint.neighbours import neighbours_within, reduce_cell
from metrics.measure.structure.convert import from_structure, to_structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.measure.fingerprint.neighbours import Reduced

_LENGTH_ANGSTROM = 1e-4
_ANGLE_DEGREES = 1e-4
_FRACTIONAL = 1e-4
"""Looser than the eight decimals of the file, tighter than any tolerance a verdict depends on."""

_HEIGHTS_ANGSTROM = (0.1, 1e4)
"""Of a cell that is surely read back: pymatgen's reader refuses those thinner than 0.01 angstrom, and more digits than
double precision holds are lost."""
_LARGEST_RATIO = 100.0
"""Of the longest vector to the least height, of a cell whose angles are surely read back."""
_APART = 4e-4
"""Sites this far apart along some axis, in fractional coordinates, surely stay two: pymatgen's reader merges those
within 1e-4 along all three after it moved each by at most 6.7e-5, to 1/3 or 2/3."""


def survives_cif(crystal: Crystal) -> bool:
    """Whether the CIF of a crystal, without symmetry, reads back as the same cell with the same atoms.

    The cell written is the reduced one: the eight decimals of a CIF do not hold a very skewed cell.

    Raises:
        UnmeasurableError: the cell is flat, or a number is not finite.

    """
    cell = reduce_cell(crystal)
    return _surely_survives(cell, crystal.atomic_numbers) or _reads_back(
        Crystal(cell.lattice, cell.frac_coords, crystal.atomic_numbers)
    )


def _surely_survives(cell: Reduced, atomic_numbers: NDArray[np.int64]) -> bool:
    """Whether nothing is near any limit of the reader, so that it need not be asked: it takes 6 ms.

    The reader changes a sound cell with sites apart in one more way: it sorts the sites by electronegativity, which
    mixes up those of one element where another element has none.
    """
    lengths = np.linalg.norm(cell.lattice, axis=1)
    height = 1 / cell.widths.max()
    least, most = _HEIGHTS_ANGSTROM
    if not least <= height <= most or lengths.max() > _LARGEST_RATIO * height:
        return False
    if not set(atomic_numbers.tolist()) <= atomic_numbers_with_electronegativity():
        return False
    # sites within a distance along all axes are within it times the sum of the lengths
    near = neighbours_within(cell, np.full(len(atomic_numbers), _APART * lengths.sum()))
    return not len(near.site)


def _reads_back(crystal: Crystal) -> bool:
    from pymatgen.io.cif import CifParser, CifWriter  # noqa: PLC0415 - few crystals need the reader

    structure = to_structure(crystal)
    with warnings.catch_warnings():
        # what the parser grumbles about shows in what it returns
        warnings.simplefilter("ignore")
        try:
            parser = CifParser.from_str(str(CifWriter(structure)))
            [again] = parser.parse_structures(primitive=False)
        except ValueError:
            # no structure, or not exactly one: the parser refuses overlapping atoms and impossible cells
            return False
    back = from_structure(again)
    return (
        np.allclose(structure.lattice.abc, again.lattice.abc, rtol=0, atol=_LENGTH_ANGSTROM)
        and np.allclose(structure.lattice.angles, again.lattice.angles, rtol=0, atol=_ANGLE_DEGREES)
        and _same_sites(crystal, back)
    )


def _same_sites(crystal: Crystal, other: Crystal) -> bool:
    """The parser groups the sites by element and keeps their order inside each group, so does this."""
    order, other_order = (np.argsort(each.atomic_numbers, kind="stable") for each in (crystal, other))
    if not np.array_equal(crystal.atomic_numbers[order], other.atomic_numbers[other_order]):
        return False
    shift = crystal.frac_coords[order] - other.frac_coords[other_order]
    return bool(np.all(np.abs(shift - np.rint(shift)) < _FRACTIONAL))
