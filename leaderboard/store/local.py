"""Append-only store of runs: ``<root>/<submission sha256[:12]>/<run key[:12]>/``; a published run is never edited."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from leaderboard.errors import RecordError
from leaderboard.records import RunRecord, RunScores
from leaderboard.store.json_files import read_model
from metrics.table import read_parquet

if TYPE_CHECKING:
    import pandas as pd

_LOG = logging.getLogger(__name__)

DEFAULT_ROOT = "runs"
HEX_12 = "[0-9a-f]" * 12
FILES = ("structures.parquet", "columns.parquet", "energies.parquet", "scores.json", "run.json")
"""Of a run; one without a potential has no energies."""


class Run:
    """One finished run, read from its folder when asked."""

    def __init__(self, path: Path) -> None:
        """Point at the folder; nothing is read yet."""
        self.path = path

    @cached_property
    def record(self) -> RunRecord:
        """Content of ``run.json``: the model's card, provenance, counts, times."""
        return read_model(RunRecord, self.path / "run.json")

    @cached_property
    def scores(self) -> RunScores:
        """Content of ``scores.json``."""
        return read_model(RunScores, self.path / "scores.json")

    @property
    def id(self) -> str:
        """Name of the run in links and tables: ``<submission>/<run key>``, its path in the store."""
        return _place(self.record.submission_sha256, self.record.run_key)

    @property
    def model(self) -> str:
        """Name of the model on its card."""
        return self.record.model.model

    def columns(self) -> pd.DataFrame:
        """Facts, one row per record."""
        return read_parquet(self.path / "columns.parquet")

    def energies(self) -> pd.DataFrame | None:
        """Energies by potential and hull (``run.energies.ENERGIES_SCHEMA``); None without potentials."""
        path = self.path / "energies.parquet"
        return read_parquet(path) if path.exists() else None

    def structures(self) -> pd.DataFrame:
        """Records as read: id, sha256, cell or refusal."""
        return read_parquet(self.path / "structures.parquet")


class Store:
    """A folder of published runs; a mounted volume works the same."""

    def __init__(self, root: Path | None = None) -> None:
        """Use the folder given, else the one LEADERBOARD_RUNS names, else ``runs``; it need not be there yet.

        Raises:
            NotADirectoryError: a file is.

        """
        self.root = root or Path(os.environ.get("LEADERBOARD_RUNS", DEFAULT_ROOT))
        if self.root.exists() and not self.root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.root))

    def path(self, submission_sha256: str, run_key: str) -> Path:
        """Where a run of this submission under this key lives, published or not."""
        return self.root / _place(submission_sha256, run_key)

    def workspace(self, submission_sha256: str, run_key: str) -> Path:
        """Where an unpublished run is made; killed runs resume there."""
        return self.root / "unpublished" / _place(submission_sha256, run_key)

    @property
    def cache(self) -> Path:
        """File of measurements that all runs share."""
        return self.root / "measurements.sqlite"

    def runs(self) -> list[Run]:
        """Published runs, oldest first; one that cannot be read is left out, and the log says why."""
        readable = []
        for path in self.root.glob(f"{HEX_12}/{HEX_12}/run.json"):
            run = Run(path.parent)
            try:
                # a board without this run is better than none, so its scores are read as well
                entry = (run.record.created, run.scores.run_key, run)
            except (RecordError, OSError) as error:
                _LOG.warning("left out: %s", error)
            else:
                readable.append(entry)
        return [run for *_, run in sorted(readable, key=lambda entry: entry[:2])]

    def publish(self, folder: Path) -> Run:
        """Copy a finished run into the store in one step; a run that is already there stays as it is.

        Any number of threads, processes and machines may publish the same run at once: the first to finish its copy
        wins, and the others find the run there.
        """
        record = Run(folder).record
        target = self.path(record.submission_sha256, record.run_key)
        if target.exists():
            return Run(target)
        # of this call alone: machines that share a store may have processes of one number
        partial = self.root / f"{target.name}.{uuid4().hex}.part"
        try:
            partial.mkdir(parents=True)
            for name in FILES:
                if (folder / name).exists():
                    shutil.copy2(folder / name, partial / name)
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.rename(target)
        except OSError as error:
            # a folder that is not empty cannot be replaced: another call published the same run a moment ago
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return Run(target)


def _place(submission_sha256: str, run_key: str) -> str:
    """Folder of a run, relative to the store's."""
    return f"{submission_sha256[:12]}/{run_key[:12]}"
