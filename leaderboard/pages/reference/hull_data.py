"""The phases of a chemical system as a hull diagram needs them: from a reference set, and from a run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leaderboard.pages.parts import lookup
from leaderboard.pages.reference.plots_hull import Diagram, Phase
from leaderboard.run.energy_views import represented_by_lowest
from metrics.formula import elements_of
from reference_data.queries.query import containing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reference_data.reference import Reference

MOST_ELEMENTS = 8
MOST_OTHERS = 1_000
"""Entries above the hull that are read from the table of crystals; a large system has more."""
ON_HULL_EV_PER_ATOM = 1e-6
_COLUMNS = ("id", "reduced_formula", "energy_convention", "formation_energy_per_atom", "e_above_hull")


@dataclass(frozen=True)
class SystemHull:
    """A chemical system in the hull of one convention.

    Attributes:
        diagram: the phases, those of all its parts included.
        n_entries: reference entries in the system and all its parts, vertices or not.
        cut: True where the set has more crystals of the system than were looked at for ``diagram.others``.

    """

    diagram: Diagram
    n_entries: int
    cut: bool


def parts(elements: Sequence[str]) -> list[str]:
    """The chemical system of these elements (alphabetical) and all systems of some of them, small ones first."""
    sizes = range(1, len(elements) + 1)
    return ["-".join(subset) for subset in chain.from_iterable(combinations(elements, size) for size in sizes)]


def system_hull(reference: Reference, convention: str, elements: Sequence[str]) -> SystemHull:
    """The hull of a chemical system of at most eight elements.

    Args:
        reference: a set with a hull of the convention.
        convention: of the energies.
        elements: symbols in alphabetical order.

    """
    tables = reference.hull_tables(convention)
    inside = parts(elements)
    rows = tables.vertices[tables.vertices["chemical_system"].isin(inside)]
    vertices = [
        Phase(name, formula, _fractions(formula, elements), energy, 0.0)
        for name, formula, energy in zip(
            rows["id"], rows["reduced_formula"], rows["formation_energy_per_atom"], strict=True
        )
    ]
    counts = tables.systems.loc[tables.systems["chemical_system"].isin(inside), "n_entries"]
    others, cut = _others(reference, convention, elements, inside)
    return SystemHull(Diagram(tuple(elements), vertices, others), int(counts.sum()), cut)


def submitted(
    columns: pd.DataFrame, energies: pd.DataFrame, elements: Sequence[str]
) -> tuple[list[Phase], list[Phase]]:
    """Structures of a run in a chemical system and its parts: those that are unique and novel, and the others.

    Args:
        columns: facts of the run's records.
        energies: rows of one potential, relaxed or not, on one hull.
        elements: symbols in alphabetical order.

    """
    inside = columns[columns["chemical_system"].isin(parts(elements)).fillna(value=False).astype(bool)]
    known = energies.loc[
        energies["formation_energy_per_atom"].notna(), ["sha256", "formation_energy_per_atom", "e_above_hull"]
    ]
    rows = represented_by_lowest(inside.merge(known.drop_duplicates("sha256"), on="sha256", how="left"))
    rows = rows[rows["formation_energy_per_atom"].notna()]
    is_new = (rows["unique"] & ~rows["in_reference"]).fillna(value=False).astype(bool)
    return _phases(rows[is_new], elements), _phases(rows[~is_new], elements)


def _phases(rows: pd.DataFrame, elements: Sequence[str]) -> list[Phase]:
    cells = ("id", "reduced_formula", "formation_energy_per_atom", "e_above_hull")
    return [
        Phase(
            str(name),
            str(formula),
            _fractions(str(formula), elements),
            float(energy),
            None if pd.isna(above) else float(above),
        )
        for name, formula, energy, above in zip(*(rows[cell] for cell in cells), strict=True)
    ]


def _others(
    reference: Reference, convention: str, elements: Sequence[str], inside: Iterable[str]
) -> tuple[list[Phase], bool]:
    """Crystals of the set above the hull of this convention, and whether there are more than are looked at."""
    catalogue = lookup.catalogue(reference)
    rows = np.concatenate(
        [catalogue.rows(containing(system.split("-"), open_system=False)) for system in reversed(list(inside))]
    )
    crystals: list[Mapping[str, Any]] = reference.rows(rows[:MOST_OTHERS].tolist(), _COLUMNS).to_pylist()
    above = [
        Phase(
            row["id"],
            row["reduced_formula"],
            _fractions(row["reduced_formula"], elements),
            row["formation_energy_per_atom"],
            row["e_above_hull"],
        )
        for row in crystals
        if row["energy_convention"] == convention
        and row["formation_energy_per_atom"] is not None
        and (row["e_above_hull"] is None or row["e_above_hull"] > ON_HULL_EV_PER_ATOM)
    ]
    return above, len(rows) > MOST_OTHERS


def _fractions(formula: str, elements: Sequence[str]) -> tuple[float, ...]:
    amounts = elements_of(formula)
    total = sum(amounts.values())
    return tuple(amounts.get(symbol, 0) / total for symbol in elements)
