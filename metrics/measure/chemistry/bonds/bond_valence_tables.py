"""Tables of bond valence that pymatgen ships, read by the fast reader of YAML.

Importing ``pymatgen.core.bond_valence`` reads the same two files with a parser written in Python: 0.7 s of CPU time in
every process that measures.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from pymatgen.core.periodic_table import Element

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPECIES = re.compile(r"(?P<symbol>[A-Z][a-z]?)(?P<charge>\d*)(?P<sign>[+-])")

ELECTRONEGATIVE = frozenset(
    Element(symbol).Z
    for symbol in ("H", "B", "C", "Si", "N", "P", "As", "Sb", "O", "S", "Se", "Te", "F", "Cl", "Br", "I")
)
"""Atomic numbers of the elements one of which each bond has: O'Keeffe and Brese 1991, DOI 10.1021/ja00009a002."""


class Parameters(NamedTuple):
    """Size (angstrom) and electronegativity of an element in the formula of O'Keeffe and Brese."""

    size: float
    electronegativity: float


class Observed(NamedTuple):
    """An oxidation state in the ICSD: mean and standard deviation of its bond-valence sums, and how often it occurs."""

    state: int
    mean: float
    width: float
    prior: float


@cache
def parameters() -> Mapping[int, Parameters]:
    """By atomic number, of the elements that have them."""
    table = _table("bvparam_1991.yaml")
    return {Element(symbol).Z: Parameters(float(of["r"]), float(of["c"])) for symbol, of in table.items()}


@cache
def observed_states() -> Mapping[int, tuple[Observed, ...]]:
    """By atomic number the states other than zero whose bond-valence sums scatter, in the order of the table."""
    table = _table("icsd_bv.yaml")
    states: dict[int, list[Observed]] = {}
    for species, sums in table["bvsum"].items():
        part = _SPECIES.fullmatch(species)
        if part is None:
            message = f"{species!r} in pymatgen's icsd_bv.yaml is no element with a charge"
            raise ValueError(message)
        state = int(part["sign"] + (part["charge"] or "1"))
        if state and sums["std"] > 0:
            observed = Observed(state, float(sums["mean"]), float(sums["std"]), float(table["occurrence"][species]))
            states.setdefault(Element(part["symbol"]).Z, []).append(observed)
    return {number: tuple(of_element) for number, of_element in states.items()}


def _table(name: str) -> dict[str, Any]:
    table: dict[str, Any] = yaml.load((files("pymatgen.core") / name).read_text(), Loader=yaml.CSafeLoader)
    return table
