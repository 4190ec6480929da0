"""Random cells of the table of facts, and the statistics of a small reference set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from hypothesis import strategies as st

from metrics.reference_statistics import statistics
from metrics.scores.memorization import with_training_sets
from metrics.table import frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

BY_TYPE: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.bool_(): st.booleans(),
    pa.int64(): st.integers(1, 230),
    pa.float64(): st.floats(0, 50),
    pa.string(): st.sampled_from(["a", "b", "NaCl"]),
}
BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "reduced_formula": st.sampled_from(["NaCl", "Fe2O3", "O2", "Si", "KTaO3"]),
    "volume_per_atom": st.floats(0.1, 50),  # what has no volume has no volume per atom
    "amd": st.floats(0.5, 5).map(lambda first: [first * (k + 1) ** (1 / 3) for k in range(100)]),
    "composition_features": st.lists(st.floats(0, 50), min_size=6, max_size=6),
    "lattice_lengths": st.lists(st.floats(1, 30), min_size=3, max_size=3),
    "site_elements": st.lists(st.sampled_from(["Na", "Cl", "U"]), min_size=2, max_size=2),
    "coordination_numbers": st.lists(st.integers(0, 9), min_size=2, max_size=2),
    "p_stable": st.floats(0, 0.5),
    "p_stable_draws": st.lists(st.floats(0, 0.5), min_size=3, max_size=3),
    "p_metastable_or_better": st.floats(0.5, 1),
    "p_metastable_or_better_draws": st.lists(st.floats(0.5, 1), min_size=3, max_size=3),
}
COLUMNS: dict[str, pa.DataType] = {
    "reduced_formula": pa.string(),
    "space_group": pa.int64(),
    "n_sites": pa.int64(),
    "n_sites_primitive": pa.int64(),
    "density": pa.float64(),
    "volume_per_atom": pa.float64(),
    "packing_fraction": pa.float64(),
    "amd": pa.list_(pa.float64()),
    "composition_features": pa.list_(pa.float64()),
    "lattice_lengths": pa.list_(pa.float64()),
    "site_elements": pa.list_(pa.string()),
    "coordination_numbers": pa.list_(pa.int64()),
}


def cell(name: str, kind: pa.DataType) -> st.SearchStrategy[Any]:
    """Values of a column, null among them."""
    return st.none() | (BY_NAME[name] if name in BY_NAME else BY_TYPE[kind])


def facts(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Table with the columns that diversity and distances read; what a row does not name is unknown."""
    return frame(rows, pa.schema(COLUMNS))


def _crystal(formula: str, group: int, sites: int, density: float, volume: float) -> dict[str, object]:
    return {
        "reduced_formula": formula,
        "space_group": group,
        "n_sites": 2 * sites,
        "n_sites_primitive": sites,
        "density": density,
        "volume_per_atom": volume,
        "amd": [volume ** (1 / 3) * (0.9 + 0.01 * density) * (k + 1) ** (1 / 3) for k in range(100)],
        "composition_features": [3.0 + density / 10, 9.0, 50.0 + sites, 1.0, 8.0 - group / 100, 20.0],
        "site_elements": ["Na", "Cl"],
        "coordination_numbers": [6, sites],
    }


CRYSTALS = [
    _crystal("NaCl", 225, 2, 2.16, 22.4),
    _crystal("Fe2O3", 167, 10, 5.27, 10.1),
    _crystal("Si", 227, 2, 2.33, 20.0),
    _crystal("KCl", 225, 2, 1.98, 31.2),
    _crystal("TiO2", 136, 6, 4.23, 10.4),
]
AGAINST: Mapping[str, Any] = with_training_sets(statistics(facts(CRYSTALS)), {"a-set": "0" * 64})
