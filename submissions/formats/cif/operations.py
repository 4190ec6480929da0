"""Symmetry operations: read from text or from gemmi's table, and multiplied with each other."""

from __future__ import annotations

import re
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
# A translation by 0.3333, or by 0.67 as it may be rounded, is one by a third; screw axes and glides have no others.
_DENOMINATORS = (8, 12)
_ROUNDING = 0.0051
# Translations of two operations that are as close as this are one; finer than any that rounding made.
_STEPS = 2400
_WHOLE_ROTATIONS = 9


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
    def keys(self) -> list[bytes]:
        """What tells operations apart that differ by more than a translation of the lattice."""
        return _keys(self.rotations, self.translations)

    @cached_property
    def products(self) -> NDArray[np.int16]:
        """(m, m): at [i, j] which operation 'first j, then i' is, -1 where it is none of these."""
        place = {key: at for at, key in enumerate(self.keys)}
        rotations = np.einsum("iab,jbc->ijac", self.rotations, self.rotations)
        translations = np.einsum("iab,jb->ija", self.rotations, self.translations) + self.translations[:, None]
        keys = _keys(rotations.reshape(-1, 3, 3), translations.reshape(-1, 3))
        return np.array([place.get(key, -1) for key in keys], dtype=np.int16).reshape(len(self), -1)

    @property
    def is_group(self) -> bool:
        """Whether all products are among the operations."""
        return bool(self.products.min() >= 0)

    @property
    def identity(self) -> int:
        """Which operation leaves everything where it is."""
        return self.keys.index(IDENTITY.keys[0])

    @cached_property
    def space_group_number(self) -> int:
        """Number of the space-group type, whatever the basis; 0 if it is not recognised."""
        import spglib  # noqa: PLC0415 - hardly ever needed, and reading is to start without chemistry packages

        found = spglib.get_spacegroup_type_from_symmetry(np.rint(self.rotations), self.translations, symprec=1e-3)
        return 0 if found is None else int(found.number)

    def is_same_group(self, other: Operations) -> bool:
        """Whether both hold the same operations, in whatever order."""
        return len(self) == len(other) and set(self.keys) == set(other.keys)

    def contains(self, other: Operations) -> bool:
        """Whether all operations of the other are among these."""
        return set(self.keys) >= set(other.keys)


def _keys(rotations: NDArray[np.float64], translations: NDArray[np.float64]) -> list[bytes]:
    steps = np.rint(translations * _STEPS).astype(np.int64) % _STEPS
    rows = np.concatenate([np.rint(rotations).astype(np.int64).reshape(-1, _WHOLE_ROTATIONS), steps], axis=1)
    return [row.tobytes() for row in rows]


IDENTITY = Operations(np.eye(3)[None], np.zeros((1, 3)))


@lru_cache(maxsize=64)
def listed(texts: tuple[str, ...]) -> Operations:
    """Operations of texts such as 'x, y, z' and '-y+1/2, x-y, z+0.5', each once; the identity is never missing.

    Raises:
        RecordRefusedError: one cannot be understood.

    """
    parsed: dict[bytes, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    for text in texts:
        rotation, translation = _parsed(text)
        parsed.setdefault(_keys(rotation[None], translation[None])[0], (rotation, translation))
    if IDENTITY.keys[0] not in parsed:
        parsed = {IDENTITY.keys[0]: (IDENTITY.rotations[0], IDENTITY.translations[0])} | parsed
    return Operations(
        np.array([rotation for rotation, _ in parsed.values()]),
        np.array([translation for _, translation in parsed.values()]),
    )


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


def _parsed(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows = "".join(text.split()).lower().strip(",;'\"()").replace(";", ",").split(",")
    rotation, translation = np.zeros((3, 3)), np.zeros(3)
    understood = len(text) <= _MOST_CHARACTERS and len(rows) == len(_AXES)
    for at, row in enumerate(rows if understood else ()):
        understood = understood and _add_terms(row, rotation[at], translation[at : at + 1])
    if not understood or not np.array_equal(rotation, np.rint(rotation)) or round(abs(np.linalg.det(rotation))) != 1:
        detail = f"the symmetry operation {shown(text)} is not understood; write it like '-y+1/2, x-y, z'"
        raise RecordRefusedError(Reason.UNKNOWN_SYMMETRY, detail)
    return rotation, _unrounded(translation)


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
        size = float(f"{sign}1") * float(number or 1) / denominator
        if axis:
            factors[_AXES.index(axis)] += size
        else:
            shift += size
    return 0 < end == len(row)


def _unrounded(translation: NDArray[np.float64]) -> NDArray[np.float64]:
    for denominator in _DENOMINATORS:
        exact = np.rint(translation * denominator) / denominator
        translation = np.where(np.abs(translation - exact) <= _ROUNDING, exact, translation)
    return translation
