"""Make the hulls of a set: entries from tables of energies and from its crystals, one hull for each convention.

Crystals with total energies are entries. Crystals of which a source gives a formation energy alone are not, because
what it counts from is not known here; they are placed on the hull all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from metrics.energy_convention import preferred_first
from metrics.measure.energy.hull import Hull, formation_energy_per_atom
from metrics.measure.energy.hull_vertices import hull_vertices, numbered
from reference_data.build.hull.checks import (
    ELEMENTAL_FORMATION_ENERGY_EV_PER_ATOM,
    check_elemental_energies,
    check_elemental_references,
    check_formation_energies,
    check_ids,
    check_same_ids,
    compositions_of,
)
from reference_data.build.hull.crystal_entries import CRYSTAL_COLUMNS, CrystalEntries
from reference_data.build.hull.elements import compare_elements
from reference_data.build.hull.experiment import compare_with_experiment
from reference_data.build.hull.inputs import ELEMENTAL_REFERENCE_COLUMNS
from reference_data.errors import ReferenceSetError
from reference_data.files.hulls import HullTables
from reference_data.files.manifest import HullRecord, HullSourceRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from reference_data.build.hull.compositions import Compositions
    from reference_data.build.hull.inputs import HullSource

_ENTRY_COLUMNS = ["id", "reduced_formula", "energy_per_atom", "formation_energy_per_atom"]


@dataclass(frozen=True, eq=False)
class BuiltHull:
    """A hull, ready to be written and to place crystals on.

    Attributes:
        tables: what is stored.
        record: what the manifest says of it.
        hull: for look-ups.
        known: formation energies, eV/atom, by the ids of the tables of energies.

    """

    tables: HullTables
    record: HullRecord
    hull: Hull
    known: Mapping[str, float]

    @cached_property
    def elemental_references(self) -> dict[str, float]:
        """Total energies of the elements, eV/atom, where they are known."""
        references = self.tables.elemental_references
        return dict(zip(references["element"], references["energy_per_atom"], strict=True))


def build_hulls(sources: Sequence[HullSource], folder: Path, crystals: Iterable[pa.Table]) -> list[BuiltHull]:
    """The hulls of a set, the best founded convention first.

    Args:
        sources: tables of energies.
        folder: what their relative paths start from.
        crystals: ``CRYSTAL_COLUMNS`` of all crystals of the set, as their sources give them, in several tables; one of
            them is in memory at a time, and about 60 bytes of every crystal that is an entry.

    Raises:
        ReferenceSetError: a table cannot be read, or its energies make no sound hull; see
            :mod:`reference_data.build.hull.checks`.

    """
    listed = {source.name: _entries(source, folder) for source in sources}
    known = {
        convention: {
            name for source in sources if source.convention == convention for name in listed[source.name]["id"]
        }
        for convention in {source.convention for source in sources}
    }
    of_crystals = CrystalEntries(known)
    for table in crystals:
        of_crystals.add(table)
    conventions = preferred_first([*of_crystals.with_elements, *known])
    return [
        _build(
            convention,
            {source: listed[source.name] for source in sources if source.convention == convention},
            folder,
            of_crystals,
            conventions,
        )
        for convention in conventions
    ]


def place(table: pa.Table, hulls: Sequence[BuiltHull]) -> pa.Table:
    """Crystals with formation_energy_per_atom and e_above_hull by the hulls of the set.

    A crystal that is an entry of a table of energies has the formation energy of that entry, one with a total energy
    that from the elements of its convention, any other what its source gives. Without a hull of its convention the
    distance is null.

    Args:
        table: crystals as their sources give them, with the columns of ``crystals.parquet``.
        hulls: see :func:`build_hulls`.

    """
    by_convention = {built.tables.convention: built for built in hulls}
    rows = table.select(CRYSTAL_COLUMNS).to_pylist()
    for row in rows:
        row["e_above_hull"] = None
        row.update(_formation_energy(row, hulls, by_convention))
    for convention, built in by_convention.items():
        placed = [row for row in rows if row["energy_convention"] == convention]
        energies = [row["formation_energy_per_atom"] for row in placed]
        formulas = [row["reduced_formula"] for row in placed]
        for row, distance in zip(placed, built.hull.distances(formulas, energies, convention=convention), strict=True):
            row["e_above_hull"] = distance.e_above_hull
    for name, kind in (
        ("energy_convention", pa.string()),
        ("formation_energy_per_atom", pa.float64()),
        ("e_above_hull", pa.float64()),
    ):
        values = pa.array([row[name] for row in rows], kind)
        table = table.set_column(table.column_names.index(name), pa.field(name, kind), values)
    return table


def _formation_energy(
    row: Mapping[str, Any], hulls: Sequence[BuiltHull], by_convention: Mapping[str, BuiltHull]
) -> dict[str, Any]:
    stated = row["energy_convention"]
    for built in [by_convention[stated]] if stated in by_convention else [] if stated else hulls:
        known = [built.known[name] for name in row["source_ids"] if name in built.known]
        if known:
            return {"energy_convention": built.tables.convention, "formation_energy_per_atom": min(known)}
    if row["energy_per_atom"] is not None and stated in by_convention and by_convention[stated].elemental_references:
        references = by_convention[stated].elemental_references
        energy = formation_energy_per_atom(row["reduced_formula"], row["energy_per_atom"], references)
        return {"formation_energy_per_atom": energy}
    return {}


def _build(
    convention: str,
    listed: Mapping[HullSource, pd.DataFrame],
    folder: Path,
    crystals: CrystalEntries,
    conventions: Sequence[str],
) -> BuiltHull:
    given = _joined([source.elements(folder) for source in listed], ELEMENTAL_REFERENCE_COLUMNS)
    of_tables = _joined(list(listed.values()), _ENTRY_COLUMNS)
    check_ids(of_tables, convention)
    # what a source counts its formation energies from is not known here
    of_crystals = crystals.entries(convention).assign(formation_energy_per_atom=np.nan)
    zeros = [symbol for source in listed for symbol in source.elements_at_zero]
    entries = _joined([of_tables, of_crystals, _at_zero(zeros)], _ENTRY_COLUMNS)
    formulas, formula = numbered(entries["reduced_formula"])
    compositions = compositions_of(formulas, entries, convention)
    is_elemental = (compositions.n_elements == 1)[formula]
    _check_zeros(zeros, compositions, formula[: len(entries) - len(zeros)], convention)
    elemental = entries[is_elemental].assign(element=list(map(compositions.elemental().get, formula[is_elemental])))
    references = _elemental_references(given, elemental, convention)
    check_elemental_energies(references, convention)
    check_elemental_references(compositions, convention)
    energies = dict(zip(references["element"], references["energy_per_atom"], strict=True))
    ids = dict(zip(references["element"], references["id"], strict=True))
    entries.loc[len(entries) - len(zeros) :, "id"] = [ids.get(symbol, symbol) for symbol in zeros]
    totals = entries["formation_energy_per_atom"].isna().to_numpy()
    from_elements = entries["energy_per_atom"].to_numpy(np.float64) - compositions.means(energies)[formula]
    entries["formation_energy_per_atom"] = np.where(totals, from_elements, entries["formation_energy_per_atom"])
    check_formation_energies(entries, formula, compositions, convention)
    by_id = _by_id(entries, n_first=len(of_tables), n_last=len(zeros))
    check_same_ids(_differences(crystals.also_listed(convention), by_id), convention)
    vertices, systems = hull_vertices(entries)
    record = HullRecord(
        convention=convention,
        n_entries=len(entries),
        n_vertices=len(vertices),
        n_elemental_references=len(references),
        n_of_crystals=len(of_crystals),
        sources=tuple(
            HullSourceRecord(
                **source.model_dump(include=set(HullSourceRecord.model_fields)),
                inputs=dict(source.inputs(folder)),
                n_entries=len(table),
            )
            for source, table in listed.items()
        ),
        experiment=compare_with_experiment(entries),
        elements=compare_elements(convention, energies),
    )
    counts = dict(zip(systems["chemical_system"], systems["n_entries"], strict=True))
    return BuiltHull(
        HullTables(convention, vertices, references, systems),
        record,
        Hull(convention, vertices, counts, alternatives=conventions),
        {name: by_id[name] for name in of_tables["id"]},
    )


def _entries(source: HullSource, folder: Path) -> pd.DataFrame:
    table = source.entries(folder)
    is_total = source.kind == "total_energies"
    return pd.DataFrame(
        {
            "id": table["id"],
            "reduced_formula": table["reduced_formula"],
            "energy_per_atom": table["energy"] if is_total else np.nan,
            "formation_energy_per_atom": np.nan if is_total else table["energy"],
        }
    )


def _joined(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    joined = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame([], columns=list(columns))
    return joined.astype({name: "float64" for name in columns if name.endswith("energy_per_atom")})


def _elemental_references(given: pd.DataFrame, elemental: pd.DataFrame, convention: str) -> pd.DataFrame:
    """Total energies of the elements: as given, else of the lowest elemental entry with a total energy.

    Args:
        given: columns element, energy_per_atom and id of those that are stated.
        elemental: the same columns of the elemental entries.
        convention: of the energies.

    Raises:
        ReferenceSetError: two different ones are given, or an entry lies below the one given.

    """
    elemental = elemental[elemental["energy_per_atom"].notna()]
    for table, what in ((given, "given twice"), (elemental, "below the one given")):
        base = given.drop_duplicates("element").set_index("element")["energy_per_atom"]
        lower = base.reindex(table["element"]).to_numpy(np.float64) - table["energy_per_atom"].to_numpy(np.float64)
        wrong = table[lower > ELEMENTAL_FORMATION_ENERGY_EV_PER_ATOM]
        if len(wrong):
            first = wrong.iloc[0]
            raise ReferenceSetError(
                what=f"{first['id']} is an elemental energy of {first['element']} in {convention} {what}, "
                f"{first['energy_per_atom']:.3f} eV/atom",
                expected=f"not below {base[first['element']]:.3f}",
                remedy="give the ground state of each element, once",
            )
    elemental = elemental[~elemental["element"].isin(set(given["element"]))]
    chosen = _joined([given, elemental[list(ELEMENTAL_REFERENCE_COLUMNS)]], ELEMENTAL_REFERENCE_COLUMNS)
    chosen = chosen.sort_values(["element", "energy_per_atom", "id"]).drop_duplicates("element")
    return chosen.reset_index(drop=True)


def _at_zero(symbols: Sequence[str]) -> pd.DataFrame:
    """Entries of elements that are missing, named by their symbols."""
    return pd.DataFrame([(symbol, symbol, np.nan, 0.0) for symbol in symbols], columns=_ENTRY_COLUMNS)


def _check_zeros(
    symbols: Sequence[str], compositions: Compositions, formula: NDArray[np.int64], convention: str
) -> None:
    """None of the elements at zero has an entry already.

    Args:
        symbols: the elements at zero.
        compositions: of all formulas.
        formula: of each other entry the number of its formula.
        convention: of the energies.

    Raises:
        ReferenceSetError: one has.

    """
    of_element = compositions.elemental()
    there = {of_element[number] for number in np.unique(formula).tolist() if number in of_element}
    if repeated := sorted(there & set(symbols)):
        raise ReferenceSetError(
            what=f"elements_at_zero of {convention} names {', '.join(repeated)}",
            expected="elements without an entry",
            remedy="leave out those that have one",
        )


def _by_id(entries: pd.DataFrame, *, n_first: int, n_last: int) -> dict[str, float]:
    """Formation energies, eV/atom, of the first and the last entries: those that are no crystals of the set."""
    some = pd.concat([entries.iloc[:n_first], entries.iloc[len(entries) - n_last :]])
    return dict(zip(some["id"], some["formation_energy_per_atom"], strict=True))


def _differences(crystals: Iterable[tuple[float, Sequence[str]]], by_id: Mapping[str, float]) -> NDArray[np.float64]:
    """Formation energies that sources state, less those of the entries that are the same crystals, eV/atom."""
    differences = [energy - min(by_id[name] for name in names if name in by_id) for energy, names in crystals]
    return np.array(differences, dtype=np.float64)
