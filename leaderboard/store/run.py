"""One finished run: its folder, read when asked, and what its listing says of it."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from leaderboard.records import RunRecord, RunScores
from leaderboard.store.json_files import read_model
from leaderboard.store.tables import COLUMNS, ENERGIES, STRUCTURES, read_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from leaderboard.store.listings import Listing
    from submissions.card import Card

TABLES = (STRUCTURES, COLUMNS)
FILES = (*TABLES, ENERGIES, "scores.json", "run.json")
"""Of a run; one without a potential has no energies."""
KEPT_SCORES = 64
"""Runs whose scores are remembered: those of one take about a quarter of a megabyte, and a store has thousands."""


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

    @property
    def scores(self) -> RunScores:
        """Content of ``scores.json``, read again where it is not among those read last."""
        path = self.path / "scores.json"
        return _read_scores(path, path.stat().st_mtime_ns)

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
        """Whether nobody needs to look at it any more."""
        return self.listing is None or self.listing.status == "approved"

    @property
    def is_superseded(self) -> bool:
        """Whether an approved submission of its owner took its place."""
        return self.listing is not None and self.listing.is_superseded

    @property
    def counts(self) -> bool:
        """Whether it takes part in ranks, means and bests."""
        return self.is_approved and not self.is_superseded

    @property
    def label(self) -> str:
        """Name of the model, and behind it the owner where one is: two owners may name their models alike."""
        return self.model if self.owner is None else f"{self.model} by {self.owner}"

    @property
    def is_verified(self) -> bool:
        """Whether the maintainers have scored it again and found the same."""
        of_run = place(self.record.submission_sha256, self.record.run_key)
        return self.record.verified or (self.listing is not None and of_run in self.listing.verified)

    def columns(self) -> pd.DataFrame:
        """Facts, one row per record."""
        return read_table(self.path / COLUMNS)

    def energies(self) -> pd.DataFrame | None:
        """Energies by potential and hull (``run.energies.ENERGIES_SCHEMA``); None without potentials."""
        path = self.path / ENERGIES
        return read_table(path) if path.exists() else None

    def structures(self) -> pd.DataFrame:
        """Records as read: id, sha256, cell or refusal."""
        return read_table(self.path / STRUCTURES)


def place(submission_sha256: str, run_key: str) -> str:
    """Folder of a run, relative to the store's."""
    return f"{submission_sha256[:12]}/{run_key[:12]}"


@lru_cache(maxsize=KEPT_SCORES)
def _read_scores(path: Path, _mtime_ns: int) -> RunScores:
    return read_model(RunScores, path)
