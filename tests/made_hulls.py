"""A reference set with hulls, made of the starter set's crystals and stated energies: no potential is asked."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metrics.formula import chemical_system, elements_of
from reference_data.files.crystals import CRYSTALS_FILE, SCHEMA, write_crystals
from reference_data.files.hulls import HULL_FILES, HullTables, write_hulls
from reference_data.files.manifest import ExperimentRecord, FileRecord, HullRecord, read_manifest, write_manifest
from reference_data.reference import Reference, open_reference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONVENTION = "pbe_mp2020"
OWN = "own:emt"
VERTICES = {
    "Ca": 0.0,
    "O2": 0.0,
    "Ti": 0.0,
    "CaO": -3.3,
    "TiO2": -3.5,
    "Ti2O3": -3.3,
    "CaTiO3": -3.6,
}
"""Formation energies in eV/atom, near those of Materials Project."""
ABOVE = {"TiO2": 0.05, "CaTiO3": 0.2}
"""E above hull (eV/atom) stated for all crystals of a formula."""


def made_reference(folder: Path) -> Reference:
    """The starter set with a hull of VERTICES in two conventions, and crystals above it as ABOVE says."""
    shutil.copytree(open_reference("starter").folder, folder)
    write_hulls(
        [_hull(CONVENTION, VERTICES), _hull(OWN, {name: VERTICES[name] for name in ("O2", "Ti", "TiO2")})], folder
    )
    table = pq.read_table(folder / CRYSTALS_FILE)
    rows = table.to_pylist()
    for row in rows:
        above = ABOVE.get(row["reduced_formula"])
        row["energy_convention"] = None if above is None else CONVENTION
        row["formation_energy_per_atom"] = None if above is None else VERTICES[row["reduced_formula"]] + above
        row["e_above_hull"] = above
    write_crystals([pa.Table.from_pylist(rows, schema=SCHEMA)], folder / CRYSTALS_FILE)
    manifest = read_manifest(folder)
    files = {name: _record(folder / name) for name in (*manifest.files, *HULL_FILES)}
    hulls = tuple(
        HullRecord(
            convention=convention,
            n_entries=len(VERTICES),
            n_vertices=len(VERTICES),
            n_elemental_references=0,
            n_of_crystals=0,
            sources=(),
            experiment=ExperimentRecord(
                n_measured=9, n_compared=4, mean_absolute_difference=0.123, median_difference=-0.045
            ),
        )
        for convention in (CONVENTION, OWN)
    )
    write_manifest(manifest.model_copy(update={"files": files, "hulls": hulls}), folder)
    return open_reference(folder)


def _hull(convention: str, energies: Mapping[str, float]) -> HullTables:
    systems = {formula: chemical_system(elements_of(formula)) for formula in energies}
    vertices = pd.DataFrame(
        {
            "id": [f"v-{formula}" for formula in energies],
            "reduced_formula": list(energies),
            "chemical_system": list(systems.values()),
            "formation_energy_per_atom": list(energies.values()),
            "energy_per_atom": None,
        }
    ).sort_values("chemical_system")
    elemental_references = pd.DataFrame({"element": [], "energy_per_atom": [], "id": []})
    counts = vertices.groupby("chemical_system").size().rename("n_entries").reset_index()
    return HullTables(convention, vertices, elemental_references, counts)


def _record(path: Path) -> FileRecord:
    return FileRecord(n_bytes=path.stat().st_size, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
