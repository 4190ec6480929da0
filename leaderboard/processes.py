"""The processes that score a submission; starting them imports nothing that measures.

So a command starts them first: they import what they need while it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure.running.choice import EngineChoice
from metrics.measure.running.engine import ProcessSettings

if TYPE_CHECKING:
    from metrics.measure.running.engine import Engine

# what each worker imports before its first task, so that no task pays for it
PRELOAD = ("leaderboard.run.reading", "metrics.measure.running.batch", "leaderboard.run.warm:warm")


def start_engine(where: EngineChoice | None = None, *, preload: tuple[str, ...] = PRELOAD) -> Engine:
    """Start processes that are ready for what comes; default is one per usable core of this machine."""
    return (where or EngineChoice()).start(ProcessSettings(preload=preload))
