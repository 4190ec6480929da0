"""Where results of the benchmark lie, and how one is read; nothing here measures or imports what does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderboard.store.json_files import read_json

if TYPE_CHECKING:
    from leaderboard.store.local import Store

SCHEMA = 2
RESULT_FILE = "matching.json"
STARTER_RESULT = Path(__file__).parent / "starter_matching.json"
"""Measured on the starter set's sources; ships with the repository."""
COMMAND = "python -m leaderboard benchmark matching"


def default_folder(store: Store) -> Path:
    """Where a run of the benchmark is written unless told otherwise."""
    return store.root / "benchmark" / "matching"


def newest_result(store: Store) -> dict[str, Any] | None:
    """The result measured on this machine, else the one that ships; None where there is neither of this schema."""
    for path in (default_folder(store) / RESULT_FILE, STARTER_RESULT):
        if path.is_file():
            content = read_json(path)
            if content.get("schema") == SCHEMA:
                return content
    return None
