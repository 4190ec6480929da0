"""The store that the environment names: a folder, or one that is kept the same as a dataset repository of the Hub."""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING

from leaderboard.errors import UsageError
from leaderboard.store.local import Store

if TYPE_CHECKING:
    from pathlib import Path


def open_store(root: Path | None = None) -> Store:
    """The folder given or named by LEADERBOARD_RUNS, with what the repository named by RESULTS_REPO has by now.

    What this process writes is sent before it ends; a process that lives on calls :meth:`Store.start`.

    Raises:
        NotADirectoryError: a file stands where the folder is needed.
        UsageError: RESULTS_REPO is no name of a repository.

    """
    repository = os.environ.get("RESULTS_REPO", "")
    if not repository:
        return Store(root)
    # the client takes as long to import as all else that the table needs
    from leaderboard.store.hub.repository import Repository  # noqa: PLC0415
    from leaderboard.store.hub.store import HubStore  # noqa: PLC0415

    token, endpoint = (os.environ.get(name) or None for name in ("HF_TOKEN", "HF_ENDPOINT"))
    try:
        store = HubStore(root, Repository(repository, token, endpoint))
    except ValueError as error:
        raise UsageError(str(error)) from error
    store.sync()
    atexit.register(store.close)
    return store
