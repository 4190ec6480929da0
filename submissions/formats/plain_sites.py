"""Numbers of a plain CIF as pymatgen's reader computes them, operation by operation, so that no bit differs.

What pymatgen would merge, rescale or order without a rule raises `NotPlainError`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from submissions.limits import Limits

# pymatgen orders sites by Pauling electronegativity, then symbol. This is that order by its own values (from He, Ne, Ar
# and beyond Lr on it has none, and its order of sites follows no rule), kept here so that reading needs no pymatgen.
_ORDER = (
    "Fr Cs K Rb Ba Ra Na Sr Li Ca Ac La Tb Yb Ce Pm Pr Nd Sm Eu Gd Dy Y Ho Er Tm Lu Pu "
    "Am Bk Cf Cm Es Fm Hf Lr Md No Th Mg Zr Np Sc U Pa Ta Ti Mn Be Nb Al Tl V Zn Cr Cd In Ga Fe Co "
    "Cu Re Si Tc Ni Ag Sn Hg Po Ge Bi B Sb Te Mo As P At H Ir Os Pd Rn Ru Pt Rh Pb W Au C Se S Xe I Br Kr N Cl O F"
)
RANK = {symbol: rank for rank, symbol in enumerate(_ORDER.split())}

# Sites closer than this, as a fraction of the cell, are one to pymatgen's reader, and coordinates as close as this,
# relatively, to a third or two thirds are taken for it.
_TOLERANCE = 1e-4
# Rounding cannot carry what is as far apart as this below the tolerance, whichever way it is computed.
_SURELY_APART = 1.01e-4
_IDEAL_FRACTIONS = (1 / 3, 2 / 3)
_FARTHEST = 1_000.0
_STRAIGHT_ANGLE = 180.0
# Memory grows with the square of the images.
_MOST_IMAGES = 1_000

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?(?:\(\d+\))?"
_NUMBERS = re.compile(f"{_NUMBER}(?: {_NUMBER})*")
_UNCERTAINTY = re.compile(r"\(\d+\)")
_LABEL = re.compile(r"([A-Z][a-z]?)\d*")
_FULL = re.compile(r"1(?:\.0*)?")
_TERM = r"(?:[xyz]|[1-9](?:/[1-9])?)"
_SUM_OF_TERMS = re.compile(f"[+-]?{_TERM}(?:[+-]{_TERM})*")
_TERMS = re.compile(f"([+-]?)({_TERM})")
_FORMULA = re.compile(r"[A-Z][a-z]?[0-9]{0,6}(?: ?[A-Z][a-z]?[0-9]{0,6})*")
_AMOUNTS = re.compile(r"([A-Z][a-z]?)([0-9]*)")


class NotPlainError(Exception):
    """The CIF is not surely read here as pymatgen reads it; no fault of the CIF."""


@dataclass(frozen=True)
class Sites:
    """Sites of the whole cell in pymatgen's order: `symbols` of length n, `points` (n, 3) within the cell."""

    symbols: list[str]
    points: NDArray[np.float64]


def symbols(labels: Sequence[str], types: Sequence[str] | None) -> list[str]:
    """Element of every site: its type where types are given, else the letters of its label.

    Raises:
        NotPlainError: more than an element's symbol, or an element without electronegativity.

    """
    if types is None:
        matches = [_LABEL.fullmatch(label) for label in labels]
        found = [match[1] if match else "" for match in matches]
    else:
        found = list(types)
    if len(found) != len(labels) or not RANK.keys() >= set(found):
        raise NotPlainError
    return found


def check_occupancies(occupancies: Sequence[str]) -> None:
    """Raise NotPlainError unless every site is fully occupied."""
    if not all(_FULL.fullmatch(occupancy) for occupancy in set(occupancies)):
        raise NotPlainError


def _floats(words: Sequence[str]) -> list[float]:
    """Numbers without their uncertainties."""
    text = " ".join(words)
    if not _NUMBERS.fullmatch(text):
        raise NotPlainError
    return [float(word) for word in (_UNCERTAINTY.sub("", text) if "(" in text else text).split(" ")]


def lattice(parameters: Sequence[str], limits: Limits) -> NDArray[np.float64]:
    """(3, 3) cell vectors in angstrom, c along z and a in the xz plane, from lengths and angles in degrees."""
    a, b, c, *degrees = _floats(parameters)
    if not (0 < min(a, b, c) <= max(a, b, c) <= limits.cell_length):
        raise NotPlainError
    if not 0 < min(degrees) <= max(degrees) < _STRAIGHT_ANGLE:
        raise NotPlainError
    # Functions of the three angles at once and of the reciprocal angle alone: numpy may round the two unlike.
    radians = np.radians(degrees)
    cos_alpha, cos_beta, cos_gamma = np.cos(radians)
    sin_alpha, sin_beta, _ = np.sin(radians)
    cos_reciprocal = np.clip((cos_alpha * cos_beta - cos_gamma) / (sin_alpha * sin_beta), -1, 1)
    reciprocal = np.arccos(cos_reciprocal)
    return np.array(
        [
            [a * sin_beta, 0.0, a * cos_beta],
            [-b * sin_alpha * np.cos(reciprocal), b * sin_alpha * np.sin(reciprocal), b * cos_alpha],
            [0.0, 0.0, c],
        ],
        dtype=np.float64,
    )


