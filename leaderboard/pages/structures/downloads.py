"""Per-structure results as files: CSV for people, parquet and JSON for programs; a run as one zip."""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from gradio.utils import get_upload_folder

from leaderboard.board.names import view_name
from leaderboard.board.written import csv_for_people
from leaderboard.export.bundle import write_bundle
from leaderboard.pages.parts.energy_views import DISTANCE, distances, views_of
from leaderboard.pages.structures.reasons import reasons
from leaderboard.pages.structures.structures import contact_of, facts_of
from leaderboard.store.run import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leaderboard.store.run import Run


def as_csv(run: Run) -> str:
    """Path of the facts of a run's structures with headings and reasons for people, made when first asked for."""
    path = _path(run, "csv")
    if not path.exists():
        table = with_distances(run)
        headings = {
            _column(key.variant): f"E above hull (eV/atom): {view_name(key.variant)}" for key in views_of(run.path)
        }
        why = ["; ".join(reasons(row, contact_of(run, row))) for row in facts_of(table)]
        named = table.rename(columns=headings).assign(reasons=pd.array(why, dtype="string"))
        with _whole(path) as partial:
            partial.write_text(csv_for_people(named), newline="")
    return str(path)


def as_parquet(run: Run) -> str:
    """Path of the facts of a run's structures as the store has them, with E above hull; made when first asked for."""
    path = _path(run, "parquet")
    if not path.exists():
        with _whole(path) as partial:
            pq.write_table(_parquet(run, with_distances(run)), partial)
    return str(path)


def as_json(run: Run) -> str:
    """Path of a run's record, scores, facts and energies as one object, made when first asked for."""
    path = _path(run, "json")
    if not path.exists():
        content = {name: part.model_dump(mode="json") for name, part in (("run", run.record), ("scores", run.scores))}
        content["structures"] = json.loads(with_distances(run).to_json(orient="records"))
        energies = run.energies()
        if energies is not None:
            content["energies"] = json.loads(energies.to_json(orient="records"))
        with _whole(path) as partial:
            partial.write_text(json.dumps(content, ensure_ascii=False))
    return str(path)


def bundle(run: Run) -> str:
    """Path of the zip of the whole run, made when first asked for with this card, which its owner may correct."""
    card = hashlib.sha256(run.card.model_dump_json().encode()).hexdigest()[:12]
    name = place(run.record.submission_sha256, run.record.run_key).replace("/", "-")
    path = _folder() / f"{run.id.replace('/', '-')}-{card}" / f"run-{name}.zip"
    if not path.exists():
        # the folder above it goes too when all in it is old
        path.parent.mkdir(parents=True, exist_ok=True)
        with _whole(path) as partial:
            write_bundle(run, partial)
    return str(path)


FORMS = {"CSV": as_csv, "Parquet": as_parquet, "JSON": as_json, "bundle": bundle}
"""What makes each file that is offered, by its name on the button."""


def with_distances(run: Run) -> pd.DataFrame:
    """Facts of the run's records, and E above hull (eV/atom) of each view in a column ``e_above_hull@<variant>``."""
    by_view = {_column(key.variant): distances(run.path, key.variant) for key in views_of(run.path)}
    return run.columns().assign(**by_view)


def _path(run: Run, ending: str) -> Path:
    folder = _folder() / run.id.replace("/", "-")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"structures-{run.record.submission_sha256[:12]}.{ending}"


def _column(variant: str) -> str:
    return f"{DISTANCE}@{variant}"


def _parquet(run: Run, table: pd.DataFrame) -> pa.Table:
    """The table with the store's own types and metadata for the columns that the store has."""
    stored = pq.read_table(run.path / "columns.parquet")
    for name in table.columns[stored.num_columns :]:
        stored = stored.append_column(name, pa.array(table[name], type=pa.float64(), from_pandas=True))
    return stored


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Where to write what appears in one step: others may be downloading it, or be about to."""
    partial = path.with_name(f"{uuid4().hex}.part")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@cache
def _folder() -> Path:
    """A folder of this process that nobody can guess, among gradio's files, which the server deletes when they are old.

    A run is never edited, so its files stay right for as long as they are there.
    """
    beside = Path(get_upload_folder())
    beside.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="downloads-", dir=beside))
