"""The store in a dataset repository of the Hub: a local folder like any other, kept the same as the repository.

The folder is read and written as :class:`leaderboard.store.local.Store` does it. What it has and the repository has
not goes up; what the repository has and it has not comes down. Nothing else is remembered, so that whatever is killed
in between loses nothing and sends nothing twice: the next exchange compares again. Files are never changed, so that two
writers can only differ in a run that both scored; the first commit wins. Files go only where the log says ``deleted``.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from leaderboard.store.hub.exchange import Exchange
from leaderboard.store.hub.repository import HubError
from leaderboard.store.local import Store

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.actions import Action
    from leaderboard.store.hub.repository import Repository
    from leaderboard.store.run import Run

LOOK_EVERY_S = 60.0
"""Between two looks at the repository, and at least between two commits: the Hub takes 128 in an hour from everybody
who writes to a repository (stated in its answer 429, November 2026)."""
GATHER_S = 5.0
"""What is written within so short a time goes up together."""
MAX_WAIT_S = 600.0
"""Between two tries, however often the Hub could not be reached."""
CLOSE_S = 30.0
"""For what is still to be sent when a process ends; what is left is sent by the next one."""

_LOG = logging.getLogger(__name__)


class HubStore(Store):
    """A folder that is the same as a dataset repository, soon after either changes."""

    def __init__(self, root: Path | None, repository: Repository) -> None:
        """Use the folder as :class:`Store` does; nothing is exchanged yet."""
        super().__init__(root)
        self._exchange = Exchange(self, repository)
        self._written, self._ending = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def publish(self, folder: Path) -> Run:
        """As :meth:`Store.publish`; the run goes up with what else is written in these seconds."""
        run = super().publish(folder)
        self._written.set()
        return run

    def record(self, action: Action) -> None:
        """As :meth:`Store.record`; the action goes up with what else is written in these seconds."""
        super().record(action)
        self._written.set()

    def sync(self) -> None:
        """Exchange everything now; where the Hub cannot be reached, say so in one line and leave it for later."""
        try:
            self._finish(time.monotonic() + CLOSE_S)
        except HubError as error:
            _LOG.warning("%s", error)

    def start(self) -> None:
        """Exchange in the background from now on."""
        self._thread = threading.Thread(target=self._keep_exchanging, name="exchange with the Hub", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Send what is written and not sent yet, for half a minute at most; the rest is sent by who opens it next."""
        if self._ending.is_set():
            return
        self._ending.set()
        self._written.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)
        if self._written.is_set():
            self.sync()

    def _finish(self, deadline: float) -> None:
        """Exchange until nothing is left to send.

        Raises:
            HubError: the Hub wants us to come back later than the deadline.

        """
        self._written.clear()
        failures = 0
        while True:
            try:
                if not self._exchange.once():
                    return
                failures = 0
            except HubError as error:
                failures += 1
                wait = error.wait_s(failures)
                if not error.is_temporary or time.monotonic() + wait > deadline:
                    self._written.set()
                    raise
                time.sleep(wait)

    def _keep_exchanging(self) -> None:
        failures, wait, said = 0, 0.0, ""
        while not self._ending.is_set():
            self._written.wait(wait)
            self._ending.wait(GATHER_S if self._written.is_set() else 0.0)
            if self._ending.is_set():
                return
            self._written.clear()
            started = time.monotonic()
            try:
                self._exchange.once()
                failures, wait, said = 0, LOOK_EVERY_S, ""
            except HubError as error:
                failures += 1
                wait = max(LOOK_EVERY_S, min(error.wait_s(failures), MAX_WAIT_S))
                if str(error) != said:
                    said = str(error)
                    _LOG.warning("%s; tried again in %.0f s", error, wait)
            # a commit a minute at most, whatever is written in between
            self._ending.wait(max(0.0, wait - (time.monotonic() - started)))
