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
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

KEY_DIGESTS_FILE = "digests.npy"  # (k,) uint64, sorted: one for each key of each row
KEY_ROWS_FILE = "rows.npy"  # (k,) uint32: the row of each of them
BAWL_DIGESTS_FILE = "bawls.npy"  # (b,) uint64, sorted: one for each BAWL of any source row
BAWL_ROWS_FILE = "bawl_rows.npy"  # (b,) uint32: the first row that has it
PROTOTYPE_DIGESTS_FILE = "prototypes.npy"  # (p,) uint64, sorted: one for each prototype
PROTOTYPE_ROWS_FILE = "prototype_rows.npy"  # (p,) uint32: the first row that has it
FORMULA_DIGESTS_FILE = "formulas.npy"  # (f,) uint64, sorted: one for each reduced formula
FORMULA_ROWS_FILE = "formula_rows.npy"  # (f, 2) uint32: first row of each of them, and the first row after it
INDEX_FILES = (
    KEY_DIGESTS_FILE,
    KEY_ROWS_FILE,
    BAWL_DIGESTS_FILE,
    BAWL_ROWS_FILE,
    PROTOTYPE_DIGESTS_FILE,
    PROTOTYPE_ROWS_FILE,
    FORMULA_DIGESTS_FILE,
    FORMULA_ROWS_FILE,
)


def digests(texts: Sequence[str]) -> NDArray[np.uint64]:
    """(n,) first eight bytes of the BLAKE2b hash of each text, as little-endian integers."""
    joined = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(joined, dtype="<u8")


@dataclass(frozen=True)
class TextIndex:
    """Leads from a text to the rows that may hold it: (k,) sorted digests and (k,) rows."""

    digests: NDArray[np.uint64]
    rows: NDArray[np.uint32]

    @classmethod
    def build(cls, texts: Iterable[tuple[int, str]]) -> TextIndex:
        """Index pairs of a row and a text that it holds."""
        pairs = list(texts)
        rows = np.array([row for row, _ in pairs], dtype=np.uint32)
        digest = digests([text for _, text in pairs])
        order = np.lexsort((rows, digest))
        return cls(digest[order], rows[order])

    def rows_with(self, texts: Sequence[str]) -> list[NDArray[np.uint32]]:
        """For each text the rows that may hold it, ascending."""
        return [self.rows[start:stop] for start, stop in _spans(self.digests, texts)]


@dataclass(frozen=True)
class Index:
    """Arrays that lead from a text of a crystal, or its formula, to row numbers; see the file names for their shapes.

    Attributes:
        keys: fingerprint keys, each with all of its rows.
        bawls: BAWL fingerprints of all source rows, each with its first row: enough to know that it is there.
        prototypes: prototypes, likewise.
        formula_digests: see the file of that name.
        formula_rows: see the file of that name.

    """

    keys: TextIndex
    bawls: TextIndex
    prototypes: TextIndex
    formula_digests: NDArray[np.uint64]
    formula_rows: NDArray[np.uint32]

    @classmethod
    def build(
        cls,
        keys: Sequence[Sequence[str]],
        bawls: Sequence[Sequence[str | None]],
        prototypes: Sequence[str | None],
        formulas: Sequence[str],
    ) -> Index:
        """Index a table by what each of its rows holds.

        Args:
            keys: the fingerprint keys of each row.
            bawls: the BAWL fingerprints of all sources of each row, null where there is none.
            prototypes: the prototype of each row, null where there is none.
            formulas: the reduced formula of each row; equal ones must be adjacent.

        """
        starts = [row for row, formula in enumerate(formulas) if row == 0 or formulas[row - 1] != formula]
        ranges = np.column_stack([starts, [*starts[1:], len(formulas)]]).astype(np.uint32)
        formula_digest = digests([formulas[start] for start in starts])
        order = np.lexsort((ranges[:, 0], formula_digest))
        return cls(
            TextIndex.build((row, key) for row, own in enumerate(keys) for key in own),
            TextIndex.build(_first_rows((row, bawl) for row, own in enumerate(bawls) for bawl in own)),
            TextIndex.build(_first_rows(enumerate(prototypes))),
            formula_digest[order],
            ranges[order],
        )

    @classmethod
    def open(cls, folder: Path) -> Index:
        """Map the arrays into memory; nothing is read until it is looked up.

        Raises:
            ValueError: a file is no array, or the arrays do not fit together.

        """
        arrays = [np.load(folder / name, mmap_mode="r") for name in INDEX_FILES]
        keys, bawls, prototypes = (TextIndex(*arrays[at : at + 2]) for at in (0, 2, 4))
        index = cls(keys, bawls, prototypes, *arrays[6:])
        index._check()
        return index

    def write(self, folder: Path) -> None:
        """Write the arrays; the same index gives the same bytes."""
        for name, array in zip(INDEX_FILES, self._arrays(), strict=True):
            np.save(folder / name, np.asarray(array), allow_pickle=False)

    def rows_of_formulas(self, formulas: Sequence[str]) -> list[NDArray[np.uint32]]:
        """For each reduced formula the rows that may have it, ascending."""
        found = []
        for start, stop in _spans(self.formula_digests, formulas):
            ranges = [np.arange(first, after, dtype=np.uint32) for first, after in self.formula_rows[start:stop]]
            found.append(np.concatenate([np.empty(0, np.uint32), *ranges]))
        return found

    def _arrays(self) -> list[NDArray[np.generic]]:
        """In the order of the files."""
        texts = (self.keys, self.bawls, self.prototypes)
        return [*(array for own in texts for array in (own.digests, own.rows)), self.formula_digests, self.formula_rows]

    def _check(self) -> None:
        arrays = self._arrays()
        kinds = [*[(np.dtype("<u8"), 1), (np.dtype("<u4"), 1)] * 3, (np.dtype("<u8"), 1), (np.dtype("<u4"), 2)]
        if [(array.dtype, array.ndim) for array in arrays] != kinds:
            msg = f"arrays of kinds {[(str(array.dtype), array.ndim) for array in arrays]}"
            raise ValueError(msg)
        for name, digest, rows in zip(INDEX_FILES[::2], arrays[::2], arrays[1::2], strict=True):
            expected = (len(digest), 2)[: rows.ndim]
            if rows.shape != expected:
                msg = f"rows of shape {rows.shape} for the {len(digest)} digests of {name}"
                raise ValueError(msg)


def _first_rows(texts: Iterable[tuple[int, str | None]]) -> list[tuple[int, str]]:
    """Each distinct text with the first row that has it."""
    first: dict[str, int] = {}
    for row, text in texts:
        if text is not None:
            first.setdefault(text, row)
    return [(row, text) for text, row in first.items()]


def _spans(sorted_digests: NDArray[np.uint64], texts: Sequence[str]) -> list[tuple[int, int]]:
    wanted = digests(texts)
    starts = np.searchsorted(sorted_digests, wanted, side="left")
    stops = np.searchsorted(sorted_digests, wanted, side="right")
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
