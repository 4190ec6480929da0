"""How many electrons an atom of each element gives, takes or shares."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pymatgen.core.periodic_table import Element
from smact.utils.oxidation import ICSD24OxStatesFilter

from metrics.measure.chemistry.oxidation_states import known_states

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

N_ELEMENTS = 118
_PNICTOGENS, _HALOGENS, _NOBLE_GASES, _OCTET, _OXYGEN = 15, 17, 18, 8, 8
_FEW_REPORTS = 1
"""A state reported this often in the ICSD is an error of its record more often than not (Sr+4, Na-1)."""


def _by_atomic_number(value: Callable[[Element], float]) -> NDArray[np.float64]:
    """(119,) a value of each element; 0 at index 0."""
    return np.array([0.0, *(value(Element.from_Z(number)) for number in range(1, N_ELEMENTS + 1))])


def _rank(element: Element) -> float:
    return 0.0 if element.is_metal else float(element.data.get("X") or 0.0)


def _electrons_missing(element: Element) -> int:
    if element.is_metal or element.group == _NOBLE_GASES:
        return 0
    return 1 if element.Z == 1 else _NOBLE_GASES - element.group


def _bonds_formed(element: Element) -> int:
    missing = _electrons_missing(element)
    return min(missing, _OCTET - missing)


def _bonds_at_most(element: Element) -> int:
    heavy_pnictogen = element.group == _PNICTOGENS and element.row > 2  # noqa: PLR2004 - nitrogen, above, has no more than four
    return element.group - 10 if heavy_pnictogen else _electrons_missing(element)


NONMETAL: NDArray[np.bool_] = _by_atomic_number(lambda element: not element.is_metal) > 0
"""(119,) whether atoms of an element can be anions; the metalloids B, Si, Ge, As, Sb, Te and Po can."""

METALLIC: NDArray[np.bool_] = _by_atomic_number(lambda element: element.is_metal or element.is_metalloid) > 0
"""(119,) whether an element forms metals with others; the metalloids do."""

ELECTRONEGATIVITY: NDArray[np.float64] = _by_atomic_number(_rank)
"""(119,) Pauling's for nonmetals and metalloids. Metals have 0: an anion that is less electronegative than its metal,
as phosphorus in palladium phosphides by Pauling's numbers, stays the anion. So have He, Ne and Ar, which bond to none.
"""

ELECTRONS_MISSING: NDArray[np.float64] = _by_atomic_number(_electrons_missing)
"""(119,) electrons that an atom takes at most: to the next noble gas, 8 - N; 0 for metals and noble gases."""

BONDS_FORMED: NDArray[np.float64] = _by_atomic_number(_bonds_formed)
"""(119,) electrons that an anion must be given or share: 8 - N (Hume-Rothery's rule), or N where that is fewer, as
boron, whose clusters and layers have too few electrons for octets.
"""

BONDS_AT_MOST: NDArray[np.float64] = _by_atomic_number(_bonds_at_most)
"""(119,) valence of an anion at most: 8 - N, or 5 for P, As and Sb, whose atoms in metals bond with all electrons."""


SALT_FORMER: NDArray[np.bool_] = (
    _by_atomic_number(lambda element: element.Z == _OXYGEN or element.group == _HALOGENS) > 0
)
"""(119,) oxygen and the halogens, whose compounds with metals are salts."""

NOBLE_GAS: NDArray[np.bool_] = _by_atomic_number(lambda element: element.group == _NOBLE_GASES) > 0
"""(119,) whether an element is a noble gas."""


class CationCharges(NamedTuple):
    """(119,) lowest and highest positive oxidation state by atomic number; 0 where an element has none."""

    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


@cache
def cation_charges(state_fraction: float) -> CationCharges:
    """Range of the positive states that make up at least ``state_fraction`` of an element's states in the ICSD.

    Counts: the 2024 ICSD, as shipped with smact. Where it has none of an element, all states known to pymatgen count.
    """
    counts = ICSD24OxStatesFilter().ox_states_df
    counts = counts[counts["oxidation_state"] != 0]
    total = counts.groupby("element")["results_count"].transform("sum")
    common = (counts["results_count"] > _FEW_REPORTS) & (counts["results_count"] >= state_fraction * total)
    positive = counts[common & (counts["oxidation_state"] > 0)].groupby("element")["oxidation_state"]
    ranges = {symbol: (states.min(), states.max()) for symbol, states in positive}
    lowest, highest = np.zeros((2, N_ELEMENTS + 1))
    for number in range(1, N_ELEMENTS + 1):
        known = [state for state in known_states(number) if state > 0]
        symbol = Element.from_Z(number).symbol
        lowest[number], highest[number] = ranges.get(symbol) or (min(known, default=0), max(known, default=0))
    return CationCharges(lowest, highest)
