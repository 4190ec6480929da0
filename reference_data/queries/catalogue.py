"""Which formulas and chemical systems a set has, and in which rows.

It is read from two columns, a batch at a time; no crystal is decoded. It keeps about 30 bytes for each different
formula: 90 MB for 5.3 million crystals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metrics.formula import elements_of, smallest_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from reference_data.queries.query import Query

    Integers = NDArray[np.int64]

BATCH_ROWS = 65_536


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Formulas and chemical systems of a set.

    Attributes:
        formulas: (f,) different reduced formulas in the order of the table, as the set spells them.
        first_rows: (f + 1,) first row of each formula; the last entry is the number of rows.
        systems: (s,) different chemical systems.
        system_of: (f,) number of each formula's system.

    """

    formulas: pa.StringArray
    first_rows: Integers
    systems: pa.StringArray
    system_of: Integers

    @property
    def n_crystals(self) -> int:
        """Number of rows."""
        return int(self.first_rows[-1])

    @cached_property
    def crystals_of_systems(self) -> Integers:
        """(s,) crystals of each chemical system."""
        return np.bincount(self.system_of, np.diff(self.first_rows), len(self.systems)).astype(np.int64)

    @cached_property
    def formulas_of_systems(self) -> Integers:
        """(s,) different formulas of each chemical system."""
        return np.bincount(self.system_of, minlength=len(self.systems)).astype(np.int64)

    def largest_systems(self, n: int, n_elements: int) -> list[tuple[str, int, int]]:
        """Chemical systems of so many elements with the most crystals: name, formulas, crystals."""
        numbers = np.flatnonzero(self._n_elements == n_elements)
        largest = numbers[np.argsort(-self.crystals_of_systems[numbers], kind="stable")[:n]]
        names = self.systems.take(pa.array(largest)).to_pylist()
        counts = zip(
            self.formulas_of_systems[largest].tolist(), self.crystals_of_systems[largest].tolist(), strict=True
        )
        return [(name, *counts_of_system) for name, counts_of_system in zip(names, counts, strict=True)]

    def by_number_of_elements(self) -> dict[int, tuple[int, int]]:
        """Chemical systems and crystals by number of elements."""
        n_systems = np.bincount(self._n_elements)
        n_crystals = np.bincount(self._n_elements, self.crystals_of_systems).astype(np.int64)
        return {size: (int(n_systems[size]), int(n_crystals[size])) for size in np.flatnonzero(n_systems).tolist()}

    def crystals_with(self, elements: Sequence[str]) -> dict[str, int]:
        """By symbol, the crystals that contain this element and all the given ones."""
        chosen = np.flatnonzero(self._contains(elements))
        held = pc.split_pattern(self.systems.take(pa.array(chosen)), "-")
        weights = np.repeat(self.crystals_of_systems[chosen], pc.list_value_length(held).to_numpy())
        symbols = pc.list_flatten(held).dictionary_encode()
        counts = np.bincount(symbols.indices.to_numpy(), weights, len(symbols.dictionary)).astype(np.int64)
        return dict(zip(symbols.dictionary.to_pylist(), counts.tolist(), strict=True))

    def rows(self, query: Query) -> Integers:
        """Numbers of the rows that a question asks for, ascending."""
        if not query.elements:
            return np.arange(self.n_crystals, dtype=np.int64)
        if query.amounts is None:
            wanted = self._contains(query.elements) if query.open else self._is(query.system)
            formulas = np.flatnonzero(wanted[self.system_of])
        else:
            # a set spells a formula in its own way: compare amounts, of the few formulas with the same elements
            candidates = np.flatnonzero(self._is(query.system)[self.system_of])
            spelled = self.formulas.take(pa.array(candidates)).to_pylist()
            same = [smallest_whole(elements_of(formula)) == query.amounts for formula in spelled]
            formulas = candidates[np.array(same, dtype=bool)]
        return _ranges(self.first_rows[formulas], self.first_rows[formulas + 1])

    def _is(self, system: str) -> NDArray[np.bool_]:
        same: NDArray[np.bool_] = pc.equal(self.systems, system).to_numpy(zero_copy_only=False)
        return same

    def _contains(self, elements: Sequence[str]) -> NDArray[np.bool_]:
        wanted = np.ones(len(self.systems), dtype=bool)
        between = pc.binary_join_element_wise("", self.systems, "", "-")
        for symbol in elements:
            wanted &= pc.match_substring(between, f"-{symbol}-").to_numpy(zero_copy_only=False)
        return wanted

    @cached_property
    def _n_elements(self) -> Integers:
        hyphens: Integers = pc.count_substring(self.systems, "-").to_numpy().astype(np.int64)
        return hyphens + 1


def read_catalogue(path: Path) -> Catalogue:
    """Read the catalogue of a table of crystals in which equal reduced formulas are adjacent."""
    formulas: list[pa.StringArray] = []
    systems: list[pa.StringArray] = []
    first_rows: list[Integers] = []
    row, last = 0, None
    with pq.ParquetFile(path, memory_map=True) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=["reduced_formula", "chemical_system"]):
            names = batch.column("reduced_formula")
            changed = pc.not_equal(names[1:], names[:-1]).to_numpy(zero_copy_only=False)
            starts = np.flatnonzero(np.concatenate([[names[0].as_py() != last], changed]))
            formulas.append(names.take(pa.array(starts)))
            systems.append(batch.column("chemical_system").take(pa.array(starts)))
            first_rows.append(row + starts)
            row, last = row + len(names), names[-1].as_py()
    encoded = pa.concat_arrays(systems).dictionary_encode()
    return Catalogue(
        formulas=pa.concat_arrays(formulas),
        first_rows=np.concatenate([*first_rows, [row]]).astype(np.int64),
        systems=encoded.dictionary,
        system_of=encoded.indices.to_numpy().astype(np.int64),
    )


def _ranges(starts: Integers, stops: Integers) -> Integers:
    """All whole numbers from each start to before its stop, joined."""
    lengths = stops - starts
    offsets = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    rows: Integers = np.arange(lengths.sum(), dtype=np.int64) + offsets
    return rows
