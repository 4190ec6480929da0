"""The look-up index of a set: sorted 64-bit digests in memory-mapped arrays, a few bytes for each key.

A digest only proposes rows; the caller confirms them against the text in the table, so that a collision of two
digests cannot pass for an identity.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

KEY_DIGESTS_FILE = "digests.npy"  # (k,) uint64, sorted: one for each key of each row
KEY_ROWS_FILE = "rows.npy"  # (k,) uint32: the row of each of them
FORMULA_DIGESTS_FILE = "formulas.npy"  # (f,) uint64, sorted: one for each reduced formula
FORMULA_ROWS_FILE = "formula_rows.npy"  # (f, 2) uint32: first row of each of them, and the first row after it
INDEX_FILES = (KEY_DIGESTS_FILE, KEY_ROWS_FILE, FORMULA_DIGESTS_FILE, FORMULA_ROWS_FILE)


def digests(texts: Sequence[str]) -> NDArray[np.uint64]:
    """(n,) first eight bytes of the BLAKE2b hash of each text, as little-endian integers."""
    joined = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(joined, dtype="<u8")


@dataclass(frozen=True)
class Index:
    """Arrays that lead from a key or a formula to row numbers; see the file names for their shapes."""

    key_digests: NDArray[np.uint64]
    key_rows: NDArray[np.uint32]
    formula_digests: NDArray[np.uint64]
    formula_rows: NDArray[np.uint32]

    @classmethod
    def build(cls, keys: Sequence[Sequence[str]], formulas: Sequence[str]) -> Index:
        """Index a table by the keys and the formula of each row.

        Args:
            keys: the fingerprint keys of each row.
            formulas: the reduced formula of each row; equal ones must be adjacent.

        """
        rows = np.repeat(np.arange(len(keys), dtype=np.uint32), [len(own) for own in keys])
        digest = digests([key for own in keys for key in own])
        order = np.lexsort((rows, digest))
        starts = [row for row, formula in enumerate(formulas) if row == 0 or formulas[row - 1] != formula]
        ranges = np.column_stack([starts, [*starts[1:], len(formulas)]]).astype(np.uint32)
        formula_digest = digests([formulas[start] for start in starts])
        formula_order = np.lexsort((ranges[:, 0], formula_digest))
        return cls(digest[order], rows[order], formula_digest[formula_order], ranges[formula_order])

    @classmethod
    def open(cls, folder: Path) -> Index:
        """Map the arrays into memory; nothing is read until it is looked up.

        Raises:
            ValueError: a file is no array, or the arrays do not fit together.

        """
        index = cls(*(np.load(folder / name, mmap_mode="r") for name in INDEX_FILES))
        index._check()
        return index

    def write(self, folder: Path) -> None:
        """Write the arrays; the same index gives the same bytes."""
        arrays = (self.key_digests, self.key_rows, self.formula_digests, self.formula_rows)
        for name, array in zip(INDEX_FILES, arrays, strict=True):
            np.save(folder / name, np.asarray(array), allow_pickle=False)

    def rows_with_keys(self, keys: Sequence[str]) -> list[NDArray[np.uint32]]:
        """For each key the rows that may hold it, ascending."""
        return [self.key_rows[start:stop] for start, stop in _spans(self.key_digests, keys)]

    def rows_of_formulas(self, formulas: Sequence[str]) -> list[NDArray[np.uint32]]:
        """For each reduced formula the rows that may have it, ascending."""
        found = []
        for start, stop in _spans(self.formula_digests, formulas):
            ranges = [np.arange(first, after, dtype=np.uint32) for first, after in self.formula_rows[start:stop]]
            found.append(np.concatenate([np.empty(0, np.uint32), *ranges]))
        return found

    def _check(self) -> None:
        arrays = (self.key_digests, self.key_rows, self.formula_digests, self.formula_rows)
        kinds = [(np.dtype("<u8"), 1), (np.dtype("<u4"), 1), (np.dtype("<u8"), 1), (np.dtype("<u4"), 2)]
        if [(array.dtype, array.ndim) for array in arrays] != kinds:
            msg = f"arrays of kinds {[(str(array.dtype), array.ndim) for array in arrays]}"
            raise ValueError(msg)
        n_keys, n_formulas = len(self.key_digests), len(self.formula_digests)
        if self.key_rows.shape != (n_keys,) or self.formula_rows.shape != (n_formulas, 2):
            msg = f"{self.key_rows.shape} rows for {n_keys} keys, {self.formula_rows.shape} for {n_formulas} formulas"
            raise ValueError(msg)


def _spans(sorted_digests: NDArray[np.uint64], texts: Sequence[str]) -> list[tuple[int, int]]:
    wanted = digests(texts)
    starts = np.searchsorted(sorted_digests, wanted, side="left")
    stops = np.searchsorted(sorted_digests, wanted, side="right")
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
