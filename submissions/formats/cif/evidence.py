"""A second witness: what a block declares of the content of its cell, against the atoms that a symmetry makes.

Three things speak: the formula with Z, the multiplicities of the sites, and nature, by which atoms keep apart.
"""

from __future__ import annotations

from collections import Counter
from enum import IntEnum
from typing import TYPE_CHECKING

import gemmi
import numpy as np

from submissions.elements import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from submissions.formats.cif.formula import Declared

# Sums and ratios of whole numbers in floating point.
_EXACT = 1e-6
# Atoms nearer than this part of the sum of their covalent radii are nothing that anybody meant: the shortest bonds are
# some three quarters of it, that of uranyl two thirds.
_COLLISION = 0.65
_MOST_ATOMS_COMPARED = 200


class Verdict(IntEnum):
    """What a witness says of a structure."""

    CONTRADICTS = -1
    SILENT = 0
    SUPPORTS = 1


def content_of(numbers: NDArray[np.int64]) -> Counter[str]:
    """Element -> atoms in the cell, from atomic numbers."""
    return Counter(SYMBOLS[number - 1] for number in numbers.tolist())


def by_formula(content: Mapping[str, int], declared: Declared) -> Verdict:
    """What the formula says; it is that of a formula unit, of which the cell holds Z, or of the whole cell."""
    formula, units = declared.formula, declared.units
    if formula is None:
        return Verdict.SILENT
    if formula.amounts.keys() != content.keys():
        return Verdict.CONTRADICTS
    # How often the cell holds the formula, as far as the digits of the amounts tell.
    pairs = [(content[element], amount) for element, amount in formula.amounts.items()]
    least = max(count / (amount + formula.rounding) for count, amount in pairs) * (1 - _EXACT)
    most = min(count / max(amount - formula.rounding, _EXACT) for count, amount in pairs) * (1 + _EXACT)
    if least > most:
        return Verdict.CONTRADICTS
    if units is None:
        is_multiple = most >= 1 and least <= round(most) <= most
        return Verdict.SILENT if formula.rounding or is_multiple else Verdict.CONTRADICTS
    # pymatgen writes the content of the whole cell, and beside it how many reduced formulas that is.
    is_whole_cell = least <= 1 <= most and formula.units % units == 0
    return Verdict.SUPPORTS if is_whole_cell or least <= units <= most else Verdict.CONTRADICTS


def by_multiplicities(multiplicities: list[int] | None, sizes: NDArray[np.int64], order: int) -> Verdict:
    """What the numbers of equivalent positions say of orbits of these sizes under a group of this order.

    Some programs write the order of the site symmetry under this name, others 1 everywhere: those say nothing.
    """
    if multiplicities is None:
        return Verdict.SILENT
    stated = np.array(multiplicities)
    if np.array_equal(stated, sizes):
        return Verdict.SUPPORTS
    is_other_number = order > 1 and (bool((stated == 1).all()) or bool((stated * sizes == order).all()))
    return Verdict.SILENT if is_other_number else Verdict.CONTRADICTS


def collide(lattice: NDArray[np.float64], points: NDArray[np.float64], numbers: NDArray[np.int64]) -> bool:
    """Whether two atoms, or an atom and its own image, are much nearer than any bond.

    Args:
        lattice: (3, 3), rows are the cell vectors in angstrom.
        points: (n, 3) fractional coordinates.
        numbers: (n,) atomic numbers.

    """
    radii = np.array([gemmi.Element(number).covalent_r for number in numbers.tolist()])
    shifts = np.stack(np.meshgrid(*[(-1, 0, 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    for start in range(0, len(points), _MOST_ATOMS_COMPARED):
        block = slice(start, start + _MOST_ATOMS_COMPARED)
        ways = points[block, None] - points
        ways -= np.rint(ways)
        shortest = np.min([np.linalg.norm((ways + shift) @ lattice, axis=-1) for shift in shifts], axis=0)
        near = shortest < _COLLISION * (radii[block, None] + radii)
        near[np.arange(len(near)), np.arange(len(near)) + start] = False
        if near.any():
            return True
    return False
