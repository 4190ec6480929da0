"""Does a crystal survive being written as a CIF and read back?"""

from __future__ import annotations

import warnings

import numpy as np
from pymatgen.io.cif import CifParser, CifWriter

from metrics.crystal import Crystal
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.structure.convert import from_structure, to_structure

_LENGTH_ANGSTROM = 1e-4
_ANGLE_DEGREES = 1e-4
_FRACTIONAL = 1e-4
"""Looser than the eight decimals of the file, tighter than any tolerance a verdict depends on."""


def survives_cif(crystal: Crystal) -> bool:
    """Whether the CIF of a crystal, without symmetry, reads back as the same cell with the same atoms.

    The cell written is the reduced one: the eight decimals of a CIF do not hold a very skewed cell.

    Raises:
        UnmeasurableError: the cell is flat, or a number is not finite.

    """
    reduced = reduce_cell(crystal)
    crystal = Crystal(reduced.lattice, reduced.frac_coords, crystal.atomic_numbers)
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
