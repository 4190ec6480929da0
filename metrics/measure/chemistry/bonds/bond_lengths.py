"""Length of a bond of valence one between any two elements.

O'Keeffe and Brese 1991 (DOI 10.1021/ja00009a002) give each element a size r (angstrom) and an electronegativity c; a
bond of valence one between two of them has the length r1 + r2 - r1 r2 (sqrt c1 - sqrt c2)^2 / (c1 r1 + c2 r2), between
unlike atoms and between like ones. A bond of another length d has the valence exp((length - d) / 0.37 angstrom).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.periodic_table import Element

from metrics.measure.chemistry.bonds.bond_valence_tables import parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOFTNESS_ANGSTROM = 0.37
"""Of the exponential; Brown and Altermatt 1985, DOI 10.1107/S0108768185002063."""

# Size and electronegativity of elements that the paper left out. The sizes reproduce, within 0.04 angstrom (0.11 for
# Pt-O), the lengths of their bonds to halogens and oxygen, of Pt and Au also to S, Se, Te, N, P, As and H, in the
# collections of Brese and O'Keeffe 1991 (DOI 10.1107/S0108768190011041) and Brown 2009 (DOI 10.1021/cr900053k). The
# electronegativities are Allred's and Rochow's (1958, DOI 10.1016/0022-1902(58)80003-2), as those in the paper.
_LEFT_OUT = {
    "Kr": (1.31, 2.94),
    "Tc": (1.32, 1.36),
    "Xe": (1.40, 2.40),
    "Pm": (1.60, 1.07),
    "Os": (1.24, 1.52),
    "Pt": (1.09, 1.44),
    "Au": (1.04, 1.42),
    "Po": (1.60, 1.76),
    "Ac": (1.80, 1.00),
    "Pa": (1.62, 1.14),
    "Np": (1.58, 1.22),
    "Pu": (1.59, 1.22),
    "Am": (1.60, 1.20),
    "Cm": (1.57, 1.20),
    "Bk": (1.56, 1.20),
    "Cf": (1.55, 1.20),
}

# Lone pairs lengthen these two bonds (1.26 and 1.16 angstrom by the formula): gas-phase hydrogen peroxide and fluorine.
_SINGLE_BONDS = {"O": 1.475, "F": 1.412}

# no bonds are known of these in a crystal; no two atoms are at distance zero, so they never have any
_INERT = ("He", "Ne", "Ar")


def _lengths() -> NDArray[np.float64]:
    sizes, electronegativities = np.full((2, 119), np.nan)
    for number, of_element in parameters().items():
        sizes[number], electronegativities[number] = of_element
    for symbol, (size, electronegativity) in _LEFT_OUT.items():
        sizes[Element(symbol).Z], electronegativities[Element(symbol).Z] = size, electronegativity
    r1, r2 = sizes[:, None], sizes[None, :]
    c1, c2 = electronegativities[:, None], electronegativities[None, :]
    lengths: NDArray[np.float64] = r1 + r2 - r1 * r2 * (np.sqrt(c1) - np.sqrt(c2)) ** 2 / (c1 * r1 + c2 * r2)
    for symbol, length in _SINGLE_BONDS.items():
        lengths[Element(symbol).Z, Element(symbol).Z] = length
    for symbol in _INERT:
        lengths[Element(symbol).Z, :] = lengths[:, Element(symbol).Z] = 0.0
    return lengths


BOND_LENGTHS: NDArray[np.float64] = _lengths()
"""(119, 119) angstrom, by atomic numbers; NaN where an element has no parameters."""
