"""Stores of any number of runs, made in seconds: one run's tables under many names, scores drawn.

Every run has all the scores of the protocol, as real runs do, so that files, tables and pages are of real size.
"""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.protocol import load_protocol
from leaderboard.records import RunRecord, ScoreEntry
from leaderboard.store.json_files import write_model
from leaderboard.store.local import Store
from leaderboard.store.run import TABLES
from metrics.score import registry
from metrics.scores.stability import CALIBRATED_COLUMNS, VIEW_COLUMNS
from metrics.statistics.uncertainty import wilson_interval
from submissions.card import Card
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.run import Run

RUNS_OF_A_MODEL = (1, 1, 1, 1, 1, 1, 1, 1, 1, 3)
"""How many runs models have, in turn."""
UNRANKED_EVERY = 50


def fill(root: Path, n_runs: int, *, seed: int = 1, n_ranked: int | None = None) -> None:
    """Publish so many runs of made models.

    Args:
        root: of the store.
        n_runs: in all.
        seed: of the scores.
        n_ranked: structures of a ranked run; the tables of each run are one file under many names, and have so many
            rows; those of the protocol if None.

    """
    protocol = load_protocol()
    n_submitted = n_ranked or protocol.n_ranked
    template = publish(root, Made("model 0", [good(f"r{number}") for number in range(n_submitted)]))
    generator = np.random.default_rng(seed)
    number, model = 1, 1
    while number < n_runs:
        for _ in range(RUNS_OF_A_MODEL[model % len(RUNS_OF_A_MODEL)]):
            if number < n_runs:
                _copy(Store(root), template, model, number, generator)
                number += 1
        model += 1


def _copy(store: Store, template: Run, model: int, number: int, generator: np.random.Generator) -> None:
    record = template.record
    facts = record.model_dump() | {
        "model": Card(model=f"model {model}", authors=("A. Author", "B. Author"), paper="https://doi.org/10.1000/182"),
        "submission_sha256": hashlib.sha256(f"file {number}".encode()).hexdigest(),
        "run_key": hashlib.sha256(f"run {number}".encode()).hexdigest(),
        "custom": number % UNRANKED_EVERY == 0,
        "created": record.created + timedelta(minutes=number),
    }
    made = RunRecord(**facts)
    folder = store.path(made.submission_sha256, made.run_key)
    folder.mkdir(parents=True)
    for name in TABLES:
        os.link(template.path / name, folder / name)
    quality = generator.uniform(0.2, 0.8)
    write_model(made.with_scores(_scores(quality, made.n_submitted, generator)), folder / "scores.json")
    write_model(made, folder / "run.json")


def _scores(quality: float, n: int, generator: np.random.Generator) -> list[ScoreEntry]:
    """Every score of the protocol that needs no energies, about this good."""
    of_views = {*VIEW_COLUMNS, *CALIBRATED_COLUMNS}
    scores = [registry()[name] for name in load_protocol().scores]
    entries = []
    for score in scores:
        if set(score.needs) & of_views:
            continue
        value = float(np.clip(generator.normal(quality, 0.05), 0, 1))
        low, high = wilson_interval(round(value * n), n)
        entries.append(
            ScoreEntry(
                name=score.name,
                version=score.version,
                variant=None,
                value=round(value * n) / n,
                low=low,
                high=high,
                n_counted=n,
                n_unknown=0,
                unit=score.unit,
                better=score.better,
            )
        )
    return entries
