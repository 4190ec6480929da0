"""Make the hulls of a set: entries from tables of energies and from its crystals, one hull for each convention.

Crystals with total energies are entries. Crystals of which a source gives a formation energy alone are not, because
what it counts from is not known here; they are placed on the hull all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from metrics.energy_convention import preferred_first
from metrics.measure.energy.hull import Hull, formation_energy_per_atom
from metrics.measure.energy.hull_vertices import hull_vertices
from reference_data.build.hull.checks import (
    ELEMENTAL_FORMATION_ENERGY_EV_PER_ATOM,
    amounts_by_formula,
    check_elemental_energies,
    check_elemental_references,
    check_formation_energies,
    check_ids,
    check_same_ids,
)
from reference_data.build.hull.elements import compare_elements
from reference_data.build.hull.experiment import compare_with_experiment
from reference_data.build.hull.inputs import ELEMENTAL_REFERENCE_COLUMNS
from reference_data.errors import ReferenceSetError
from reference_data.files.hulls import HullTables
from reference_data.files.manifest import HullRecord, HullSourceRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from reference_data.build.hull.inputs import HullSource

CRYSTAL_COLUMNS = (
    "id",
    "source_ids",
    "reduced_formula",
    "energy_per_atom",
    "formation_energy_per_atom",
    "energy_convention",
)
"""Columns of the crystals that hulls are made of."""
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

    @property
    def elemental_references(self) -> dict[str, float]:
        """Total energies of the elements, eV/atom, where they are known."""
        references = self.tables.elemental_references
        return dict(zip(references["element"], references["energy_per_atom"], strict=True))


def build_hulls(sources: Sequence[HullSource], folder: Path, crystals: pa.Table) -> list[BuiltHull]:
    """The hulls of a set, the best founded convention first.

    Args:
        sources: tables of energies.
        folder: what their relative paths start from.
        crystals: ``CRYSTAL_COLUMNS`` of all crystals of the set, as their sources give them.

    Raises:
        ReferenceSetError: a table cannot be read, or its energies make no sound hull; see
            :mod:`reference_data.build.hull.checks`.

    """
    table = crystals.select(CRYSTAL_COLUMNS).to_pandas()
    table = table[table["energy_convention"].notna()]
    of_crystals = {
        convention: group
        for convention, group in table[table["energy_per_atom"].notna()].groupby("energy_convention")
        if (~group["reduced_formula"].str.contains(r"[A-Z].*[A-Z]")).any()  # without an element there is no hull
    }
    conventions = preferred_first([*of_crystals, *(source.convention for source in sources)])
    built = []
    for convention in conventions:
        tables = [source for source in sources if source.convention == convention]
        built.append(_build(convention, tables, folder, table[table["energy_convention"] == convention], conventions))
    return built


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
    sources: Sequence[HullSource],
    folder: Path,
    crystals: pd.DataFrame,
    conventions: Sequence[str],
) -> BuiltHull:
    tables = [_entries(source, folder) for source in sources]
    given = _joined([source.elements(folder) for source in sources], ELEMENTAL_REFERENCE_COLUMNS)
    listed = _joined(tables, _ENTRY_COLUMNS)
    check_ids(listed, convention)
    known = set(listed["id"])
    is_new = crystals["source_ids"].map(known.isdisjoint).astype(bool)
    of_crystals = crystals.loc[is_new & crystals["energy_per_atom"].notna(), _ENTRY_COLUMNS]
    # what a source counts its formation energies from is not known here
    entries = _joined([listed, of_crystals.assign(formation_energy_per_atom=np.nan)], _ENTRY_COLUMNS)
    amounts = amounts_by_formula(entries, convention)
    elemental_references = _elemental_references(given, entries, amounts, convention)
    check_elemental_energies(elemental_references, convention)
    zeros = [symbol for source in sources for symbol in source.elements_at_zero]
    added = _at_zero(zeros, amounts, elemental_references, convention)
    entries = _joined([entries, added], _ENTRY_COLUMNS)
    amounts |= {symbol: {symbol: 1} for symbol in zeros}
    elemental = {next(iter(amounts[formula])) for formula in entries["reduced_formula"] if len(amounts[formula]) == 1}
    check_elemental_references(amounts, elemental, convention)
    totals = entries["formation_energy_per_atom"].isna()
    offsets = _elemental_energies(amounts, elemental_references)
    entries.loc[totals, "formation_energy_per_atom"] = (
        entries["energy_per_atom"] - entries["reduced_formula"].map(offsets)
    )[totals]
    check_formation_energies(entries, amounts, convention)
    by_id = dict(zip(entries["id"], entries["formation_energy_per_atom"], strict=True))
    check_same_ids(_differences(crystals[~is_new], by_id), convention)
    vertices, systems = hull_vertices(entries)
    counts = dict(zip(systems["chemical_system"], systems["n_entries"], strict=True))
    record = HullRecord(
        convention=convention,
        n_entries=len(entries),
        n_vertices=len(vertices),
        n_elemental_references=len(elemental_references),
        n_of_crystals=len(of_crystals),
        sources=tuple(
            HullSourceRecord(
                **source.model_dump(include=set(HullSourceRecord.model_fields)),
                inputs=dict(source.inputs(folder)),
                n_entries=len(table),
            )
            for source, table in zip(sources, tables, strict=True)
        ),
        experiment=compare_with_experiment(entries),
        elements=compare_elements(
            convention, dict(zip(elemental_references["element"], elemental_references["energy_per_atom"], strict=True))
        ),
    )
    return BuiltHull(
        HullTables(convention, vertices, elemental_references, systems),
        record,
        Hull(convention, vertices, counts, alternatives=conventions),
        {name: by_id[name] for name in known},
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


def _elemental_references(
    given: pd.DataFrame, entries: pd.DataFrame, amounts: Mapping[str, Mapping[str, int]], convention: str
) -> pd.DataFrame:
    """Total energies of the elements: as given, else of the lowest elemental entry with a total energy.

    Raises:
        ReferenceSetError: two different ones are given, or an entry lies below the one given.

    """
    with_total = entries[entries["energy_per_atom"].notna()]
    elemental = with_total[with_total["reduced_formula"].map(lambda formula: len(amounts[formula]) == 1).astype(bool)]
    elemental = elemental.assign(element=elemental["reduced_formula"].map(lambda formula: next(iter(amounts[formula]))))
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


def _at_zero(
    symbols: Sequence[str],
    amounts: Mapping[str, Mapping[str, int]],
    references: pd.DataFrame,
    convention: str,
) -> pd.DataFrame:
    """Entries of elements that are missing; their ids are those of their total energies where these are known."""
    there = {next(iter(elements)) for elements in amounts.values() if len(elements) == 1}
    if repeated := sorted(there & set(symbols)):
        raise ReferenceSetError(
            what=f"elements_at_zero of {convention} names {', '.join(repeated)}",
            expected="elements without an entry",
            remedy="leave out those that have one",
        )
    ids = dict(zip(references["element"], references["id"], strict=True))
    rows = [(ids.get(symbol, symbol), symbol, np.nan, 0.0) for symbol in symbols]
    return pd.DataFrame(rows, columns=_ENTRY_COLUMNS)


def _elemental_energies(amounts: Mapping[str, Mapping[str, int]], references: pd.DataFrame) -> dict[str, float]:
    """Energy per atom of the elements that a formula is made of; NaN where one has no total energy."""
    energy = dict(zip(references["element"], references["energy_per_atom"], strict=True))
    return {
        formula: sum(energy.get(symbol, np.nan) * amount for symbol, amount in elements.items())
        / sum(elements.values())
        for formula, elements in amounts.items()
    }


def _differences(crystals: pd.DataFrame, by_id: Mapping[str, float]) -> NDArray[np.float64]:
    """Formation energies that sources state, less those of the entries that are the same crystals, eV/atom."""
    stated = crystals[crystals["formation_energy_per_atom"].notna()]
    return np.array(
        [
            energy - min(by_id[name] for name in names if name in by_id)
            for energy, names in zip(stated["formation_energy_per_atom"], stated["source_ids"], strict=True)
        ],
        dtype=np.float64,
    )
