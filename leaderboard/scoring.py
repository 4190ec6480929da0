"""One submission through the five stages, in a folder of its own that a killed run goes on from."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from submissions.limits import Limits

from leaderboard.stages import (
    STAGES,
    STRUCTURES_SCHEMA,
    Context,
    RunError,
    Tables,
    columns_schema,
    structure_row,
)
from leaderboard.store import Run, read_json, write_json
from metrics.measure import registry as measures
from metrics.measure.cache import Cache
from metrics.score import registry as scores
from metrics.table import frame, read_parquet, write_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reference_data.reference import Reference
    from submissions.card import Card

    from leaderboard.progress import Report
    from leaderboard.protocol import Protocol
    from leaderboard.store import Store
    from metrics.crystal import Crystal
    from metrics.measure.engine import Engine

# what each worker imports before its first task, so that no task pays for it
PRELOAD = ("leaderboard.stages", "leaderboard.warm:warm")
PACKAGES = ("numpy", "pandas", "pymatgen", "scipy", "smact", "spglib")


@dataclass(frozen=True)
class Setting:
    """What a submission is scored against and how; together with its content it names the run."""

    protocol: Protocol
    reference: Reference
    potentials: tuple[str, ...] = ()

    @property
    def custom(self) -> bool:
        """Departs from the protocol: shown, never ranked."""
        return self.reference.name not in self.protocol.references

    def run_key(self, submission_sha256: str) -> str:
        """Hex sha256 of everything that decides a number of the run."""
        parts = {
            "submission": submission_sha256,
            "protocol": self.protocol.hash,
            "reference": self.reference.manifest_sha256,
            "potentials": self.potentials,
            "measures": {name: measure.version for name, measure in measures().items()},
            "scores": {name: score.version for name, score in scores().items()},
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Resources:
    """Where work runs, where measurements and unpublished runs are kept, who is told how far it is."""

    engine: Engine
    store: Store
    report: Report


def score_file(source: Path, card: Card, setting: Setting, resources: Resources, *, out: Path | None = None) -> Run:
    """Score a submission file; the folder of the finished run.

    Args:
        source: the uploaded file.
        card: who hands it in.
        setting: protocol, reference, potentials.
        resources: engine, store, progress.
        out: folder of the run; default is the store's workspace.

    Raises:
        FileRefusedError: nothing can be scored.
        RunError: the folder holds another run, or the setting asks for what is not there.

    """
    submission_sha256 = sha256_of_file(source)
    header = {"file_name": source.name, "model": card.model_dump(mode="json")}
    return _score(Tables(source=source), submission_sha256, header, setting, resources, out)


def score_crystals(
    records: Iterable[tuple[str, Crystal]],
    card: Card,
    setting: Setting,
    resources: Resources,
    *,
    out: Path | None = None,
) -> Run:
    """Score crystals that are already in memory, as (id, crystal); otherwise like :func:`score_file`."""
    rows = [structure_row(record_id, crystal) for record_id, crystal in records]
    if not rows:
        msg = "no structure was given; at least one is needed"
        raise RunError(msg)
    content = json.dumps([[row["id"], row["sha256"]] for row in rows])
    header = {"file_name": None, "model": card.model_dump(mode="json")}
    submission_sha256 = hashlib.sha256(content.encode()).hexdigest()
    return _score(Tables(structures=frame(rows, STRUCTURES_SCHEMA)), submission_sha256, header, setting, resources, out)


def sha256_of_file(path: Path) -> str:
    """Hex sha256 of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _score(
    tables: Tables,
    submission_sha256: str,
    header: dict[str, Any],
    setting: Setting,
    resources: Resources,
    out: Path | None,
) -> Run:
    run_key = setting.run_key(submission_sha256)
    folder = out or resources.store.workspace(submission_sha256, run_key)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder), Cache(resources.store.cache) as cache:
        if _finished(folder, run_key):
            return Run(folder)
        record = {
            "status": "running",
            **header,
            "submission_sha256": submission_sha256,
            "run_key": run_key,
            "protocol": setting.protocol.name,
            "protocol_hash": setting.protocol.hash,
            "protocol_status": setting.protocol.status,
            "reference": setting.reference.name,
            "reference_hash": setting.reference.manifest_sha256,
            "reference_indicative": setting.reference.indicative,
            "potentials": list(setting.potentials),
            "custom": setting.custom,
            "verified": False,
            "versions": _versions(),
        }
        write_json(record, folder / "run.json")
        context = Context(
            setting.protocol, setting.reference, setting.potentials, Limits(), resources.engine, cache, resources.report
        )
        saved = folder / "structures.parquet"
        if saved.exists():
            tables = replace(tables, source=None, structures=read_parquet(saved))
        timings = {}
        for stage in STAGES:
            start = time.monotonic()
            tables = stage(tables, context)
            timings[stage.__name__] = round(time.monotonic() - start, 3)
            if tables.structures is not None and not saved.exists():
                write_parquet(tables.structures, STRUCTURES_SCHEMA, saved)
        _write(tables, record, timings, folder)
    return Run(folder)


def _write(tables: Tables, record: dict[str, Any], timings: dict[str, float], folder: Path) -> None:
    """Write what the stages made; ``run.json`` comes last and says that the rest is whole."""
    if tables.columns is None:
        msg = "no stage made the table of facts"
        raise RuntimeError(msg)
    write_parquet(tables.columns, columns_schema(), folder / "columns.parquet")
    n_submitted = len(tables.columns)
    named = ("protocol", "protocol_hash", "reference", "reference_hash", "run_key", "custom")
    result = {**{name: record[name] for name in named}, "n_submitted": n_submitted, "scores": tables.scores}
    write_json(result, folder / "scores.json")
    created = datetime.now(UTC).isoformat(timespec="seconds")
    done = {"status": "done", "n_submitted": n_submitted, "created": created, "timings_s": timings}
    write_json({**record, **done}, folder / "run.json")


def _finished(folder: Path, run_key: str) -> bool:
    """Whether the folder holds this very run, finished.

    Raises:
        RunError: it holds another one.

    """
    path = folder / "run.json"
    if not path.exists():
        return False
    record = read_json(path)
    if record["run_key"] != run_key:
        msg = (
            f"{folder} holds run {record['run_key'][:12]} of {record['file_name']}, this one is {run_key[:12]}: "
            "another file, protocol, reference or version; choose another folder with --out"
        )
        raise RunError(msg)
    return bool(record["status"] == "done")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; it goes with the process, however that ends.

    Raises:
        RunError: another process is at work there.

    """
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"another process is writing {folder}; wait for it or choose another folder with --out"
            raise RunError(msg) from error
        yield


def _versions() -> dict[str, str]:
    """What the numbers were made with."""
    packages = {name: version(name) for name in PACKAGES}
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": str(os.cpu_count()),
        **packages,
    }
