"""``python -m leaderboard.baselines``: make all bundled runs again."""

from __future__ import annotations

import os
from importlib import import_module

from metrics.measure.running.engine import QUIET, THREADS

if __name__ == "__main__":
    # one thread, set before numpy is imported: the workers fill the cores, and numbers stay the same anywhere
    os.environ.update({**THREADS, **QUIET})
    import_module("leaderboard.baselines.remake").main()
