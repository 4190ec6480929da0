"""Real app processes killed while files come and are scored: the soak at a small size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.soak import kills, uploads

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_killed_at_any_moment_ends_scored_once_under_its_link(tmp_path: Path) -> None:
    kills(tmp_path, n_kills=2, n_submissions=2, n_structures=2, seed=0, longest_s=6.0)


def test_uploads_that_come_at_once_are_neither_lost_nor_doubled(tmp_path: Path) -> None:
    uploads(tmp_path, n_uploads=8, n_structures=2, is_scored=False)
