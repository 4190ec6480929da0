"""The benchmark itself: protocol, stages, store, table, pages; the only folder that knows all the others.

From Python: ``from leaderboard import score_structures``.

May import every other folder.
"""

from leaderboard.api import score_structures

__all__ = ["score_structures"]
