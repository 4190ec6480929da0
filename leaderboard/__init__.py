"""The benchmark itself: protocol, stages, store, table, pages; the only folder that knows all the others.

From Python: ``from leaderboard import score_structures``.

May import every other folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leaderboard.api import score_structures

__all__ = ["score_structures"]


def __getattr__(name: str) -> object:
    """Import the Python call when it is asked for: building this package imports it where nothing is installed.

    Raises:
        ImportError: another distribution owns one of our import names.

    """
    if name != "score_structures":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from leaderboard.import_names import conflict  # noqa: PLC0415 - see above

    line = conflict()
    if line is not None:
        raise ImportError(line)
    from leaderboard.api import score_structures  # noqa: PLC0415 - see above

    globals()[name] = score_structures
    return score_structures
