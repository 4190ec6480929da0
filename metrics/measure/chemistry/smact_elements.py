"""Smact's elements, each looked for once: its own functions read six tables for every element of every composition."""

from __future__ import annotations

from functools import cache

import numpy as np
import smact
from pymatgen.core.composition import Composition

_WEIGHTS = {"metals": 0.3, "d_block": 0.2, "distinct_metals": 0.2, "valence_electrons": 0.15, "electronegativity": 0.15}
"""Of the parts of the metallicity; they add up to one."""
_OCTET = 8.0
_LARGEST_MISMATCH = 3.0
_UNKNOWN = 0.5
"""What a part is where a number of an element is missing."""
_METALS, _D_BLOCK = frozenset(smact.metals), frozenset(smact.d_block)


@cache
def smact_element(symbol: str) -> smact.Element:
    """What smact (Davies et al. 2019, DOI 10.21105/joss.01361) knows of an element.

    Raises:
        KeyError: smact's table, which ends at lawrencium, has no such element.

    """
    return smact.Element(symbol)


def metallicity(formula: str) -> float:
    """``smact.metallicity.metallicity_score``, to the last bit: 0 to 1, how metallic a composition is.

    Weighted parts: share of metal atoms, share of d-block atoms, number of metals (three or more count fully),
    nearness of the mean number of valence electrons to eight, mean difference of Pauling electronegativity of all
    pairs of elements (three or more counts as none).

    Raises:
        KeyError: smact does not know an element.

    """
    amounts = {element.symbol: amount for element, amount in Composition(formula).items()}
    n_atoms = sum(amounts.values())
    metals = [symbol for symbol in amounts if symbol in _METALS]
    parts = {
        "metals": sum(amounts[symbol] for symbol in metals) / n_atoms,
        "d_block": sum(amount for symbol, amount in amounts.items() if symbol in _D_BLOCK) / n_atoms,
        "distinct_metals": min(len(metals) / 3.0, 1.0),
        "valence_electrons": _nearness_to_octet(amounts, n_atoms),
        "electronegativity": _likeness([smact_element(symbol).pauling_eneg for symbol in amounts]),
    }
    score = 0.0
    for name, weight in _WEIGHTS.items():
        score += weight * parts[name]
    return max(0.0, min(1.0, score))


def _nearness_to_octet(amounts: dict[str, float], n_atoms: float) -> float:
    electrons = 0.0
    for symbol, amount in amounts.items():
        of_element = smact_element(symbol).num_valence_modified
        if of_element is None:
            return _UNKNOWN
        electrons += amount * of_element
    return 1.0 - abs(electrons / n_atoms - _OCTET) / _OCTET


def _likeness(electronegativities: list[float | None]) -> float:
    known = [value for value in electronegativities if value is not None and value > 0]
    if len(known) < len(electronegativities):
        return _UNKNOWN
    differences = [abs(one - other) for place, one in enumerate(known) for other in known[place + 1 :]]
    mismatch = float(np.mean(differences)) if differences else 0.0
    return 1.0 - min(mismatch / _LARGEST_MISMATCH, 1.0)
