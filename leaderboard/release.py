"""Which release of this code makes the numbers, and with which packages.

Standard library only: a build asks it where nothing is installed yet.
"""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

from leaderboard.import_names import NAMES
from metrics.code_version import BENEATH_PACKAGES, PACKAGES, installed_versions, version_number
from metrics.installed import ROOT

COMMIT_FILE = Path(__file__).with_name("commit.txt")
"""Of an installed copy and of its source archive, written when they are built; a checkout asks git."""

NOT_CODE = (":(exclude)reference_data/sets", ":(exclude)submissions/cards")
"""What may differ from the commit: sets carry a hash of their own, cards name models."""

STABILITY_PACKAGES = ("chgnet", "e3nn", "sevenn", "torch")
"""What can move an energy, where it is installed."""


class Release(NamedTuple):
    """A version of this code.

    Attributes:
        version: of pyproject.toml; the git tag is ``v`` and this.
        commit: hexadecimal hash, with ``+dirty`` behind it where the code differs from that commit; None where nothing
            here tells it.

    """

    version: str
    commit: str | None


@cache
def release() -> Release:
    """The release of the code that runs; git is asked once per process."""
    if (ROOT / ".git").exists():
        return Release(version_number(ROOT), _commit_of_checkout(ROOT))
    commit = COMMIT_FILE.read_text().strip() if COMMIT_FILE.exists() else None
    return Release(version_number(ROOT), commit)


@cache
def package_versions() -> dict[str, str]:
    """What can move a number beside this code: Python, the kind of processor, installed packages; each by name."""
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    return {**versions, **installed_versions((*PACKAGES, *BENEATH_PACKAGES, *STABILITY_PACKAGES))}


def _commit_of_checkout(root: Path) -> str | None:
    """HEAD and whether the code differs from it; None without git, or where git refuses the folder."""
    command = ["git", "--no-optional-locks", "-C", str(root), "status", "--porcelain=v2", "--branch", "--", *NAMES]
    # a git hook that runs this names its own repository there
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        run = subprocess.run(  # noqa: S603 - git, no shell
            [*command, *NOT_CODE], env=environment, capture_output=True, text=True, check=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    heads = [line.split()[-1] for line in run.stdout.splitlines() if line.startswith("# branch.oid")]
    changed = any(not line.startswith("#") for line in run.stdout.splitlines())
    if not heads or heads[0] == "(initial)":
        return None
    return f"{heads[0]}+dirty" if changed else heads[0]
