"""A store for an app with many readers: it is looked through once a second, not once a visitor."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from leaderboard.store.local import Store

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.actions import Action
    from leaderboard.store.local import Damaged
    from leaderboard.store.run import Run

LOOKED_AT_EVERY_S = 1.0
"""A folder of 3,000 runs takes 0.2 s to look through."""


class KeptStore(Store):
    """Another store, with its state and its runs remembered: what others add is seen within a second, its own at once.

    Args:
        store: asked for everything.
        looked_at_every_s: age, in seconds, at which what is known is too old.

    """

    def __init__(self, store: Store, looked_at_every_s: float = LOOKED_AT_EVERY_S) -> None:
        """Nothing is known yet."""
        super().__init__(store.root)
        self._store, self._looked_at_every_s = store, looked_at_every_s
        self._looking = threading.Lock()
        self._known_state: tuple[float, str] | None = None
        self._known_runs: tuple[str, list[Run]] | None = None

    def state(self) -> str:
        """As `Store.state`, at most so old."""
        with self._looking:
            known = self._known_state
            if known is None or time.monotonic() - known[0] >= self._looked_at_every_s:
                known = self._known_state = time.monotonic(), self._store.state()
            return known[1]

    def runs(self) -> list[Run]:
        """As `Store.runs`, of the state that `state` names; the list is shared and not to be changed."""
        state = self.state()
        with self._looking:
            if self._known_runs is None or self._known_runs[0] != state:
                self._known_runs = state, self._store.runs()
            return self._known_runs[1]

    def damaged(self) -> list[Damaged]:
        """As `Store.damaged`."""
        return self._store.damaged()

    def actions(self) -> list[Action]:
        """As `Store.actions`."""
        return self._store.actions()

    def publish(self, folder: Path) -> Run:
        """As `Store.publish`."""
        try:
            return self._store.publish(folder)
        finally:
            self._known_state = None

    def record(self, action: Action) -> None:
        """As `Store.record`."""
        try:
            self._store.record(action)
        finally:
            self._known_state = None

    def remove(self, submission_sha256: str) -> None:
        """As `Store.remove`."""
        try:
            self._store.remove(submission_sha256)
        finally:
            self._known_state = None

    def sync(self) -> None:
        """As `Store.sync`."""
        self._store.sync()

    def start(self) -> None:
        """As `Store.start`."""
        self._store.start()

    def close(self) -> None:
        """As `Store.close`."""
        self._store.close()
