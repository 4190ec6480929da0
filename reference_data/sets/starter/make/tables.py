"""The tracked tables: what became of each relaxation, and of that the compounds and energies a set is built from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from metrics.crystal import Crystal
from metrics.measure.chemistry.composition import reduced_formula_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reference_data.sets.starter.make.compounds import Start

FOLDER = Path(__file__).parent
RELAXED_FILE = FOLDER / "relaxed.parquet"
KNOWN_COMPOUNDS_FILE = FOLDER / "known_compounds.parquet"
ENERGIES_FILE = FOLDER / "energies.csv.gz"

CHGNET, SEVENNET = "chgnet", "sevennet-0"

# Energies in eV of the whole cell, at the cell that CHGNet relaxed to.
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("start_sha256", pa.string()),  # of the crystal that was relaxed
        ("status", pa.string()),
        ("n_steps", pa.int32()),
        ("lattice", pa.list_(pa.float64())),
        ("frac_coords", pa.list_(pa.float64())),
        ("atomic_numbers", pa.list_(pa.int32())),
        ("energy_chgnet", pa.float64()),
        ("energy_sevennet_0", pa.float64()),
        ("reason", pa.string()),  # null where the relaxed crystal is the one that was meant
        ("detail", pa.string()),
        ("expected_volume", pa.float64()),  # A^3 of the cell
        ("expected_from", pa.string()),  # the measured or the estimated cell
        ("device", pa.string()),
    ]
)
KNOWN_COMPOUNDS_SCHEMA = pa.schema(
    [
        *(SCHEMA.field(name) for name in ("id", "lattice", "frac_coords", "atomic_numbers")),
        ("energy", pa.float64()),  # by CHGNet, eV of the whole cell; null where the cell is not CHGNet's
    ]
)
LATTICE_DECIMALS, FRACTION_DECIMALS, ENERGY_DECIMALS, VOLUME_DECIMALS = 6, 7, 6, 3

NO_DEVICE = "not recorded"
"""The device of the rows from before it was kept."""


_SCALARS = (
    *("id", "start_sha256", "status", "n_steps", "reason", "detail"),
    *("expected_volume", "expected_from", "device"),
)


@dataclass(frozen=True)
class Relaxed:
    """What became of one crystal.

    Attributes:
        id: the source row's.
        start_sha256: of the crystal that was relaxed.
        status: of the relaxation by CHGNet, a word of :data:`metrics.measure.energy.relax_record.STATUSES`.
        n_steps: of it; None where it did not start.
        crystal: what it ended as; None where it did not end.
        energies: eV of the whole cell at that end, by potential.
        reason: why the end is not the crystal that was meant, in a word; None where it is.
        detail: the values behind the reason.
        expected_volume: what the volume should be, in A^3; None where that is not known.
        expected_from: ``measured`` or ``estimated``; None likewise.
        device: what CHGNet ran on, ``cpu`` or ``cuda``; :data:`NO_DEVICE` where it was not kept.

    """

    id: str
    start_sha256: str
    status: str
    n_steps: int | None
    crystal: Crystal | None
    energies: Mapping[str, float]
    reason: str | None
    detail: str | None
    expected_volume: float | None = None
    expected_from: str | None = None
    device: str = NO_DEVICE

    def energy_per_atom(self, potential: str) -> float:
        """Energy in eV/atom.

        Raises:
            KeyError: the potential gave none.

        """
        assert self.crystal is not None, self.id  # noqa: S101 - whoever has energies has the crystal they belong to
        return self.energies[potential] / self.crystal.n_sites


def read_relaxed(path: Path = RELAXED_FILE) -> dict[str, Relaxed]:
    """Every crystal of the table, by id; none where there is no table yet."""
    if not path.is_file():
        return {}
    return {row["id"]: _relaxed(row) for row in pq.read_table(path, schema=SCHEMA).to_pylist()}


def write_relaxed(rows: Iterable[Relaxed], path: Path = RELAXED_FILE, energies_path: Path = ENERGIES_FILE) -> None:
    """Write the table, and beside it the energies of the crystals that are as meant, for the hulls of the set.

    Rows are sorted by id and numbers rounded, so that the same results give the same bytes.
    """
    ordered = sorted(rows, key=lambda row: row.id)
    table = pa.Table.from_pylist([_row(row) for row in ordered], schema=SCHEMA)
    temporary = path.with_suffix(".part")
    pq.write_table(table, temporary, compression="zstd", compression_level=19)
    temporary.replace(path)
    # read back, so that writing a table that was read gives the same energies
    used = [row for row in read_relaxed(path).values() if row.reason is None and row.crystal is not None]
    energies = {
        "id": [row.id for row in used],
        "formula": [reduced_formula_of(row.crystal) for row in used if row.crystal is not None],
        **{name: [round(row.energy_per_atom(name), ENERGY_DECIMALS) for row in used] for name in (CHGNET, SEVENNET)},
    }
    with pa.CompressedOutputStream(str(energies_path), "gzip") as stream:
        pa_csv.write_csv(pa.table(energies), stream)


def write_known_compounds(
    compounds: Iterable[Start], relaxed: Mapping[str, Relaxed], path: Path = KNOWN_COMPOUNDS_FILE
) -> None:
    """Write the compounds as the set reads them: a measured cell as it is, any other as CHGNet relaxed it.

    A compound whose relaxed volume is wrong has its measured cell, else one of the volume that was estimated, and no
    energy. Compounds that did not relax, or not to what they were meant to be, are left out. The relaxed table says
    why.

    Args:
        compounds: all of them.
        relaxed: by id.
        path: the table to write.

    """
    rows = []
    for compound in compounds:
        outcome = relaxed.get(compound.id)
        if compound.is_measured:
            rows.append(_arrays(compound.crystal) | {"id": compound.id, "energy": None})
        elif outcome is None or outcome.start_sha256 not in compound.sha256s or outcome.crystal is None:
            continue
        elif outcome.reason is None:
            rows.append(_arrays(outcome.crystal) | {"id": compound.id, "energy": outcome.energies[CHGNET]})
        elif outcome.reason == "volume":
            rows.append(_arrays(_kept(compound, outcome)) | {"id": compound.id, "energy": None})
    rows.sort(key=lambda row: row["id"])
    table = pa.Table.from_pylist(rows, schema=KNOWN_COMPOUNDS_SCHEMA)
    temporary = path.with_suffix(".part")
    pq.write_table(table, temporary, compression="zstd", compression_level=19)
    temporary.replace(path)


def _kept(compound: Start, outcome: Relaxed) -> Crystal:
    """The compound in its measured cell, or in the one it was relaxed from at the estimated volume."""
    if compound.measured is not None:
        return compound.measured
    start = compound.crystal
    assert outcome.expected_volume is not None, outcome.id  # noqa: S101 - it was judged by that
    lattice = np.round(start.lattice * np.cbrt(outcome.expected_volume / start.volume), LATTICE_DECIMALS) + 0.0
    return Crystal.from_arrays(lattice, start.frac_coords, start.atomic_numbers)


def _arrays(crystal: Crystal) -> dict[str, Any]:
    return {
        "lattice": crystal.lattice.ravel().tolist(),
        "frac_coords": crystal.frac_coords.ravel().tolist(),
        "atomic_numbers": crystal.atomic_numbers.tolist(),
    }


def _relaxed(row: Mapping[str, Any]) -> Relaxed:
    crystal = None
    if row["lattice"] is not None:
        crystal = Crystal.from_arrays(row["lattice"], row["frac_coords"], row["atomic_numbers"])
    energies = {CHGNET: row["energy_chgnet"], SEVENNET: row["energy_sevennet_0"]}
    return Relaxed(
        **{name: row[name] for name in _SCALARS},
        crystal=crystal,
        energies={name: energy for name, energy in energies.items() if energy is not None},
    )


def _row(relaxed: Relaxed) -> dict[str, Any]:
    row = {name: getattr(relaxed, name) for name in _SCALARS}
    if relaxed.expected_volume is not None:
        row["expected_volume"] = round(relaxed.expected_volume, VOLUME_DECIMALS)
    for column, potential in (("energy_chgnet", CHGNET), ("energy_sevennet_0", SEVENNET)):
        energy = relaxed.energies.get(potential)
        row[column] = None if energy is None else round(energy, ENERGY_DECIMALS)
    crystal = relaxed.crystal
    if crystal is not None:
        # 0.0 is added to be rid of -0.0
        row["lattice"] = (np.round(crystal.lattice, LATTICE_DECIMALS) + 0.0).ravel().tolist()
        row["frac_coords"] = (np.round(crystal.frac_coords % 1.0, FRACTION_DECIMALS) % 1.0 + 0.0).ravel().tolist()
        row["atomic_numbers"] = crystal.atomic_numbers.tolist()
    return row
