"""The submissions whose numbers are golden, and how they are scored: by the command line, as anybody does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from leaderboard.store.run import Run
from submissions.examples.energies import FILE as ENERGIES
from submissions.examples.make import ARCHIVE as EXAMPLE
from tests.golden.mixed import ARCHIVE as MIXED

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
STRUCTURAL = ("--potentials", "none")


class Golden(NamedTuple):
    """A submission and the options that it is scored with.

    Attributes:
        file: what is submitted.
        options: of ``score``.
        energies: file of energies that the cache holds before; None for none.

    """

    file: Path
    options: tuple[str, ...]
    energies: Path | None = None


SUBMISSIONS = {
    "mixed": Golden(MIXED, STRUCTURAL),
    "example": Golden(EXAMPLE, ("--relax",), ENERGIES),  # its energies are bundled, so no potential is needed
}
"""By the folder of their golden numbers."""


def score(golden: Golden, folder: Path, command: tuple[str, ...] = (sys.executable, "-m", "leaderboard")) -> Run:
    """Score in a new process; the finished run.

    Args:
        golden: what to score.
        folder: an empty folder for the run and for measurements.
        command: what starts the command line.

    Raises:
        RuntimeError: it failed, with what it said.

    """
    scoring = ("score", str(golden.file), *golden.options, "--out", str(folder / "out"))
    importing = [] if golden.energies is None else [("cache", "import", str(golden.energies))]
    for arguments in (*importing, scoring):
        done = subprocess.run(
            [*command, *arguments],
            cwd=ROOT if command[0] == sys.executable else folder,
            env={**os.environ, "LEADERBOARD_RUNS": str(folder / "runs")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            msg = f"{arguments[0]} of {golden.file.name} failed: {done.stderr}"
            raise RuntimeError(msg)
    return Run(folder / "out")
