"""``python -m leaderboard table``: the board in a terminal; it reads the store and measures nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from leaderboard.board.table import board
from leaderboard.board.written import render
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store

if TYPE_CHECKING:
    from argparse import Namespace


def table(options: Namespace) -> None:
    """Print the board of this machine's store."""
    protocol = load_protocol()
    sys.stdout.write(render(board(Store(), protocol), options.format, protocol))
