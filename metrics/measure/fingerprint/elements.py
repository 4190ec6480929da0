"""What the fingerprints need to know of an element: symbol, place in a formula, covalent radius."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from functools import cache
from string import ascii_uppercase
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

MAX_ATOMIC_NUMBER = 118
_POLYANION = 1.65
"""Least difference of electronegativities at which pymatgen's formulas keep the last two elements apart."""
_FEWEST_BESIDE_BRACKETS = 2

# Covalent radii in angstrom of H to Cm, in order of atomic number: Cordero et al., Dalton Trans. 2008, 2832,
# doi:10.1039/b801115j. C is sp2; Mn, Fe and Co, which have a low-spin and a high-spin value there, carry the value
# EconNN of pymatgen uses (near their mean), because BAWL is defined by it.
# fmt: off
_CORDERO_ANGSTROM = (
    0.31, 0.28,
    1.28, 0.96, 0.84, 0.73, 0.71, 0.66, 0.57, 0.58,
    1.66, 1.41, 1.21, 1.11, 1.07, 1.05, 1.02, 1.06,
    2.03, 1.76, 1.70, 1.60, 1.53, 1.39, 1.50, 1.42, 1.38, 1.24, 1.32, 1.22, 1.22, 1.20, 1.19, 1.20, 1.20, 1.16,
    2.20, 1.95, 1.90, 1.75, 1.64, 1.54, 1.47, 1.46, 1.42, 1.39, 1.45, 1.44, 1.42, 1.39, 1.39, 1.38, 1.39, 1.40,
    2.44, 2.15, 2.07, 2.04, 2.03, 2.01, 1.99, 1.98, 1.98, 1.96, 1.94, 1.92, 1.92, 1.89, 1.90, 1.87, 1.87,
    1.75, 1.70, 1.62, 1.51, 1.44, 1.41, 1.36, 1.36, 1.32, 1.45, 1.46, 1.48, 1.40, 1.50, 1.50,
    2.60, 2.21, 2.15, 2.06, 2.00, 1.96, 1.90, 1.87, 1.80, 1.69,
)
# fmt: on

COVALENT_RADII: NDArray[np.float64] = np.concatenate([[np.nan], _CORDERO_ANGSTROM])
"""(97,) covalent radius in angstrom by atomic number; index 0 is no element."""


@cache
def element_of(atomic_number: int) -> Element:
    """Pymatgen's element, looked for once.

    Raises:
        ValueError: an atomic number outside 1-118.

    """
    return Element.from_Z(atomic_number)


@cache
def atomic_numbers_with_electronegativity() -> frozenset[int]:
    """Atomic numbers of the elements that have a Pauling electronegativity in pymatgen."""
    return frozenset(number for number, value in _electronegativities().items() if not math.isnan(value))


@cache
def symbols_in_formula_order() -> Mapping[int, str]:
    """Atomic number -> symbol, by rising Pauling electronegativity, then by symbol; those without a value last.

    The order of pymatgen's formulas.
    """
    key = {
        (math.inf if math.isnan(value) else value, element_of(number).symbol): number
        for number, value in _electronegativities().items()
    }
    return {number: symbol for (_, symbol), number in sorted(key.items())}


