"""The submission of a baseline: JSON lines of structures and the card beside them, the same bytes on every machine."""

from __future__ import annotations

import json
import os
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import tomlkit
from pymatgen.core.periodic_table import Element

from leaderboard.baselines.known import Known
from metrics.crystal import Crystal
from metrics.measure.running.progress import Counter
from submissions.card import Card

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leaderboard.baselines.baseline import Baseline, Made
    from metrics.measure.running.progress import Report
    from reference_data.reference import Reference

LATTICE_STEP = 2.0**-14
"""In angstrom. Cells and coordinates are rounded to binary fractions: processors agree about them, and tables of them
are small."""
COORDINATE_STEP = 2.0**-17
"""Of a cell vector: less than 0.0002 angstrom in one of 20 angstrom."""


def structures(baseline: Baseline, n: int, seed: int, reference: Reference) -> Iterator[Made]:
    """The first structures of a baseline, as they are submitted."""
    known = Known(reference, baseline.generator(seed))
    for made in islice(baseline.make(known, np.random.default_rng([seed, *baseline.name.encode()])), n):
        yield made._replace(crystal=rounded(made.crystal))


def rounded(crystal: Crystal) -> Crystal:
    """The crystal on the grid of what is written, coordinates in [0, 1)."""
    lattice = np.rint(crystal.lattice / LATTICE_STEP) * LATTICE_STEP
    coords = np.rint((crystal.frac_coords % 1.0) / COORDINATE_STEP) * COORDINATE_STEP % 1.0
    return Crystal.from_arrays(lattice + 0.0, coords, crystal.atomic_numbers)


def write_submission(baseline: Baseline, n: int, seed: int, reference: Reference, path: Path, report: Report) -> None:
    """Write structures and card (`card_path`); what is interrupted leaves no file.

    Raises:
        CommandError: a package that the baseline needs is missing.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    counter = Counter("make", n, report)
    try:
        with partial.open("x", encoding="utf-8") as file:
            for number, made in enumerate(structures(baseline, n, seed, reference)):
                row = {"id": f"{number:05d}-{made.origin}", "structure": as_dict(made.crystal)}
                file.write(json.dumps(row, separators=(",", ":")) + "\n")
                counter.add()
        card_path(path).write_text(
            tomlkit.dumps(card(baseline, n, seed, reference).model_dump(mode="json", exclude_defaults=True)),
            encoding="utf-8",
        )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def card_path(path: Path) -> Path:
    """Where the card of a submission lies."""
    return path.with_suffix(".toml")


def card(baseline: Baseline, n: int, seed: int, reference: Reference) -> Card:
    """The card of a submission; seeds of one baseline are runs of one model."""
    options = "" if reference.name == "starter" else f" --reference {reference.name}"
    return Card(
        model=f"{baseline.label} ({baseline.kind})",
        version=str(baseline.version),
        authors=("The maintainers of this benchmark",),
        licence="Apache-2.0",
        architecture=f"rule, no training: {baseline.kind}",
        training_sets=(reference.name,),
        pre_relaxed=False,
        sampling_settings=f"crystal-leaderboard baseline {baseline.name} --n {n} --seed {seed}{options}",
        filters="none",
    )


def as_dict(crystal: Crystal) -> dict[str, Any]:
    """The crystal as pymatgen writes a structure, without what follows from the rest."""
    symbols = [Element.from_Z(number).symbol for number in crystal.atomic_numbers.tolist()]
    return {
        "@module": "pymatgen.core.structure",
        "@class": "Structure",
        "lattice": {"matrix": crystal.lattice.tolist()},
        "sites": [
            {"species": [{"element": symbol, "occu": 1}], "abc": place}
            for symbol, place in zip(symbols, crystal.frac_coords.tolist(), strict=True)
        ],
    }
