"""The board made once for each state of the store, whoever asks: readers do not wait while a newer one is made."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from leaderboard.board.table import Board, board

if TYPE_CHECKING:
    from leaderboard.protocol import Protocol
    from leaderboard.store.local import Store

_LOG = logging.getLogger(__name__)

PATIENCE_S = 0.3
"""So long a reader waits for a newer board before the one at hand will do: small stores never show an old one."""


class _Made(NamedTuple):
    state: str
    board: Board


class KeptBoard:
    """The board of a store under a protocol, made in one thread.

    Args:
        store: asked for its state with every reader, see :class:`leaderboard.store.kept.KeptStore`.
        protocol: ranks.
        patience_s: see `PATIENCE_S`.

    """

    def __init__(self, store: Store, protocol: Protocol, patience_s: float = PATIENCE_S) -> None:
        """Nothing is made before it is asked for."""
        self._store, self._protocol, self._patience_s = store, protocol, patience_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="board")
        self._lock = threading.Lock()
        self._made: _Made | None = None
        self._making: Future[_Made] | None = None

    def board(self, patience_s: float | None = None) -> Board:
        """The board of the store as it stands, or while that is being made the one before; only the first call waits.

        Args:
            patience_s: how long to wait for a newer one, that of this object if None.

        Raises:
            Exception: whatever made the first board fail; later failures go to the log, and the board stays as it was.

        """
        state = self._store.state()
        with self._lock:
            made = self._made
            if made is not None and made.state == state:
                return made.board
            if self._making is None or self._making.done():
                self._making = self._thread.submit(self._make, state)
            making = self._making
        if made is None:
            return making.result().board
        try:
            return making.result(timeout=self._patience_s if patience_s is None else patience_s).board
        except TimeoutError:
            return made.board
        except Exception:  # noqa: BLE001 - whatever it is, readers have a board and the log has the trouble
            _LOG.exception("the board could not be made anew, it stays as it was")
            return made.board

    def _make(self, state: str) -> _Made:
        table = board(self._store, self._protocol)
        # made here, so that no reader does
        _ = table.wide
        self._made = _Made(state, table)
        return self._made
