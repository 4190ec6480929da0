"""What an uploaded file holds, said before it is scored; found in a process of its own, whatever the file is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from leaderboard.pages.markup import notice

ROOT = Path(__file__).resolve().parents[2]
# The largest file allowed takes about half of it.
TIME_LIMIT_S = 60.0


def contents_html(path: Path) -> str:
    """Number of structures and files and what is ignored, or why the file would be refused."""
    command = [sys.executable, "-m", "submissions", str(path.resolve())]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=TIME_LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return notice("note", f"The file was not looked through within {TIME_LIMIT_S:.0f} s; scoring counts it.")
    if done.returncode != 0:
        return notice("note", "The file could not be looked through here; scoring says what it holds.")
    answer = json.loads(done.stdout)
    if answer["refusal"] is not None:
        return notice("error", answer["refusal"])
    return notice("note", answer["summary"])
