"""The processes that score a submission; starting them imports nothing that measures.

So a command starts them first: they import what they need while it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure.running.choice import EngineChoice
from metrics.measure.running.engine import ProcessSettings

if TYPE_CHECKING:
    from pathlib import Path

    from metrics.measure.running.engine import Engine

# what each worker imports before its first task, so that no task pays for it
PRELOAD = ("leaderboard.run.reading", "metrics.measure.running.batch", "leaderboard.run.warm:warm")
# some forty to a hundred structures as CIF in a ZIP file, a second or two of work
FEW_BYTES = 2**16


def start_engine(
    where: EngineChoice | None = None, *, preload: tuple[str, ...] = PRELOAD, file: Path | None = None
) -> Engine:
    """Start processes that are ready for what comes.

    Args:
        where: default is one per usable core of this machine.
        preload: what each imports before its first task.
        file: what they are for, where it is a file; for a small one a single process starts at first.

    """
    at_first = 1 if file is not None and file.stat().st_size < FEW_BYTES else None
    return (where or EngineChoice()).start(ProcessSettings(preload=preload), at_first=at_first)
