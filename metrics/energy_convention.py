"""Energy conventions: at which level of theory, and with which corrections, an energy was computed.

Energies of two conventions must never meet on one hull; so the convention travels with every energy as a value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DFT_CONVENTIONS = ("pbe_mp2020", "pbe_uncorrected", "r2scan")
"""PBE(+U) with the corrections of Materials Project 2020 (A. Wang et al., Sci. Rep. 11, 15496 (2021),
doi:10.1038/s41598-021-94550-5), PBE(+U) without any, r2SCAN."""
CONVERTIBLE: Mapping[str, tuple[str, ...]] = {"pbe_uncorrected": ("pbe_mp2020",)}
"""To which other conventions the energy of a crystal can be converted (:mod:`metrics.measure.energy.mp2020`)."""
TOY = "toy"
OWN = "own:"
"""Before the id of a potential: everything, the reference included, computed by that potential."""
_OWN = re.compile(rf"{OWN}[a-z0-9][a-z0-9_.-]*")
ALTERNATIVES = f"{', '.join((*DFT_CONVENTIONS, TOY))} or {OWN}<potential id>"


def check_convention(convention: str) -> str:
    """The convention itself, if it is one.

    Raises:
        ValueError: it is none of the closed list.

    """
    if convention not in (*DFT_CONVENTIONS, TOY) and not _OWN.fullmatch(convention):
        msg = f"{convention!r} is no energy convention; expected {ALTERNATIVES}"
        raise ValueError(msg)
    return convention


def preferred_first(conventions: Iterable[str]) -> tuple[str, ...]:
    """Distinct conventions, the best founded first: those of DFT in their order, potentials' own, toy."""
    rank = {convention: place for place, convention in enumerate(DFT_CONVENTIONS)} | {TOY: len(DFT_CONVENTIONS) + 1}
    return tuple(
        sorted(set(conventions), key=lambda convention: (rank.get(convention, len(DFT_CONVENTIONS)), convention))
    )
