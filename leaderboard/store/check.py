"""Whether a folder of the store is the run that it says it is: the one way in which published runs are first read."""

from __future__ import annotations

import re
import stat
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from leaderboard.errors import RecordError
from leaderboard.records import RunRecord, RunScores
from leaderboard.store.folders import HEX_12
from leaderboard.store.json_files import read_model
from leaderboard.store.run import FILES, TABLES, Run, place
from leaderboard.store.tables import ENERGIES, check_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leaderboard.records import ScoreEntry

JSON_BYTES = 10_000_000
"""At most, of a JSON file: scores of a run take 50 kB, its card at most 1 MB."""
CLOCK_AHEAD = timedelta(days=1)
"""How far the clock of another machine may be ahead."""
SHARE_TOLERANCE = 1e-9
"""Rounding of a share, which lies in [0, 1]."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHARED = ("protocol", "protocol_hash", "reference", "reference_hash", "run_key", "custom", "n_submitted")


def check_published(path: Path, *, to_the_end: bool = False) -> Run:
    """The run in a folder of the store, looked at as far as every page relies on it.

    Args:
        path: the folder.
        to_the_end: read its tables to the end too, as when it is published.

    Raises:
        RecordError: it is damaged, or is not the run that its folder is named after.
        OSError: it cannot be read.

    """
    _check_files(path)
    record, scores = read_model(RunRecord, path / "run.json"), read_model(RunScores, path / "scores.json")
    for wrong in (*_wrong_with_record(record, path), *_wrong_with_scores(scores, record)):
        msg = f"{path}: {wrong}"
        raise RecordError(msg)
    if record.potentials and not (path / ENERGIES).exists():
        msg = f"{path / ENERGIES}: there is no such file, and run.json names potentials"
        raise RecordError(msg)
    check_tables(path, record.n_submitted, with_energies=(path / ENERGIES).exists(), to_the_end=to_the_end)
    run = Run(path)
    run.record = record
    return run


def _check_files(path: Path) -> None:
    """See that the folder and its files are what they are named as, before anything waits for a pipe or fills memory.

    Raises:
        RecordError: one is missing, is a link or anything but a file, or is too large.

    """
    if not stat.S_ISDIR(path.lstat().st_mode):
        msg = f"{path}: {_kind(path)} stands where the folder of a run is needed"
        raise RecordError(msg)
    if not HEX_12.fullmatch(path.name):
        msg = f"{path}: not named as the folder of a run, 12 hexadecimal digits"
        raise RecordError(msg)
    for name in reversed(FILES):
        file = path / name
        try:
            status = file.lstat()
        except FileNotFoundError as error:
            if name == ENERGIES:
                continue
            msg = f"{file}: there is no such file"
            raise RecordError(msg) from error
        if not stat.S_ISREG(status.st_mode):
            msg = f"{file}: {_kind(file)} stands where a file is needed"
            raise RecordError(msg)
        if name not in (*TABLES, ENERGIES) and status.st_size > JSON_BYTES:
            msg = f"{file}: {status.st_size:,} bytes, at most {JSON_BYTES:,} are read"
            raise RecordError(msg)


def _kind(path: Path) -> str:
    mode = path.lstat().st_mode
    kinds = {"a link": stat.S_ISLNK, "a folder": stat.S_ISDIR, "a file": stat.S_ISREG, "a pipe": stat.S_ISFIFO}
    return next((kind for kind, is_one in kinds.items() if is_one(mode)), "something else")


def _wrong_with_record(record: RunRecord, path: Path) -> Iterator[str]:
    for name in ("submission_sha256", "run_key", "protocol_hash", "reference_hash"):
        if not _SHA256.fullmatch(getattr(record, name)):
            yield f"run.json: {name}: {getattr(record, name)!r} is not 64 hexadecimal digits"
    holds = place(record.submission_sha256, record.run_key)
    if holds != f"{path.parent.name}/{path.name}":
        yield f"holds the run {holds}, not the one it is named after"
    if record.n_submitted < 1:
        yield f"run.json: n_submitted: {record.n_submitted} structures"
    if record.created > datetime.now(UTC) + CLOCK_AHEAD:
        yield f"run.json: created: {record.created.isoformat()} is in the future"
    for stage, seconds in record.timings_s.items():
        if not 0 <= seconds < float("inf"):
            yield f"run.json: timings_s.{stage}: {seconds} is not a time in seconds"


def _wrong_with_scores(scores: RunScores, record: RunRecord) -> Iterator[str]:
    for name in _SHARED:
        if getattr(record, name) != getattr(scores, name):
            yield f"{name} is {getattr(record, name)!r} in run.json, {getattr(scores, name)!r} in scores.json"
    for key, count in Counter(entry.key for entry in scores.scores).items():
        if count > 1:
            yield f"scores.json: {key.column} is there {count} times"
    for entry in scores.scores:
        if wrong := _wrong_with_score(entry, record.n_submitted):
            yield f"scores.json: {entry.key.column}: {wrong}"


def _wrong_with_score(entry: ScoreEntry, n_submitted: int) -> str | None:
    for name in ("n_counted", "n_unknown"):
        if not 0 <= getattr(entry, name) <= n_submitted:
            return f"{name} is {getattr(entry, name):,}, of {n_submitted:,} structures"
    if (entry.low is None) != (entry.high is None):
        return f"an interval from {entry.low} to {entry.high}"
    if entry.low is not None and entry.high is not None and entry.low > entry.high:
        return f"an interval from {entry.low} to {entry.high}, the wrong way round"
    is_share = entry.unit == "share" and entry.value is not None
    if is_share and not -SHARE_TOLERANCE <= float(entry.value or 0) <= 1 + SHARE_TOLERANCE:
        return f"{entry.value} is not a share, which lies in [0, 1]"
    return None
