"""Results that only their link shows: runs in ``<root>/private/<submission id>/<run key[:12]>/``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leaderboard.store.run import Run

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "private"
_NAME = re.compile(r"[0-9a-f]{32}/[0-9a-f]{12}")


class PrivateRun(Run):
    """A finished run that is not published, or is seen as it was before."""

    @property
    def id(self) -> str:
        """Name of the run while it is looked at: ``<submission id>/<run key>``, which nobody can guess."""
        return f"{self.path.parent.name}/{self.path.name}"


def folder(root: Path, submission: str) -> Path:
    """Where the results of a submission lie, one folder for each run key."""
    return root / FOLDER / submission


def private_run(root: Path, name: str) -> PrivateRun | None:
    """The private result of this name, None where there is none or it was cleared away."""
    if not _NAME.fullmatch(name):
        return None
    path = root / FOLDER / name
    return PrivateRun(path) if (path / "run.json").is_file() else None
