"""Compute what a potential says of the elements: ``python -m reference_data.potential_accuracy.elemental_energies ID``.

Every elemental crystal of the starter set is relaxed with the potential, and the lowest form of each element goes into
the table that :mod:`metrics.measure.energy.elemental_energies` reads; so do the set's own energies by the potential,
where they are lower or the relaxation fails. It is run once for each checkpoint; one that was interrupted resumes.
"""

from __future__ import annotations

import csv
import os
import sys
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from metrics.energy_convention import OWN
from metrics.measure.energy.elemental_energies import COLUMNS, TABLE
from metrics.measure.energy.relax_record import Relaxation
from metrics.measure.energy.relaxation import energies_of, processes_of
from metrics.measure.potentials import find
from metrics.measure.running.cache import Cache
from metrics.measure.running.local_engine import LocalEngine
from metrics.measure.running.progress import LOG_EVERY_S, Counter
from reference_data.files.crystals import CRYSTALS_FILE
from reference_data.reference import open_reference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from metrics.measure.potentials import Potential
    from reference_data.files.crystals import ReferenceCrystal
    from reference_data.reference import Reference

MAX_SITES = 34
"""Larger cells are other forms of elements that have a smaller one, and take hours; the set's hulls leave them out."""
ENERGY_DECIMALS = 6


def elemental_crystals(reference: Reference) -> list[ReferenceCrystal]:
    """The crystals of one element that are not too large, by row."""
    table = pq.read_table(reference.folder / CRYSTALS_FILE, columns=["chemical_system", "n_sites"])
    systems, sizes = table["chemical_system"].to_pylist(), table["n_sites"].to_pylist()
    rows = [
        row
        for row, (system, n_sites) in enumerate(zip(systems, sizes, strict=True))
        if "-" not in system and n_sites <= MAX_SITES
    ]
    return reference.crystals(rows)


def lowest_energies(
    reference: Reference, potential: Potential, scratch: Path, *, jobs: int
) -> list[tuple[object, ...]]:
    """Rows of the table: for each element that the potential knows the form of lowest energy."""
    crystals = elemental_crystals(reference)
    counter = Counter("elements", len(crystals), lambda progress: _say(str(progress)), LOG_EVERY_S)
    with Cache(scratch) as cache, LocalEngine(jobs, processes_of(potential)) as engine:
        records = energies_of(
            [known.crystal for known in crystals],
            potential,
            Relaxation(),
            engine=engine,
            cache=cache,
            on_known=counter.know,
            on_done=counter.add,
        )
    sizes = {name: known.crystal.n_sites for known in crystals for name in known.source_ids}
    lowest = _of_the_set(reference, f"{OWN}{potential.id}", sizes)
    for known in crystals:
        record = records[known.crystal.sha256]
        if record.energy_per_atom is None:
            _say(f"{known.id}: {record.status}, {record.detail}")
            continue
        form = (round(record.energy_per_atom, ENERGY_DECIMALS), known.id, known.crystal.n_sites)
        lowest[known.chemical_system] = min(form, lowest.get(known.chemical_system, form))
    return [
        (potential.id, potential.checkpoint_sha256, element, f"{energy:.{ENERGY_DECIMALS}f}", structure, n_sites)
        for element, (energy, structure, n_sites) in sorted(lowest.items())
    ]


def _of_the_set(reference: Reference, convention: str, sizes: Mapping[str, int]) -> dict[str, tuple[float, str, int]]:
    """Energy, id and sites of the lowest form of each element on a hull of the set; nothing where it has none."""
    if convention not in reference.conventions:
        return {}
    table = reference.hull_tables(convention).elemental_references
    rows = table[["element", "energy_per_atom", "id"]].itertuples(index=False, name=None)
    return {element: (round(energy, ENERGY_DECIMALS), name, sizes[name]) for element, energy, name in rows}


def main(potential_ids: list[str]) -> int:
    """Compute the rows of these potentials; those of others stay."""
    starter = open_reference("starter")
    scratch = starter.folder.parent / ".starter.elemental_energies.sqlite"
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    for potential in map(find, potential_ids):
        made = lowest_energies(starter, potential, scratch, jobs=len(os.sched_getaffinity(0)))
        rows = sorted([*(row for row in rows if row[0] != potential.id), *made], key=lambda row: (row[0], row[2]))
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *rows])
    for part in scratch.parent.glob(f"{scratch.name}*"):
        part.unlink()
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
