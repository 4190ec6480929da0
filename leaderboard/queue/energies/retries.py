"""Energies that another attempt may give: those of structures that ran out of time or memory, or whose process died.

Such an answer is not kept (see :func:`metrics.measure.energy.relaxation.energies_of`), so a run that has one can be
made again and computes nothing else. How often that was done stands in the run's workspace, and survives a kill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.store.json_files import read_json, write_json
from metrics.measure.energy.relaxation import known_energies
from metrics.measure.running.cache import Cache

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.run.scoring import Setting
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run

MAX_ATTEMPTS = 3
FILE = "attempts.json"


def n_open(run: Run, setting: Setting, store: Store) -> int:
    """Number of energies of a run that nobody knows for good."""
    wanted = set(run.structures()["sha256"].dropna())
    with Cache(store.cache) as cache:
        return sum(
            len(wanted - set(known_energies(wanted, potential, settings, cache)))
            for potential in setting.tier.potentials
            for settings in setting.tier.settings
        )


def n_attempts(workspace: Path) -> int:
    """How often the run in this workspace was finished with open energies."""
    path = workspace / FILE
    return int(read_json(path)["n"]) if path.exists() else 0


def open_again(workspace: Path) -> int:
    """Count an attempt, and let the run be made again; the number of attempts so far."""
    n = n_attempts(workspace) + 1
    write_json({"n": n}, workspace / FILE)
    (workspace / "run.json").unlink()
    return n
