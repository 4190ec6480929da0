"""What becomes of a file that goes through the real box and the real workers."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.run.reading import cells, read_records
from leaderboard.run.scoring import LIMITS
from metrics.measure.running.progress import silent
from submissions.refusal import FileRefusedError, Reason

if TYPE_CHECKING:
    from metrics.measure.running.engine import Engine
    from submissions.box import Box

PARSE_S = 20.0


def outcome(path: Path, box: Box, engine: Engine) -> tuple[Reason | None, int, Counter[Reason]]:
    """Why the file is refused, how many structures are read, and why others are not."""
    try:
        table = read_records(box.split(path), LIMITS, engine, silent, time_limit_s=PARSE_S)
    except FileRefusedError as refused:
        return refused.reason, 0, Counter()
    refusals = [refusal for (refusal,) in cells(table, "refusal")]
    return None, refusals.count(None), Counter(Reason(refusal) for refusal in refusals if refusal is not None)


def peak_address_space() -> int:
    """Bytes that a box of this process ever had at once; 0 where none runs."""
    peaks = [0]
    for child in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for pid in child.read_text().split():
            status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            if b"submissions.box" in Path(f"/proc/{pid}/cmdline").read_bytes():
                peaks.append(1_024 * int(status["VmPeak"].split()[0]))
    return max(peaks)
