"""What hulls read of the crystals of a set, kept compactly while the crystals pass by."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    import pandas as pd

CRYSTAL_COLUMNS = (
    "id",
    "source_ids",
    "reduced_formula",
    "energy_per_atom",
    "formation_energy_per_atom",
    "energy_convention",
)
"""Columns of the crystals that hulls are made of."""
_SCHEMA = pa.schema([("id", pa.string()), ("reduced_formula", pa.string()), ("energy_per_atom", pa.float64())])
_TWO_ELEMENTS = "[A-Z].*[A-Z]"


class CrystalEntries:
    """Entries that crystals are, by energy convention: id, formula and total energy, about 40 bytes of each.

    Attributes:
        with_elements: conventions in which a crystal of one element has a total energy, without which there is no hull.

    """

    def __init__(self, listed: Mapping[str, AbstractSet[str]]) -> None:
        """Start with none.

        Args:
            listed: by convention the ids of the tables of energies: a crystal of one of them is no entry once more.

        """
        self.with_elements: set[str] = set()
        self._listed = listed
        self._entries: defaultdict[str, list[pa.Table]] = defaultdict(list)
        self._also_listed: defaultdict[str, list[tuple[float, Sequence[str]]]] = defaultdict(list)

    def add(self, crystals: pa.Table) -> None:
        """Take crystals, with the columns ``CRYSTAL_COLUMNS``."""
        for convention in pc.unique(crystals["energy_convention"].drop_null()).to_pylist():
            group = crystals.filter(pc.equal(crystals["energy_convention"], convention))
            with_total = group.filter(pc.is_valid(group["energy_per_atom"]))
            are_compounds = pc.match_substring_regex(with_total["reduced_formula"], _TWO_ELEMENTS)
            if not pc.all(are_compounds, min_count=0).as_py():  # of no crystal all are
                self.with_elements.add(convention)
            if listed := self._listed.get(convention):
                known = pa.array([not listed.isdisjoint(names) for names in group["source_ids"].to_pylist()])
                stated = group.filter(pc.and_(known, pc.is_valid(group["formation_energy_per_atom"])))
                columns = (stated[name].to_pylist() for name in ("formation_energy_per_atom", "source_ids"))
                self._also_listed[convention].extend(zip(*columns, strict=True))
                group = group.filter(pc.invert(known))
                with_total = group.filter(pc.is_valid(group["energy_per_atom"]))
            self._entries[convention].append(with_total.select(_SCHEMA.names).cast(_SCHEMA).combine_chunks())

    def entries(self, convention: str) -> pd.DataFrame:
        """Columns id, reduced_formula and energy_per_atom (eV) of the entries of a convention."""
        entries: pd.DataFrame = pa.concat_tables([_SCHEMA.empty_table(), *self._entries[convention]]).to_pandas()
        return entries

    def also_listed(self, convention: str) -> list[tuple[float, Sequence[str]]]:
        """Crystals that a table of energies has too: the formation energy (eV/atom) that the source states, all ids."""
        return self._also_listed[convention]
