"""Lattices of integer vectors: exact, so that noise cannot decide whether translations form a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


def closed_prefixes(vectors: NDArray[np.int64], n_sites: int) -> list[bool]:
    """For 0, 1, ... first vectors: whether they are as many as there are in the lattice they span with the cell's."""
    rows = _no_lattice(n_sites)
    closed = [False]
    for order, vector in enumerate(vectors.tolist(), start=1):
        _insert(rows, vector)
        closed.append(n_sites**3 == order * abs(rows[0][0] * rows[1][1] * rows[2][2]))
    return closed


def spanned_lattice(vectors: NDArray[np.int64], n_sites: int) -> NDArray[np.int64]:
    """Hermite normal form (3, 3) of the integer lattice spanned by `vectors` and n_sites times the unit vectors."""
    rows = _no_lattice(n_sites)
    for vector in vectors.tolist():
        _insert(rows, vector)
    return np.array(rows, dtype=np.int64)


def _no_lattice(n_sites: int) -> list[list[int]]:
    return [[n_sites if i == j else 0 for j in range(3)] for i in range(3)]


def _insert(rows: list[list[int]], vector: Iterable[int]) -> None:
    """Add a vector to an upper triangular basis by Euclid's algorithm, column by column."""
    rest = list(vector)
    for column in range(3):
        row = rows[column]
        while rest[column]:
            factor = row[column] // rest[column]
            row, rest = rest, [a - factor * b for a, b in zip(row, rest, strict=True)]
        rows[column] = row
    for column in (1, 2):
        for above in range(column):
            factor = rows[above][column] // rows[column][column]
            rows[above] = [a - factor * b for a, b in zip(rows[above], rows[column], strict=True)]
