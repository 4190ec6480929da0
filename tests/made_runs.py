"""Run folders in the store's own format, made by hand so that the pages are tested without scoring anything.

The facts are stated, not measured; the scores are computed from them by the real score functions.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from leaderboard.protocol import load_protocol
from leaderboard.records import FORMAT_VERSION, RunRecord, ScoreEntry
from leaderboard.run.columns import columns_schema
from leaderboard.run.energies import ENERGIES_SCHEMA
from leaderboard.run.energy_views import views
from leaderboard.run.reading import STRUCTURES_SCHEMA
from leaderboard.store.json_files import write_model
from leaderboard.store.local import Store
from leaderboard.store.run import Run
from metrics.crystal import Crystal
from metrics.score import registry
from metrics.scores.stability import CALIBRATED_COLUMNS, VIEW_COLUMNS
from metrics.table import frame, write_parquet
from submissions.card import Card

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from leaderboard.calibration.record import Calibration
    from metrics.score import Score

COLUMNS = columns_schema(load_protocol())


@dataclass(frozen=True)
class Made:
    """What a run is made of.

    Attributes:
        model: name on the card.
        records: facts of each record, as changes of :func:`good`.
        card: further fields of the card.
        record: changes of ``run.json``, see :class:`leaderboard.records.RunRecord`.
        crystals: by id of a record; caesium chloride where none is named.
        energies: rows of ``energies.parquet``, see :func:`energy`; none makes a run of the structural tier.
        calibrations: by the variant of the view of the energies that each is for.

    """

    model: str
    records: Sequence[dict[str, Any]]
    card: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    crystals: dict[str, Crystal] = field(default_factory=dict)
    energies: Sequence[dict[str, Any]] = ()
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)


def good(record_id: str, **changes: object) -> dict[str, Any]:
    """Facts of a record that is valid, unique and novel, with the changes named."""
    facts = {
        "id": record_id,
        "reduced_formula": "CsCl",
        "family": "1:10 17:10",
        "n_sites": 2,
        "density": 3.99,
        "charge_valid": True,
        "charge_rule": "oxidation_states",
        "distance_valid": True,
        "plausible": True,
        "valid": True,
        "space_group": 221,
        "canonical_bawl_keys": [f"CsCl:1:{record_id}"],
        "unique": True,
        "in_reference_fingerprint": False,
        "in_reference": False,
        "formula_in_reference": False,
        "known_up_to_superstructure": False,
        "known_up_to_disorder": False,
        "known_up_to_defect": False,
        "identity_rule": "no_candidate",
        "unknown_reasons": "",
    }
    return {**facts, **changes}


def refused(record_id: str, reason: str, detail: str) -> dict[str, Any]:
    """Facts of a record that could not be read: none but the reason."""
    return {"id": record_id, "refusal": reason, "detail": detail}


def caesium_chloride() -> Crystal:
    """CsCl, a = 4.123 angstrom (Wyckoff, Crystal Structures 1, 1963, p. 104)."""
    return Crystal.from_arrays(4.123 * np.eye(3), np.array([[0.0] * 3, [0.5] * 3]), [55, 17])


def energy(crystal: Crystal, e_above_hull: float | None, **changes: object) -> dict[str, Any]:
    """What a potential says of a structure as submitted, with the changes named."""
    facts = {
        "sha256": crystal.sha256,
        "potential": "chgnet",
        "relaxed": False,
        "status": "ok" if e_above_hull is not None else "failed",
        "energy_convention": "pbe_mp2020",
        "e_above_hull": e_above_hull,
        "n_hull_entries": 20,
        "elements_trusted": True,
    }
    return {**facts, **changes}


def publish(root: Path, made: Made) -> Run:
    """Write a run into the store at ``root``; the same model and records give the same submission."""
    protocol = load_protocol()
    submission = hashlib.sha256(repr((made.model, made.records)).encode()).hexdigest()
    potentials = dict.fromkeys(
        row["potential"] for row in made.energies if not row["potential"].startswith("ensemble(")
    )
    facts: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "file_name": "made.zip",
        "model": Card(model=made.model, **made.card),
        "submission_sha256": submission,
        "protocol": protocol.name,
        "protocol_hash": protocol.hash,
        "protocol_status": protocol.status,
        "reference": "starter",
        "reference_hash": "0" * 64,
        "reference_indicative": True,
        "potentials": tuple(potentials),
        "relaxed": any(row["relaxed"] for row in made.energies),
        "checkpoints": dict.fromkeys(potentials, "0" * 64),
        "custom": False,
        "verified": False,
        "versions": {"python": "3.11"},
        "n_submitted": len(made.records),
        "created": "2026-11-20T12:00:00+00:00",
        "timings_s": {"read": 1.0},
        "calibrations": {variant: calibration.sha256 for variant, calibration in made.calibrations.items()},
        **made.record,
    }
    run_key = hashlib.sha256(repr(sorted(facts.items(), key=str)).encode()).hexdigest()
    record = RunRecord(**facts, run_key=run_key)
    folder = Store(root).path(record.submission_sha256, record.run_key)
    folder.mkdir(parents=True)
    rows = [_structure(facts, made.crystals) for facts in made.records]
    structures = frame(rows, STRUCTURES_SCHEMA)
    write_parquet(structures, STRUCTURES_SCHEMA, folder / "structures.parquet")
    columns = frame(
        [{"sha256": row.get("sha256"), **known} for row, known in zip(rows, made.records, strict=True)], COLUMNS
    )
    write_parquet(columns, COLUMNS, folder / "columns.parquet")
    of_views = {*VIEW_COLUMNS, *CALIBRATED_COLUMNS}
    # every other score is resampled a thousand times: seconds for what no page needs
    made_scores = [registry()[name] for name in protocol.scores if registry()[name].unit in {"share", "(V/N)^(1/3)"}]
    scores = [_scored(score, columns, None) for score in made_scores if not set(score.needs) & of_views]
    if made.energies:
        energies = frame(made.energies, ENERGIES_SCHEMA)
        write_parquet(energies, ENERGIES_SCHEMA, folder / "energies.parquet")
        of_calibrated = ("metastable_or_better", "sun", "outside_calibration") if made.calibrations else ()
        names = (protocol.ranking_with_energies, "stable", "metastable", *of_calibrated)
        for view in views(columns, energies, made.calibrations):
            for score in (registry()[name] for name in names):
                in_view = score.in_calibrated_view if view.calibrated else score
                if in_view is not None and set(in_view.needs) & of_views <= view.available:
                    scores.append(_scored(in_view, view.rows, view.variant))
    write_model(record.with_scores(scores), folder / "scores.json")
    write_model(record, folder / "run.json")
    return Run(folder)


def _scored(score: Score, rows: pd.DataFrame, variant: str | None) -> ScoreEntry:
    return ScoreEntry(
        name=score.name,
        version=score.version,
        variant=variant,
        **asdict(score.compute(rows, {})),
        unit=score.unit,
        better=score.better,
    )


def _structure(facts: dict[str, Any], crystals: dict[str, Crystal]) -> dict[str, Any]:
    if facts.get("refusal") is not None:
        return {name: facts[name] for name in ("id", "refusal", "detail")}
    crystal = crystals.get(facts["id"]) or caesium_chloride()
    return {
        "id": facts["id"],
        "sha256": crystal.sha256,
        "lattice": crystal.lattice.ravel().tolist(),
        "frac_coords": crystal.frac_coords.ravel().tolist(),
        "atomic_numbers": crystal.atomic_numbers.tolist(),
    }