def points(columns: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """(n, 3) fractional coordinates from three columns; what is near 1/3 or 2/3 becomes it."""
    coords = np.array([_floats(column) for column in columns])
    if np.abs(coords).max() > _FARTHEST:
        raise NotPlainError
    for fraction in _IDEAL_FRACTIONS:
        coords[np.abs(coords / fraction - 1) <= _TOLERANCE] = fraction
    return np.ascontiguousarray(coords.T)


def operations(texts: Sequence[str]) -> list[NDArray[np.float64]]:
    """(4, 4) matrices of symmetry operations such as 'x, y, z' and '-y+1/2, x-y, z'; the first is the identity."""
    matrices = [_operation(text) for text in texts]
    if not np.array_equal(matrices[0], np.eye(4)):
        raise NotPlainError
    return matrices


@lru_cache(maxsize=1024)
def _operation(text: str) -> NDArray[np.float64]:
    rows = text.replace(" ", "").lower().split(",")
    if len(rows) != 3 or not all(map(_SUM_OF_TERMS.fullmatch, rows)):  # noqa: PLR2004 - x, y, z
        raise NotPlainError
    matrix = np.eye(4)
    for row, sum_of_terms in zip(matrix, rows, strict=False):
        terms = _TERMS.findall(sum_of_terms)
        columns = ["xyz".find(term) for _, term in terms]  # -1, the last column, is the translation
        if len(set(columns)) != len(columns):
            raise NotPlainError
        row[:] = 0.0
        for column, (sign, term) in zip(columns, terms, strict=True):
            size = 1.0 if column >= 0 else float(term[0]) / float(term[-1] if "/" in term else 1)
            row[column] = -size if sign == "-" else size
    matrix.setflags(write=False)  # it is shared by all who ask for it
    return matrix


def expanded(found: Sequence[str], coords: NDArray[np.float64], matrices: Sequence[NDArray[np.float64]]) -> Sites:
    """All sites of the cell, images of a site that coincide counted once, in pymatgen's order.

    Args:
        found: n elements.
        coords: (n, 3) fractional coordinates.
        matrices: (4, 4) symmetry operations.

    Raises:
        NotPlainError: two sites may be one, or the images are too many.

    """
    if len(found) * len(matrices) > _MOST_IMAGES:
        raise NotPlainError
    order = sorted(range(len(found)), key=lambda site: RANK[found[site]])
    found = [found[site] for site in order]
    coords = coords[order]
    if len(matrices) == 1:
        if np.count_nonzero(_close(coords, coords, _SURELY_APART)) > len(coords):
            raise NotPlainError
        return Sites(found, _wrapped(coords + 0.0))  # as by a product with the identity, no zero stays negative
    images = _images(coords, matrices)
    of_site = np.repeat(np.arange(len(coords)), len(matrices))
    close = _close(images, coords, _SURELY_APART)
    close[np.arange(len(images)), of_site] = False
    if close.any():
        raise NotPlainError
    images = _wrapped(images)
    kept = _first_of_coinciding(images, np.array([RANK[element] for element in found])[of_site])
    return Sites([found[of_site[image]] for image in kept], images[kept])


def _images(coords: NDArray[np.float64], matrices: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(sites * operations, 3), the images of a site one after another."""
    affine = np.column_stack((coords, np.ones(len(coords))))
    # One product each: how the terms of a larger one are added up is not promised, and decides the last bit.
    return np.array([np.dot(matrix, point) for point in affine for matrix in matrices])[:, :3]


def _wrapped(coords: NDArray[np.float64]) -> NDArray[np.float64]:
    return coords - np.floor(coords)


def _first_of_coinciding(wrapped: NDArray[np.float64], ranks: NDArray[np.int64]) -> list[int]:
    """Images that coincide with none kept before them; images of different elements are not compared."""
    close = _close(wrapped, wrapped, _TOLERANCE) & (ranks[:, None] == ranks)
    taken = np.zeros(len(wrapped), dtype=bool)
    kept = []
    for image in range(len(wrapped)):
        if not taken[image]:
            kept.append(image)
            taken |= close[image]
    return kept


def _close(some: NDArray[np.float64], others: NDArray[np.float64], tolerance: float) -> NDArray[np.bool_]:
    """(n, m): whether two points of (n, 3) and (m, 3) are nearer than the tolerance along each axis, in any cells."""
    close = np.ones((len(some), len(others)), dtype=bool)
    for one, other in zip(some.T, others.T, strict=True):
        difference = one[:, None] - other
        difference -= np.rint(difference)
        close &= np.abs(difference) < tolerance
    return close


def check_formula(formula: str, elements: Sequence[str]) -> None:
    """Raise NotPlainError unless the sites are a multiple or a fraction of a formula such as 'Na4 Cl4' or 'NaCl'."""
    if not _FORMULA.fullmatch(formula):
        raise NotPlainError
    stated = [(element, int(amount or 1)) for element, amount in _AMOUNTS.findall(formula)]
    counts = Counter(elements)
    if len(stated) != len(counts) or counts.keys() != {element for element, _ in stated}:
        raise NotPlainError
    element, amount = stated[0]
    if amount == 0 or any(counts[element] * other != counts[one] * amount for one, other in stated):
        raise NotPlainError
