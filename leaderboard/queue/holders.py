"""Who scores: a name for each process that is known to be gone the moment its process ends, however that ends."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "holders"


class Holder:
    """A lock on a file of its own: the system lets go of it with the process."""

    def __init__(self, root: Path) -> None:
        """Take a new name below the store's folder.

        Raises:
            OSError: the folder cannot be written.

        """
        self.name = uuid4().hex
        folder = root / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / self.name
        self._file = self._path.open("x")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def close(self) -> None:
        """Let go of the name."""
        self._path.unlink(missing_ok=True)
        self._file.close()


def is_gone(root: Path, name: str) -> bool:
    """Whether the holder of this name has ended; its file is deleted then."""
    path = root / FOLDER / name
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True
