"""Part of building a wheel or source archive: puts the commit of the checkout into it, where no git can be asked."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parents[1]


class WriteCommit(BuildHookInterface):  # type: ignore[misc] # of no known type, see pyproject.toml
    """Adds ``leaderboard/commit.txt``; a source archive has it already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Ask git once, before the files are collected."""
        sys.path.insert(0, str(ROOT))
        from leaderboard.release import COMMIT_FILE, release  # noqa: PLC0415 - importable only now

        commit = release().commit
        if commit is None or COMMIT_FILE.exists():
            return
        self._folder = tempfile.TemporaryDirectory()
        written = Path(self._folder.name) / COMMIT_FILE.name
        written.write_text(f"{commit}\n")
        build_data["force_include"][str(written)] = str(COMMIT_FILE.relative_to(ROOT))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - see above
        """Remove what was only written to be packed."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()
