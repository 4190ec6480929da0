"""Which entries make the convex hull of formation energies; all others can be left out without changing any distance.

Of one composition only the lowest entry can be on a hull: any mixture that a higher one takes part in is lowered by
putting the lowest in its place. So all others are dropped first. A composition of the elements S is only ever mixed
from entries of S and of parts of S. So chemical systems are then taken from small to large, and an entry is kept where
it lies below, or on, the hull of its own system's other entries and of the vertices that the smaller systems have left.
Only those vertices and one chemical system at a time are unpacked: of all other entries a few numbers are in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from metrics.formula import elements_of, smallest_whole
from metrics.measure.energy.phases import Phases, parts
from metrics.measure.energy.simplex import heights

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

ON_HULL_EV_PER_ATOM = 1e-8
"""An entry this little above the others still counts as a vertex: keeping one too many changes nothing."""
_CHUNK_FORMULAS = 65_536  # names of so many are Python objects at a time


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
    energies = entries["formation_energy_per_atom"].to_numpy(np.float64)
    wrong = entries["id"][~np.isfinite(energies)]
    if len(wrong):
        msg = f"the formation energy of {wrong.iloc[0]} is no finite number ({len(wrong)} such entries)"
        raise HullError(msg)
    formulas, formula = numbered(entries["reduced_formula"])
    systems, system_of, composition_of = _named(formulas)
    counts = np.bincount(system_of[formula], minlength=len(systems)).astype(np.int64)
    rows = _lowest(composition_of[formula], energies, _texts(entries["id"]))
    by_formula = _ranks(formulas)
    rows = rows[np.lexsort((by_formula[formula[rows]], system_of[formula[rows]]))]
    kept = rows[_pruned(systems, system_of[formula[rows]], formulas.take(pa.array(formula[rows])), energies[rows])]
    vertices = entries.iloc[kept].assign(chemical_system=systems.take(pa.array(system_of[formula[kept]])).to_pylist())
    return vertices.reset_index(drop=True), pd.DataFrame({"chemical_system": systems.to_pylist(), "n_entries": counts})


def numbered(texts: pd.Series[str]) -> tuple[pa.StringArray, Integers]:
    """The different ones of (n,) texts in the order in which they first occur, and (n,) which of them each is."""
    encoded = _texts(texts).dictionary_encode()
    return encoded.dictionary, encoded.indices.to_numpy().astype(np.int64)


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


def _texts(column: pd.Series[str]) -> pa.StringArray:
    """A column of texts as one array, however pandas keeps it."""
    return pa.Table.from_pandas(column.to_frame(), preserve_index=False).column(0).cast(pa.string()).combine_chunks()


def _named(formulas: pa.StringArray) -> tuple[pa.StringArray, Integers, Integers]:
    """Chemical systems in alphabetical order, of each formula the number of its system, and that of its composition.

    Two spellings of one composition have the same number.
    """
    systems, compositions = [], []
    for start in range(0, len(formulas), _CHUNK_FORMULAS):
        ratios = [smallest_whole(composition(text)) for text in formulas[start : start + _CHUNK_FORMULAS].to_pylist()]
        systems.append(pa.array(["-".join(symbol for symbol, _ in ratio) for ratio in ratios], pa.string()))
        compositions.append(pa.array(["".join(f"{symbol}{n}" for symbol, n in ratio) for ratio in ratios], pa.string()))
    of_systems, of_compositions = (
        pa.chunked_array(chunks, pa.string()).combine_chunks().dictionary_encode() for chunks in (systems, compositions)
    )
    names = of_systems.dictionary
    order = pc.sort_indices(names)
    return names.take(order), _ranks(names)[of_systems.indices.to_numpy()], of_compositions.indices.to_numpy()


def _ranks(texts: pa.StringArray) -> Integers:
    """Place of each of these different texts in their alphabetical order."""
    ranks = np.empty(len(texts), dtype=np.int64)
    ranks[pc.sort_indices(texts).to_numpy()] = np.arange(len(texts))
    return ranks


def _lowest(compositions: Integers, energies: Floats, ids: pa.StringArray) -> Integers:
    """Row of the lowest entry of each composition, of equal ones that of the smallest id."""
    table = pa.table({"composition": compositions, "energy": energies, "id": ids})
    order = pc.sort_indices(table, [(name, "ascending") for name in table.column_names]).to_numpy()
    rows: Integers = order[np.flatnonzero(np.diff(compositions[order], prepend=-1))].astype(np.int64)
    return rows


def _pruned(systems: pa.StringArray, system_of: Integers, formulas: pa.StringArray, energies: Floats) -> Integers:
    """Places of the vertices among entries of which there is one of each composition, by chemical system.

    Args:
        systems: names of all chemical systems.
        system_of: (n,) number of each entry's system, rising.
        formulas: (n,) formulas.
        energies: (n,) formation energies per atom.

    """
    sizes = pc.count_substring(systems, "-").to_numpy() + 1
    bounds = np.searchsorted(system_of, np.arange(len(systems) + 1))
    kept = sizes[system_of] == 1  # the elements, then the vertices of ever larger systems
    elements = {name.as_py() for name in systems.filter(pa.array(sizes == 1))}
    for size in np.unique(sizes[sizes > 1]).tolist():
        smaller = _phases(formulas, energies, np.flatnonzero(kept))
        for number in np.flatnonzero(sizes == size).tolist():
            system, start, stop = tuple(systems[number].as_py().split("-")), bounds[number], bounds[number + 1]
            missing = [symbol for symbol in system if symbol not in elements]
            if missing:
                msg = f"no entry of the element {', '.join(missing)}, which {formulas[int(start)].as_py()} contains"
                raise HullError(msg)
            _, fractions, competing = smaller.of(system, parts(system, smaller.rows))
            of_system = _fractions(formulas[int(start) : int(stop)].to_pylist())
            distances, gaps = heights(
                np.concatenate([fractions, of_system]),
                np.concatenate([competing, energies[start:stop]]),
                len(competing),
            )
            kept[start:stop] = distances - gaps <= ON_HULL_EV_PER_ATOM
    return np.flatnonzero(kept)


def _phases(formulas: pa.StringArray, energies: Floats, places: Integers) -> Phases:
    return Phases([composition(text) for text in formulas.take(pa.array(places)).to_pylist()], energies[places])


def _fractions(formulas: Iterable[str]) -> Floats:
    """(n, n_elements) atomic fractions of formulas of one chemical system, elements in alphabetical order."""
    amounts = [list(composition(text).values()) for text in formulas]
    return np.array([[amount / sum(of_formula) for amount in of_formula] for of_formula in amounts])
