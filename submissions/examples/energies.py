"""Energies of the bundled example, so that looking at a full board needs no potential installed.

``python -m leaderboard cache import submissions/examples/energies.jsonl.gz`` makes them known to a machine. Make them
again with ``python -m submissions.examples.energies``; that takes the stability requirements and minutes.
"""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.measure.energy.relax_record import Relaxation, SinglePoint
from metrics.measure.energy.relaxation import cache_key, energies_of, processes_of
from metrics.measure.potentials import find
from metrics.measure.running.cache import Cache
from metrics.measure.running.local_engine import LocalEngine
from submissions.examples.make import ARCHIVE
from submissions.limits import Limits
from submissions.read import parse, split
from submissions.refusal import RecordRefusedError

if TYPE_CHECKING:
    from metrics.crystal import Crystal

FILE = Path(__file__).parent / "energies.jsonl.gz"
POTENTIALS = ("chgnet",)


def example_crystals() -> list[Crystal]:
    """The readable records of the example, equal ones once."""
    crystals: dict[str, Crystal] = {}
    for record in split(ARCHIVE, Limits()):
        try:
            crystal = parse(record, Limits())
        except RecordRefusedError:
            continue
        crystals.setdefault(crystal.sha256, crystal)
    return list(crystals.values())


def main() -> None:
    """Compute what is bundled and write it beside this script."""
    crystals = example_crystals()
    entries = []
    with tempfile.TemporaryDirectory() as folder, Cache(Path(folder) / "energies.sqlite") as computed:
        for potential in map(find, POTENTIALS):
            with LocalEngine(os.cpu_count() or 1, processes_of(potential)) as engine:
                for settings in (SinglePoint(), Relaxation()):
                    records = energies_of(
                        crystals,
                        potential,
                        settings,
                        engine=engine,
                        cache=computed,
                        on_known=lambda _count: None,
                        on_done=lambda: None,
                    )
                    key = cache_key(potential, settings)
                    entries += [{"key": key, "record": asdict(record)} for record in records.values()]
    lines = "".join(json.dumps(entry) + "\n" for entry in entries)
    FILE.write_bytes(gzip.compress(lines.encode(), mtime=0))


if __name__ == "__main__":
    main()
