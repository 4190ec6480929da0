"""Symmetry operations: read from text or from gemmi's table, and multiplied with each other."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import gemmi
import numpy as np

from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)"
_TERM = re.compile(rf"([+-]?)(?:({_NUMBER})(?:/({_NUMBER}))?)?\*?([xyz])?(?:/({_NUMBER}))?", re.ASCII)
_AXES = "xyz"
_MOST_CHARACTERS = 200
# A translation by 0.3333, or by 0.67 as it may be cut, is one by a third; screw axes and glides have no others. With
# one digit only, what is meant is what is written: 0.2 is a fifth.
_DENOMINATORS = (8, 12)
_FEWEST_DIGITS = 2
_ROUNDING = 0.7
# Translations as near as this are one: programs write them with few digits, or as fractions of small numbers.
_SAME_TRANSLATION = 4e-3
# In rotations of skewed cells there are larger factors than 1, but none as large as this.
_LARGEST_FACTOR = 20


@dataclass(frozen=True, eq=False)
class Operations:
    """m symmetry operations x' = R x + t on fractional coordinates, in an order that decides the order of sites.

    Attributes:
        rotations: (m, 3, 3), whole numbers.
        translations: (m, 3).

    """

    rotations: NDArray[np.float64]
    translations: NDArray[np.float64]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.rotations)

    @cached_property
    def products(self) -> NDArray[np.int16]:
        """(m, m): at [i, j] which operation 'first j, then i' is, -1 where it is none of these."""
        rotations = np.einsum("iab,jbc->ijac", self.rotations, self.rotations)
        translations = np.einsum("iab,jb->ija", self.rotations, self.translations) + self.translations[:, None]
        places = self.places(rotations.reshape(-1, 3, 3), translations.reshape(-1, 3))
        return places.astype(np.int16).reshape(len(self), -1)

    @property
    def is_group(self) -> bool:
        """Whether all products are among the operations."""
        return bool(self.products.min() >= 0)

    @cached_property
    def identity(self) -> int:
        """Which operation leaves everything where it is, -1 if none does."""
        return int(self.places(np.eye(3)[None], np.zeros((1, 3)))[0])

    @cached_property
    def space_group_number(self) -> int:
        """Number of the space-group type, whatever the basis; 0 if it is not recognised."""
        import spglib  # noqa: PLC0415 - hardly ever needed, and reading is to start without chemistry packages

        # Vectors of a lattice that has the symmetry: their scalar products are the mean over all operations.
        metric = np.mean(np.swapaxes(self.rotations, 1, 2) @ self.rotations, axis=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of error handling in the next version
            kind = spglib.get_spacegroup_type_from_symmetry(
                np.rint(self.rotations), self.translations, np.linalg.cholesky(metric), symprec=1e-3
            )
        return 0 if kind is None else int(kind.number)

    def is_same_group(self, other: Operations) -> bool:
        """Whether both hold the same operations, in whatever order."""
        return len(self) == len(other) and self.contains(other)

    def contains(self, other: Operations) -> bool:
        """Whether all operations of the other are among these."""
        return bool(self.places(other.rotations, other.translations).min() >= 0)

    def places(self, rotations: NDArray[np.float64], translations: NDArray[np.float64]) -> NDArray[np.int64]:
        """(k,) which operations these k are, up to translations of the lattice, -1 where they are none."""
        codes, sought = _codes(self.rotations), _codes(rotations)
        order = np.argsort(codes, kind="stable")
        begin = np.searchsorted(codes[order], sought)
        # Operations with one rotation stand together in that order; there are as many as lattice points in the cell.
        most = int(np.unique(codes, return_counts=True)[1].max())
        candidates = order[np.minimum(begin[:, None] + np.arange(most), len(self) - 1)]
        away = np.abs(_wrapped(translations[:, None] - self.translations[candidates])).max(axis=-1)
        away[codes[candidates] != sought[:, None]] = np.inf
        nearest = away.argmin(axis=1)[:, None]
        is_one = np.take_along_axis(away, nearest, axis=1) <= _SAME_TRANSLATION
        places: NDArray[np.int64] = np.where(is_one, np.take_along_axis(candidates, nearest, axis=1), -1)[:, 0]
        return places


def _codes(rotations: NDArray[np.float64]) -> NDArray[np.int64]:
    """(k,) numbers that differ for different rotations; -1 for one that no basis of a cell has."""
    digits = np.rint(rotations).astype(np.int64).reshape(-1, 9) + _LARGEST_FACTOR
    is_digit = ((digits >= 0) & (digits <= 2 * _LARGEST_FACTOR)).all(axis=1)
    return np.where(is_digit, digits @ (2 * _LARGEST_FACTOR + 1) ** np.arange(9), -1)


def _wrapped(translations: NDArray[np.float64]) -> NDArray[np.float64]:
    shortest: NDArray[np.float64] = translations - np.rint(translations)
    return shortest


IDENTITY = Operations(np.eye(3)[None], np.zeros((1, 3)))


@lru_cache(maxsize=256)
def listed(texts: tuple[str, ...]) -> Operations:
    """Operations of texts such as 'x, y, z' and '-y+1/2, x-y, z+0.5', each once; the identity is never missing.

    Raises:
        RecordRefusedError: one cannot be understood.

    """
    parsed = list(map(_parsed, texts))
    every = Operations(np.array([rotation for rotation, _ in parsed]), np.array([shift for _, shift in parsed]))
    if every.identity < 0:
        every = Operations(
            np.concatenate([IDENTITY.rotations, every.rotations]),
            np.concatenate([IDENTITY.translations, every.translations]),
        )
    # Of operations that are the same, the first.
    first = np.unique(every.places(every.rotations, every.translations))
    return Operations(every.rotations[first], every.translations[first])


@lru_cache(maxsize=256)
def from_hall(symbol: str) -> Operations:
    """Operations of a Hall symbol, such as '-P 2ybc' (doi:10.1107/S0567739481001228).

    Raises:
        RuntimeError: it is none.

    """
    operations = list(gemmi.symops_from_hall(symbol))
    scale = gemmi.Op.DEN
    return Operations(
        np.array([operation.rot for operation in operations], dtype=np.float64) / scale,
        np.array([operation.tran for operation in operations], dtype=np.float64) / scale,
    )


@lru_cache(maxsize=2048)
def _parsed(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows = "".join(text.split()).lower().strip(",;'\"()").replace(";", ",").split(",")
    rotation, translation = np.zeros((3, 3)), np.zeros(3)
    understood = len(text) <= _MOST_CHARACTERS and len(rows) == len(_AXES)
    for at, row in enumerate(rows if understood else ()):
        understood = understood and _add_terms(row, rotation[at], translation[at : at + 1])
    if not understood or not _is_rotation(rotation):
        detail = f"the symmetry operation {shown(text)} is not understood; write it like '-y+1/2, x-y, z'"
        raise RecordRefusedError(Reason.UNKNOWN_SYMMETRY, detail)
    return rotation, translation


def _is_rotation(rotation: NDArray[np.float64]) -> bool:
    is_whole = np.array_equal(rotation, np.rint(rotation)) and np.abs(rotation).max() <= _LARGEST_FACTOR
    return bool(is_whole) and round(abs(np.linalg.det(rotation))) == 1


def _add_terms(row: str, factors: NDArray[np.float64], shift: NDArray[np.float64]) -> bool:
    """Add terms such as x, -1*y, z/1, +1/2, .25 to factors (3,) and shift (1,); whether all of them are terms."""
    end = 0
    for match in _TERM.finditer(row):
        sign, number, divisor, axis, axis_divisor = match.groups()
        if not match[0] or match.start() != end or (end and not sign) or not (number or axis):
            break
        denominator = float(divisor or 1) * float(axis_divisor or 1)
        if not denominator:
            break
        end = match.end()
        size = float(number or 1) / denominator
        if not axis and not divisor:
            size = _unrounded(number, size)
        size = -size if sign == "-" else size
        if axis:
            factors[_AXES.index(axis)] += size
        else:
            shift += size
    return 0 < end == len(row)


def _unrounded(number: str, size: float) -> float:
    """The exact value of a decimal number that was rounded."""
    digits = len(number.partition(".")[2])
    if digits < _FEWEST_DIGITS:
        return size
    exact = min(
        (round(size * denominator) / denominator for denominator in _DENOMINATORS), key=lambda one: abs(one - size)
    )
    return exact if abs(exact - size) <= _ROUNDING * 10.0**-digits else size
