"""Orbits of space groups in their standard settings, from the operations that spglib tabulates."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import spglib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

N_HALL_SYMBOLS = 530

# Settings of International Tables A that differ from the first one listed: second origin, hexagonal axes.
PREFERRED_CHOICES = ("2", "H")

# Two positions of an orbit closer than this, in fractions of the cell, are one.
SAME_POSITION = 1e-3

# Rows are primitive axes in terms of the conventional ones, by the letter of the centring.
_PRIMITIVE = {
    "P": np.eye(3),
    "I": np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]) / 2,
    "F": np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2,
    "C": np.array([[1, 1, 0], [-1, 1, 0], [0, 0, 2]]) / 2,
    "A": np.array([[2, 0, 0], [0, 1, -1], [0, 1, 1]]) / 2,
    "R": np.array([[2, 1, 1], [-1, 1, 1], [-1, -2, 1]]) / 3,
}


def primitive_axes(number: int) -> NDArray[np.float64]:
    """(3, 3) primitive axes of a space group, rows in terms of the conventional axes."""
    return _PRIMITIVE[_setting(_hall_number(number)).international_short[0]]


@cache
def orbit(number: int, position: tuple[float, ...]) -> NDArray[np.float64]:
    """(m, 3) positions in one primitive cell that the space group makes of one position.

    Args:
        number: international number of the space group.
        position: fractional coordinates in the conventional cell of the standard setting.

    Returns:
        Fractional coordinates in the primitive cell of :func:`primitive_axes`.

    """
    rotations, translations = _operations(number)
    images = (rotations @ np.asarray(position) + translations) @ np.linalg.inv(primitive_axes(number))
    distinct: list[NDArray[np.float64]] = []
    for image in images % 1.0:
        if not any(_apart(image, other) < SAME_POSITION for other in distinct):
            distinct.append(image)
    return np.array(distinct)


def _apart(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    difference = first - second
    return float(np.abs(difference - np.rint(difference)).max())


@cache
def _hall_number(number: int) -> int:
    """The number of the standard setting in the list of Hall symbols."""
    halls = [hall for hall in range(1, N_HALL_SYMBOLS + 1) if _setting(hall).number == number]
    preferred = [hall for hall in halls if _setting(hall).choice in PREFERRED_CHOICES]
    return (preferred or halls)[0]


@cache
def _setting(hall: int) -> spglib.SpaceGroupType:
    with _without_announcement():
        setting = spglib.get_spacegroup_type(hall)
    if setting is None:
        msg = f"spglib has no setting {hall}, expected 1 to {N_HALL_SYMBOLS}"
        raise ValueError(msg)
    return setting


@cache
def _operations(number: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    hall = _hall_number(number)
    with _without_announcement():
        operations = spglib.get_symmetry_from_database(hall)
    if operations is None:
        msg = f"spglib has no operations of space group {number}"
        raise ValueError(msg)
    return operations["rotations"], operations["translations"]


@contextmanager
def _without_announcement() -> Iterator[None]:
    with warnings.catch_warnings():
        # spglib 2.8 still announces that it will raise instead of returning None
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
