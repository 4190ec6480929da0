"""The order of atoms, which BAWL depends on: as the reader has it by which the published strings were computed."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING

import numpy as np

from submissions.elements import ATOMIC_NUMBERS, SYMBOLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

# By Pauling electronegativity, then symbol, with pymatgen's values, kept here so that reading needs no pymatgen. The
# elements left out have none: He, Ne, Ar and those beyond Lr.
_ORDER = (
    "Fr Cs K Rb Ba Ra Na Sr Li Ca Ac La Tb Yb Ce Pm Pr Nd Sm Eu Gd Dy Y Ho Er Tm Lu Pu "
    "Am Bk Cf Cm Es Fm Hf Lr Md No Th Mg Zr Np Sc U Pa Ta Ti Mn Be Nb Al Tl V Zn Cr Cd In Ga Fe Co "
    "Cu Re Si Tc Ni Ag Sn Hg Po Ge Bi B Sb Te Mo As P At H Ir Os Pd Rn Ru Pt Rh Pb W Au C Se S Xe I Br Kr N Cl O F"
)
BY_ELECTRONEGATIVITY = tuple(_ORDER.split())
_WITHOUT = len(SYMBOLS)
_RANKS = np.full(len(SYMBOLS) + 1, _WITHOUT)
_RANKS[[ATOMIC_NUMBERS[symbol] for symbol in BY_ELECTRONEGATIVITY]] = np.arange(len(BY_ELECTRONEGATIVITY))
_ALPHABETICAL = np.argsort(np.argsort(["", *SYMBOLS]))


def order_of(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) places of atoms in the order of their electronegativity; equal elements stay in the order given."""
    ranks = _RANKS[numbers]
    if ranks.max(initial=0) < _WITHOUT:
        return np.argsort(ranks, kind="stable")
    # An element without electronegativity is compared by its symbol alone, which is no order, so that the result
    # depends on where the comparing begins: at the end of the order, and those without first.
    letters = _ALPHABETICAL[numbers]
    start = np.lexsort((np.arange(len(numbers)), -letters, -ranks))

    def compared(one: int, other: int) -> int:
        is_known = max(ranks[one], ranks[other]) < _WITHOUT
        return int(ranks[one] - ranks[other] if is_known else letters[one] - letters[other])

    return np.array(sorted(start.tolist(), key=cmp_to_key(compared)))