@cache
def _electronegativities() -> Mapping[int, float]:
    """By atomic number; NaN where pymatgen has none, about which it warns once per element."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return {number: float(element_of(number).X) for number in range(1, MAX_ATOMIC_NUMBER + 1)}


def unreduced_formula(counts: Mapping[int, int]) -> str:
    """Formula of the cell with every count written, such as ``Co4B4Mo4``.

    Args:
        counts: number of sites by atomic number.

    Raises:
        ValueError: an atomic number outside 1-118.

    """
    _check(counts)
    symbols = symbols_in_formula_order()
    return "".join(f"{symbols[number]}{counts[number]}" for number in in_formula_order(counts))


def reduced_formula(atomic_numbers: NDArray[np.int64]) -> str:
    """Pymatgen's reduced formula, such as ``AlAu4``; the diatomic elements stay ``O2``, ``N2``, ...

    Raises:
        ValueError: an atomic number outside 1-118.

    """
    counts = Counter(atomic_numbers.tolist())
    _check(counts)
    return formula_of_counts(counts)


def formula_of_counts(counts: Mapping[int, int]) -> str:
    """Pymatgen's reduced formula of numbers of atoms by atomic number: ``LiFePO4``, ``Ca(NO3)2``, ``Na2O2``.

    Elements in formula order, amounts without their common divisor. Of three or more elements, the last two are put
    in brackets where they have a divisor left and close electronegativities, as those of a polyanion.

    Raises:
        KeyError: an atomic number outside 1-118.

    """
    symbols, divisor = symbols_in_formula_order(), math.gcd(*counts.values())
    amounts = {number: counts[number] // divisor for number in in_formula_order(counts)}
    *first, last = amounts
    brackets = ""
    if len(first) >= _FEWEST_BESIDE_BRACKETS:
        values, within = _electronegativities(), (first[-1], last)
        times = math.gcd(*(amounts[number] for number in within))
        if times > 1 and values[last] - values[first[-1]] < _POLYANION:
            brackets = f"({_joined({symbols[number]: amounts.pop(number) // times for number in within})}){times}"
    formula = _joined({symbols[number]: amount for number, amount in amounts.items()}) + brackets
    return str(Composition.special_formulas.get(formula, formula))


def formulas_of_ratios(elements: Sequence[int], ratios: NDArray[np.int64]) -> list[str]:
    """What :func:`formula_of_counts` gives for each of many numbers of atoms of a few elements, much sooner.

    Args:
        elements: (k,) atomic numbers, in formula order.
        ratios: (n, k) number of atoms of each, not all 0 and without a common divisor.

    """
    symbols, values, special = symbols_in_formula_order(), _electronegativities(), Composition.special_formulas
    amounts = ["", *map(str, range(2, int(ratios.max(initial=1)) + 1))]
    # (k, largest amount + 1)
    written = np.array([["", *(f"{symbols[number]}{amount}" for amount in amounts)] for number in elements], object)
    rows, columns = np.arange(len(ratios)), np.arange(len(elements))
    is_there = ratios > 0
    n_there = is_there.sum(axis=1)
    last = (is_there * columns).argmax(axis=1)
    is_there[rows, last] = False
    one = (is_there * columns).argmax(axis=1)
    times = np.gcd(ratios[rows, one], ratios[rows, last])
    electronegativity = np.array([values[number] for number in elements])
    is_close = electronegativity[last] - electronegativity[one] < _POLYANION
    rows = np.flatnonzero(is_close & (times > 1) & (n_there > _FEWEST_BESIDE_BRACKETS))
    one, last, times = one[rows], last[rows], times[rows]
    brackets = np.full(len(ratios), "", object)
    within = written[one, ratios[rows, one] // times] + written[last, ratios[rows, last] // times]
    brackets[rows] = "(" + within + ")" + times.astype(str).astype(object)
    before = ratios.copy()
    before[rows, one] = before[rows, last] = 0
    formulas = written[columns, before].sum(axis=1) + brackets
    return [special.get(formula, formula) for formula in formulas.tolist()]


def _joined(amounts: Mapping[str, int]) -> str:
    return "".join(symbol if amount == 1 else f"{symbol}{amount}" for symbol, amount in amounts.items())


def anonymous_formula(counts: Mapping[int, int]) -> str:
    """Pymatgen's anonymous formula of numbers of atoms by atomic number: ``ABC3``; only 26 elements have a letter."""
    divisor = math.gcd(*counts.values())
    return _joined(dict(zip(ascii_uppercase, sorted(count // divisor for count in counts.values()), strict=False)))


def in_formula_order(numbers: Iterable[int]) -> list[int]:
    """Atomic numbers in the order of pymatgen's formulas.

    Raises:
        KeyError: an atomic number outside 1-118.

    """
    return sorted(numbers, key=_place_in_formula().__getitem__)


@cache
def _place_in_formula() -> Mapping[int, int]:
    return {number: place for place, number in enumerate(symbols_in_formula_order())}


def radii_of(atomic_numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) covalent radii in angstrom.

    Raises:
        ValueError: an element without a covalent radius (beyond Cm, 96).

    """
    wrong = atomic_numbers[(atomic_numbers < 1) | (atomic_numbers >= len(COVALENT_RADII))]
    if len(wrong):
        msg = f"no covalent radius for atomic number {wrong[0]}; known are 1-{len(COVALENT_RADII) - 1}"
        raise ValueError(msg)
    radii: NDArray[np.float64] = COVALENT_RADII[atomic_numbers]
    return radii


def _check(numbers: Iterable[int]) -> None:
    wrong = [number for number in numbers if not 1 <= number <= MAX_ATOMIC_NUMBER]
    if wrong:
        msg = f"atomic number {wrong[0]} is no element; known are 1-{MAX_ATOMIC_NUMBER}"
        raise ValueError(msg)
