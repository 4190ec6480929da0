"""Compositions of many formulas as arrays: a few bytes for each element of each formula, whatever their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.periodic_table import Element

from metrics.formula import elements_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

SYMBOLS = tuple(sorted(element.symbol for element in Element))
_NUMBER = {symbol: number for number, symbol in enumerate(SYMBOLS)}
_CHUNK_FORMULAS = 65_536


class FormulaError(ValueError):
    """A formula that names no composition: which one, and why."""

    def __init__(self, formula: str, why: str) -> None:
        """Keep both."""
        super().__init__(f"{formula!r}: {why}")
        self.formula, self.why = formula, why


@dataclass(frozen=True, eq=False)
class Compositions:
    """Elements and amounts of each of f formulas, those of one formula in alphabetical order of the symbols.

    Attributes:
        formulas: (f,) as they are spelled.
        first: (f + 1,) where those of each formula begin.
        elements: (k,) number of each element in ``SYMBOLS``.
        amounts: (k,) amounts.

    """

    formulas: pa.StringArray
    first: NDArray[np.int64]
    elements: NDArray[np.uint8]
    amounts: NDArray[np.int64]

    @classmethod
    def of(cls, formulas: pa.StringArray) -> Compositions:
        """Read all formulas.

        Raises:
            FormulaError: one cannot be read, is empty, or names something that is no element.

        """
        sizes, elements, amounts = [np.zeros(1, np.int64)], [np.empty(0, np.uint8)], [np.empty(0, np.int64)]
        for start in range(0, len(formulas), _CHUNK_FORMULAS):
            chunk = [_amounts(text) for text in formulas[start : start + _CHUNK_FORMULAS].to_pylist()]
            sizes.append(np.array([len(of_formula) for of_formula in chunk], dtype=np.int64))
            elements.append(np.array([_NUMBER[symbol] for each in chunk for symbol in each], dtype=np.uint8))
            amounts.append(np.array([amount for each in chunk for amount in each.values()], dtype=np.int64))
        return cls(formulas, np.cumsum(np.concatenate(sizes)), np.concatenate(elements), np.concatenate(amounts))

    @property
    def n_elements(self) -> NDArray[np.int64]:
        """(f,) number of elements of each formula."""
        return np.diff(self.first)

    @property
    def symbols(self) -> set[str]:
        """Every element that occurs."""
        return {SYMBOLS[number] for number in np.unique(self.elements).tolist()}

    def containing(self, symbol: str) -> NDArray[np.bool_]:
        """(f,) whether each formula contains an element."""
        wanted = np.zeros(len(self.formulas), dtype=bool)
        wanted[np.searchsorted(self.first, np.flatnonzero(self.elements == _NUMBER[symbol]), side="right") - 1] = True
        return wanted

    def elemental(self) -> dict[int, str]:
        """By the number of each formula of one element: which element."""
        numbers = np.flatnonzero(self.n_elements == 1)
        return {
            number: SYMBOLS[element]
            for number, element in zip(numbers.tolist(), self.elements[self.first[numbers]].tolist(), strict=True)
        }

    def means(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """(f,) mean over the atoms of each formula of a number of its elements; NaN where one has none.

        Elements are added one after the other in alphabetical order, so that the last digit is the same everywhere.
        """
        of_element = np.array([values.get(symbol, np.nan) for symbol in SYMBOLS])
        totals, n_atoms = np.zeros(len(self.formulas)), np.zeros(len(self.formulas), dtype=np.int64)
        n_elements = self.n_elements
        for place in range(int(n_elements.max(initial=0))):
            there = np.flatnonzero(n_elements > place)
            at = self.first[there] + place
            totals[there] += of_element[self.elements[at]] * self.amounts[at]
            n_atoms[there] += self.amounts[at]
        means: NDArray[np.float64] = totals / n_atoms
        return means


def _amounts(formula: str) -> dict[str, int]:
    try:
        amounts = elements_of(formula)
    except ValueError as error:
        raise FormulaError(formula, str(error)) from error
    if unknown := sorted(set(amounts) - set(_NUMBER)):
        raise FormulaError(formula, f"{', '.join(unknown)} is no element")
    if not amounts:
        raise FormulaError(formula, "it is empty")
    return amounts
