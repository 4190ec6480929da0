"""Histograms of what crystals are made of and how they are arranged: elements, crystal systems."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metrics.formula import elements_of
from metrics.statistics.histogram import group

if TYPE_CHECKING:
    from metrics.statistics.histogram import Contribution, Kinds

_LAST_TRICLINIC_TO_CUBIC = {
    2: "triclinic",
    15: "monoclinic",
    74: "orthorhombic",
    142: "tetragonal",
    167: "trigonal",
    194: "hexagonal",
    230: "cubic",
}


def element_shares(formulas: pd.Series[str]) -> Kinds:
    """Atomic fractions of the elements in each record; what names no element is unknown."""
    known = {formula: _fractions(formula) for formula in formulas.dropna().unique()}
    return group(None if pd.isna(formula) else known[formula] for formula in formulas)


def element_occurrences(formulas: pd.Series[str]) -> Kinds:
    """Elements that occur in each record, whatever their amounts; as rows of ones, not of shares."""
    kinds = element_shares(formulas)
    return replace(kinds, shares=(kinds.shares > 0).astype(np.float64))


def crystal_systems(column: pd.Series[int]) -> Kinds:
    """Crystal system of each space group, 1 to 230 (International Tables for Crystallography A)."""
    return group(None if pd.isna(value) else ((crystal_system(int(value)), 1.0),) for value in column)


def crystal_system(space_group: int) -> str:
    """Name of the crystal system; rhombohedral lattices count as trigonal.

    Raises:
        ValueError: no space group has this number.

    """
    if not 1 <= space_group <= max(_LAST_TRICLINIC_TO_CUBIC):
        msg = f"space group {space_group} is not between 1 and {max(_LAST_TRICLINIC_TO_CUBIC)}"
        raise ValueError(msg)
    return next(name for last, name in _LAST_TRICLINIC_TO_CUBIC.items() if space_group <= last)


@lru_cache(maxsize=65_536)
def _fractions(formula: str) -> Contribution | None:
    amounts = elements_of(formula)
    total = sum(amounts.values())
    return tuple((symbol, amount / total) for symbol, amount in amounts.items()) if total else None
