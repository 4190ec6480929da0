"""One finished run: its folder, read when asked, and what its listing says of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from leaderboard.errors import RecordError
from leaderboard.records import RunRecord, RunScores
from leaderboard.store.json_files import read_model
from metrics.table import read_parquet

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from leaderboard.store.listings import Listing
    from submissions.card import Card

TABLES = ("structures.parquet", "columns.parquet")
ENERGIES = "energies.parquet"
FILES = (*TABLES, ENERGIES, "scores.json", "run.json")
"""Of a run; one without a potential has no energies."""


class Run:
    """One finished run, read from its folder when asked.

    Args:
        path: the folder.
        listing: what people and maintainers said of the submission since; None for a run that is not published, or of
            which nobody said anything.

    """

    def __init__(self, path: Path, listing: Listing | None = None) -> None:
        """Point at the folder; nothing is read yet."""
        self.path = path
        self.listing = listing

    @cached_property
    def record(self) -> RunRecord:
        """Content of ``run.json``: the card as it was, provenance, counts, times."""
        return read_model(RunRecord, self.path / "run.json")

    @cached_property
    def scores(self) -> RunScores:
        """Content of ``scores.json``."""
        return read_model(RunScores, self.path / "scores.json")

    @property
    def id(self) -> str:
        """Name of the run in links and tables: ``<submission>/<run key>``, with ``@<owner>`` behind it where one is."""
        owner = "" if self.owner is None else f"@{self.owner}"
        return place(self.record.submission_sha256, self.record.run_key) + owner

    @property
    def owner(self) -> str | None:
        """Who submitted it; None where nobody signs in."""
        return self.listing.owner if self.listing else None

    @property
    def card(self) -> Card:
        """The card as its owner corrected it last."""
        return (self.listing.card if self.listing else None) or self.record.model

    @property
    def model(self) -> str:
        """Name of the model on its card."""
        return self.card.model

    @property
    def is_approved(self) -> bool:
        """Whether it takes part in ranks, means and bests."""
        return self.listing is None or self.listing.status == "approved"

    @property
    def is_verified(self) -> bool:
        """Whether the maintainers have scored it again and found the same."""
        of_run = place(self.record.submission_sha256, self.record.run_key)
        return self.record.verified or (self.listing is not None and of_run in self.listing.verified)

    def columns(self) -> pd.DataFrame:
        """Facts, one row per record."""
        return read_parquet(self.path / "columns.parquet")

    def energies(self) -> pd.DataFrame | None:
        """Energies by potential and hull (``run.energies.ENERGIES_SCHEMA``); None without potentials."""
        path = self.path / ENERGIES
        return read_parquet(path) if path.exists() else None

    def structures(self) -> pd.DataFrame:
        """Records as read: id, sha256, cell or refusal."""
        return read_parquet(self.path / "structures.parquet")


def place(submission_sha256: str, run_key: str) -> str:
    """Folder of a run, relative to the store's."""
    return f"{submission_sha256[:12]}/{run_key[:12]}"


def check_published(path: Path) -> Run:
    """The run in a folder of the store, all of it that every page relies on read once.

    Raises:
        RecordError: it is damaged, or is not the run that its folder is named after.

    """
    for name in ("run.json", "scores.json", *TABLES):
        # a pipe of that name would be waited for
        if not (path / name).is_file():
            msg = f"{path / name}: there is no such file"
            raise RecordError(msg)
    run = Run(path)
    record, scores = run.record, run.scores
    if place(record.submission_sha256, record.run_key) != f"{path.parent.name}/{path.name}":
        msg = f"{path}: holds the run {run.id}, not the one it is named after"
        raise RecordError(msg)
    for name in ("protocol", "protocol_hash", "reference", "reference_hash", "run_key", "custom", "n_submitted"):
        if getattr(record, name) != getattr(scores, name):
            msg = f"{path}: {name} is {getattr(record, name)!r} in run.json, {getattr(scores, name)!r} in scores.json"
            raise RecordError(msg)
    if record.potentials and not (path / ENERGIES).is_file():
        msg = f"{path / ENERGIES}: there is no such file, and the run has energies"
        raise RecordError(msg)
    return run
