"""The look-up index of a set: sorted 64-bit digests in memory-mapped arrays, a few bytes for each key.

A digest only proposes rows; the caller confirms them against the text in the table, so that a collision of two
digests cannot pass for an identity.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from metrics.family import family_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Number = TypeVar("Number", np.uint32, np.uint64)

KEY_DIGESTS_FILE = "digests.npy"  # (k,) uint64, sorted: one for each key of each row
KEY_ROWS_FILE = "rows.npy"  # (k,) uint32: the row of each of them
BAWL_DIGESTS_FILE = "bawls.npy"  # (b,) uint64, sorted: one for each BAWL of any source row
BAWL_ROWS_FILE = "bawl_rows.npy"  # (b,) uint32: the first row that has it
PROTOTYPE_DIGESTS_FILE = "prototypes.npy"  # (p,) uint64, sorted: one for each prototype
PROTOTYPE_ROWS_FILE = "prototype_rows.npy"  # (p,) uint32: the first row that has it
FAMILY_DIGESTS_FILE = "families.npy"  # (m,) uint64, sorted: one for each family of compounds
FAMILY_ROWS_FILE = "family_rows.npy"  # (m,) uint32: the first row that has it
FORMULA_DIGESTS_FILE = "formulas.npy"  # (f,) uint64, sorted: one for each reduced formula
FORMULA_ROWS_FILE = "formula_rows.npy"  # (f, 2) uint32: first row of each of them, and the first row after it
INDEX_FILES = (
    KEY_DIGESTS_FILE,
    KEY_ROWS_FILE,
    BAWL_DIGESTS_FILE,
    BAWL_ROWS_FILE,
    PROTOTYPE_DIGESTS_FILE,
    PROTOTYPE_ROWS_FILE,
    FAMILY_DIGESTS_FILE,
    FAMILY_ROWS_FILE,
    FORMULA_DIGESTS_FILE,
    FORMULA_ROWS_FILE,
)


def digests(texts: Sequence[str], person: bytes = b"") -> NDArray[np.uint64]:
    """(n,) eight-byte BLAKE2b hash of each text, as little-endian integers; another ``person`` is another hash."""
    joined = b"".join(hashlib.blake2b(text.encode(), digest_size=8, person=person).digest() for text in texts)
    return np.frombuffer(joined, dtype="<u8")


@dataclass(frozen=True)
class TextIndex:
    """Leads from a text to the rows that may hold it: (k,) sorted digests and (k,) rows."""

    digests: NDArray[np.uint64]
    rows: NDArray[np.uint32]

    @classmethod
    def of(cls, digest: NDArray[np.uint64], rows: NDArray[np.uint32]) -> TextIndex:
        """Sort (k,) digests of texts and the row that holds each."""
        order = np.lexsort((rows, digest))
        return cls(digest[order], rows[order])

    def rows_with(self, texts: Sequence[str]) -> list[NDArray[np.uint32]]:
        """For each text the rows that may hold it, ascending."""
        rows = np.asarray(self.rows)  # slices of a plain view of the mapped file are made sooner
        return [rows[start:stop] for start, stop in _spans(self.digests, texts)]


@dataclass(frozen=True)
class Index:
    """Arrays that lead from a text of a crystal, or its formula, to row numbers; see the file names for their shapes.

    Attributes:
        keys: fingerprint keys, each with all of its rows.
        bawls: BAWL fingerprints of all source rows, each with its first row: enough to know that it is there.
        prototypes: prototypes, likewise.
        families: families of the reduced formulas, likewise.
        formula_digests: see the file of that name.
        formula_rows: see the file of that name.

    """

    keys: TextIndex
    bawls: TextIndex
    prototypes: TextIndex
    families: TextIndex
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
        builder = IndexBuilder()
        builder.add(keys, bawls, prototypes, formulas)
        return builder.result()

    @classmethod
    def open(cls, folder: Path) -> Index:
        """Map the arrays into memory; nothing is read until it is looked up.

        Raises:
            ValueError: a file is no array, or the arrays do not fit together.

        """
        arrays = [np.load(folder / name, mmap_mode="r") for name in INDEX_FILES]
        keys, bawls, prototypes, families = (TextIndex(*arrays[at : at + 2]) for at in (0, 2, 4, 6))
        index = cls(keys, bawls, prototypes, families, *arrays[8:])
        index._check()
        return index

    def write(self, folder: Path) -> None:
        """Write the arrays; the same index gives the same bytes."""
        for name, array in zip(INDEX_FILES, self._arrays(), strict=True):
            np.save(folder / name, np.asarray(array), allow_pickle=False)

    def rows_of_formulas(self, formulas: Sequence[str]) -> list[NDArray[np.uint32]]:
        """For each reduced formula the rows that may have it, ascending."""
        formula_rows, none = np.asarray(self.formula_rows), np.empty(0, np.uint32)

        def rows(start: int, stop: int) -> NDArray[np.uint32]:
            ranges = [np.arange(first, after, dtype=np.uint32) for first, after in formula_rows[start:stop].tolist()]
            return np.concatenate([none, *ranges])

        # many are asked for that no crystal has
        return [none if start == stop else rows(start, stop) for start, stop in _spans(self.formula_digests, formulas)]

    def _arrays(self) -> list[NDArray[np.generic]]:
        """In the order of the files."""
        texts = (self.keys, self.bawls, self.prototypes, self.families)
        return [
            *(array for text_index in texts for array in (text_index.digests, text_index.rows)),
            self.formula_digests,
            self.formula_rows,
        ]

    def _check(self) -> None:
        arrays = self._arrays()
        kinds = [*[(np.dtype("<u8"), 1), (np.dtype("<u4"), 1)] * 4, (np.dtype("<u8"), 1), (np.dtype("<u4"), 2)]
        if [(array.dtype, array.ndim) for array in arrays] != kinds:
            msg = f"arrays of kinds {[(str(array.dtype), array.ndim) for array in arrays]}"
            raise ValueError(msg)
        for name, digest, rows in zip(INDEX_FILES[::2], arrays[::2], arrays[1::2], strict=True):
            expected = (len(digest), 2)[: rows.ndim]
            if rows.shape != expected:
                msg = f"rows of shape {rows.shape} for the {len(digest)} digests of {name}"
                raise ValueError(msg)


class IndexBuilder:
    """Index of a table given in several pieces, in the order of its rows; of a text only its digests are kept."""

    def __init__(self) -> None:
        """Start with no rows."""
        self._n_rows = 0
        self._keys = _Digests()
        self._bawls = _FirstDigests()
        self._prototypes = _FirstDigests()
        self._families = _FirstDigests()
        self._last_formula: str | None = None
        self._formulas: list[NDArray[np.uint64]] = []
        self._starts: list[NDArray[np.uint32]] = []

    def add(
        self,
        keys: Sequence[Sequence[str]],
        bawls: Sequence[Sequence[str | None]],
        prototypes: Sequence[str | None],
        formulas: Sequence[str],
    ) -> None:
        """Append the next rows; the arguments are those of :meth:`Index.build`."""
        rows = range(self._n_rows, self._n_rows + len(formulas))
        self._keys.add((row, key) for row, keys_of_row in zip(rows, keys, strict=True) for key in keys_of_row)
        self._bawls.add(
            (row, bawl)
            for row, bawls_of_row in zip(rows, bawls, strict=True)
            for bawl in bawls_of_row
            if bawl is not None
        )
        self._prototypes.add(
            (row, prototype) for row, prototype in zip(rows, prototypes, strict=True) if prototype is not None
        )
        before = [self._last_formula, *formulas[:-1]]
        new = [at for at, formula in enumerate(formulas) if formula != before[at]]
        self._formulas.append(digests([formulas[at] for at in new]))
        self._families.add((rows[at], family_of(formulas[at])) for at in new)
        self._starts.append(np.array([rows[at] for at in new], dtype=np.uint32))
        self._last_formula = formulas[-1] if formulas else self._last_formula
        self._n_rows = rows.stop

    def result(self) -> Index:
        """The index of all rows added."""
        starts, formula_digest = _joined(self._starts, np.uint32), _joined(self._formulas, np.uint64)
        ranges = np.column_stack([starts, np.append(starts[1:], np.uint32(self._n_rows))]).astype(np.uint32)
        order = np.lexsort((ranges[:, 0], formula_digest))
        return Index(
            self._keys.index(),
            self._bawls.index(),
            self._prototypes.index(),
            self._families.index(),
            formula_digest[order],
            ranges[order],
        )


class _Digests:
    """Digests of texts, with the row of each."""

    def __init__(self) -> None:
        self._digests: list[NDArray[np.uint64]] = []
        self._rows: list[NDArray[np.uint32]] = []

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        pairs = list(texts)
        self._digests.append(digests([text for _, text in pairs]))
        self._rows.append(np.array([row for row, _ in pairs], dtype=np.uint32))

    def index(self) -> TextIndex:
        return TextIndex.of(_joined(self._digests, np.uint64), _joined(self._rows, np.uint32))


class _FirstDigests(_Digests):
    """Digests of texts, each distinct text with the first row that has it.

    Two texts of one digest both keep their row: a second digest tells them apart.
    """

    def __init__(self) -> None:
        super().__init__()
        self._others: list[NDArray[np.uint64]] = []

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        first: dict[str, int] = {}
        for row, text in texts:
            first.setdefault(text, row)
        super().add((row, text) for text, row in first.items())
        self._others.append(digests(list(first), person=b"other"))

    def index(self) -> TextIndex:
        digest, rows = _joined(self._digests, np.uint64), _joined(self._rows, np.uint32)
        other = _joined(self._others, np.uint64)
        order = np.lexsort((rows, other, digest))
        same = (digest[order][1:] == digest[order][:-1]) & (other[order][1:] == other[order][:-1])
        kept = order[np.append(np.ones(min(1, len(order)), dtype=bool), ~same)]
        return TextIndex.of(digest[kept], rows[kept])


def _joined(parts: list[NDArray[Number]], kind: type[Number]) -> NDArray[Number]:
    """All parts as one array; the parts are given up."""
    joined = np.concatenate([np.empty(0, kind), *parts])
    parts.clear()
    return joined


def _spans(sorted_digests: NDArray[np.uint64], texts: Sequence[str]) -> list[tuple[int, int]]:
    wanted = digests(texts)
    starts = np.searchsorted(sorted_digests, wanted, side="left")
    stops = np.searchsorted(sorted_digests, wanted, side="right")
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
