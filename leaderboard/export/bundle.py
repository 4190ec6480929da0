"""One run as one zip: its tables, scores, record and card, and what they mean. The same run gives the same bytes."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from leaderboard.licence import TERMS
from leaderboard.store.run import FILES, place
from submissions.card import card_toml

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.run import Run

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold: when a file was copied says nothing of it."""

README = """\
# {model}: results on the crystal generation leaderboard

Run {run} of {n_submitted:,} structures, protocol {protocol} ({protocol_hash}), reference set {reference}
({reference_hash}), finished {day}.

- `structures.parquet`: every structure as it was read (lattice in angstrom, row by row; fractional coordinates; atomic
  numbers), or why it was refused.
- `columns.parquet`: the facts of each structure, one row each, and why others are unknown.
- `energies.parquet`, where the run has energies: by structure, potential and hull; energies in eV, per atom in eV/atom.
- `scores.json`: every score with its 95% interval, how many structures were counted and how many are unknown.
- `run.json`: how the run was made: hashes of the submitted file, protocol, reference set and potentials; versions.
- `card.toml`: the model's card, as its owner gave it last. `run.json` has it as it was when the run was made.

`docs/metrics.md` of the code defines the scores. With the same release of the code ({release}),

    python -m leaderboard verify FOLDER

with the folder of the unpacked files measures a random sample again and compares every score and fact with these.

{terms}
"""


def write_bundle(run: Run, path: Path) -> None:
    """Write the zip in one step."""
    partial = path.with_name(f"{path.name}.part")
    with zipfile.ZipFile(partial, "w") as archive:  # stored: what is large is compressed already, whatever zlib is here
        for name in FILES:
            file = run.path / name
            if file.exists():
                archive.writestr(_member(name), file.read_bytes())
        archive.writestr(_member("card.toml"), card_toml(run.card))
        archive.writestr(_member("README.md"), readme(run))
    partial.replace(path)


def readme(run: Run) -> str:
    """What the files of the bundle are."""
    record, release = run.record, run.record.release
    return README.format(
        model=" ".join(run.model.split()),
        run=place(record.submission_sha256, record.run_key),  # not its id: that of a private result is a secret
        n_submitted=record.n_submitted,
        protocol=record.protocol,
        protocol_hash=record.protocol_hash[:12],
        reference=record.reference,
        reference_hash=record.reference_hash[:12],
        day=record.day,
        release="not stated" if release is None else " ".join(filter(None, release.model_dump().values())),
        terms=TERMS,
    )


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.create_system = 3  # Unix, on every machine
    member.external_attr = 0o644 << 16
    return member
