"""Which entries make the convex hull of formation energies; all others can be left out without changing any distance.

A composition of the elements S is only ever mixed from entries of S and of parts of S. So chemical systems are taken
from small to large, and an entry is kept where it lies below, or on, the hull of its own system's other entries and of
the vertices that the smaller systems have left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.formula import elements_of, smallest_whole
from metrics.measure.energy.phases import Phases, parts
from metrics.measure.energy.simplex import heights

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

ON_HULL_EV_PER_ATOM = 1e-8
"""An entry this little above the others still counts as a vertex: keeping one too many changes nothing."""


class HullError(ValueError):
    """Entries that have no convex hull, with the reason."""


def hull_vertices(entries: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Vertices of the hull, and how many entries each chemical system has.

    Args:
        entries: columns id, reduced_formula, formation_energy_per_atom (eV/atom) and any others; all of one convention.

    Returns:
        The rows that are vertices, with a column chemical_system, by chemical system, formula and id; and a table of
        chemical_system and n_entries, where every entry of ``entries`` counts.

    Raises:
        HullError: an energy is no finite number, a formula cannot be read, or an element has no entry of its own.

    """
    wrong = entries["id"][~np.isfinite(entries["formation_energy_per_atom"].to_numpy(np.float64))]
    if len(wrong):
        msg = f"the formation energy of {wrong.iloc[0]} is no finite number ({len(wrong)} such entries)"
        raise HullError(msg)
    compositions = {formula: composition(formula) for formula in entries["reduced_formula"].unique()}
    systems = {
        formula: "-".join(symbol for symbol, _ in smallest_whole(amounts)) for formula, amounts in compositions.items()
    }
    entries = entries.assign(
        chemical_system=entries["reduced_formula"].map(systems),
        _ratio=entries["reduced_formula"].map(
            {formula: smallest_whole(amounts) for formula, amounts in compositions.items()}
        ),
    )
    counts = entries.groupby("chemical_system", sort=True).size()
    lowest = (
        entries.sort_values(["formation_energy_per_atom", "id"])
        .drop_duplicates("_ratio")
        .sort_values(["chemical_system", "reduced_formula", "id"])
        .drop(columns="_ratio")
        .reset_index(drop=True)
    )
    vertices = lowest.iloc[_pruned(lowest, compositions)].reset_index(drop=True)
    return vertices, counts.rename("n_entries").astype("int64").reset_index()


def composition(formula: str) -> dict[str, int]:
    """Amounts by symbol.

    Raises:
        HullError: the formula cannot be read or is empty.

    """
    try:
        amounts = elements_of(formula)
    except ValueError as error:
        raise HullError(str(error)) from error
    if not amounts:
        msg = f"the formula {formula!r} names no element"
        raise HullError(msg)
    return amounts


def _pruned(lowest: pd.DataFrame, compositions: Mapping[str, Mapping[str, int]]) -> NDArray[np.int64]:
    """Rows of the vertices; ``lowest`` holds one entry of each composition, by chemical system."""
    energies = lowest["formation_energy_per_atom"].to_numpy(np.float64)
    formulas = lowest["reduced_formula"].tolist()
    phases = Phases([compositions[formula] for formula in formulas], energies)
    kept = np.ones(len(lowest), dtype=np.bool_)
    elements = set(phases.elements)
    for system in sorted(phases.rows, key=lambda system: (len(system), system)):
        start, stop = phases.rows[system]
        missing = [symbol for symbol in system if symbol not in elements]
        if missing:
            msg = f"no entry of the element {', '.join(missing)}, which {formulas[start]} contains"
            raise HullError(msg)
        if len(system) == 1:
            continue
        rows, fractions, all_energies = phases.of(system, parts(system, phases.rows))
        used = kept[rows]  # of the smaller systems the vertices, of this one all
        distances, gaps = heights(fractions[used], all_energies[used], int(used.sum()) - (stop - start))
        kept[start:stop] = distances - gaps <= ON_HULL_EV_PER_ATOM
    return np.flatnonzero(kept)
