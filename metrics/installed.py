"""Where this code lies: in a checkout, which it may write to, or installed among other packages, which it must not."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""Folder of the import names: the checkout, or site-packages."""

INSTALLED = not (ROOT / "pyproject.toml").is_file()

FOLDER = Path() if INSTALLED else ROOT
"""Where people put what this code looks for, such as weights: the checkout, else the working directory."""


def import_path() -> list[str]:
    """Folders to put before the others of another interpreter, so that it imports this code.

    Installed code lies among packages that another environment must not see; there it has to be installed as well.
    """
    return [] if INSTALLED else [str(ROOT)]


def interpreter(environment: str | None) -> str:
    """Path of the interpreter of the virtual environment ``.venv-<name>``; of this one where there is none."""
    path = FOLDER / f".venv-{environment}" / "bin" / "python"
    return str(path) if environment and path.is_file() else sys.executable


def keep_compiled_code() -> None:
    """Choose a folder for what numba compiles, unless the user has: beside installed code pip would not remove it."""
    if not INSTALLED or "NUMBA_CACHE_DIR" in os.environ:
        return
    caches = [os.environ.get("XDG_CACHE_HOME"), "~/.cache", tempfile.gettempdir()]
    for place in filter(None, caches):
        folder = Path(place).expanduser() / "crystal-leaderboard" / "numba"
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                os.environ["NUMBA_CACHE_DIR"] = str(folder)
                return
