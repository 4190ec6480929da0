"""Which version of this code runs here, and beside which packages: numbers made by two versions are not mixed.

Standard library only: a build asks it where nothing is installed yet.
"""

from __future__ import annotations

import hashlib
import platform
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from metrics.installed import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DISTRIBUTION = "crystal-leaderboard"
FOLDERS = ("metrics", "submissions", "reference_data", "leaderboard")
SETS = "reference_data/sets/"
"""Reference sets are data and have hashes of their own."""
SUFFIXES = (".py", ".csv")
"""Of the files that a number is computed by."""

PACKAGES = ("ase", "gemmi", "numba", "numpy", "pandas", "pymatgen", "scipy", "smact", "spglib")
"""What can move a number of every run; pyproject.toml pins each."""
BENEATH_PACKAGES = ("pymatgen-core",)
"""What they leave the work to."""


@cache
def code_version() -> str:
    """The version's number, a hash of the source files, and one of Python, the packages and the kind of processor."""
    return f"{version_number(ROOT)}+{source_hash(ROOT)[:12]}.{_hash_of_packages()[:8]}"


def version_number(root: Path) -> str:
    """Of the pyproject.toml of a checkout, whose git tag is ``v`` and this; else of what is installed."""
    declared = root / "pyproject.toml"
    if not declared.is_file():
        return version(DISTRIBUTION)
    project: dict[str, str] = tomllib.loads(declared.read_text())["project"]
    return project["version"]


def source_hash(root: Path) -> str:
    """Hex sha256 over names and bytes of the files that numbers are computed by."""
    digest = hashlib.sha256()
    paths = {
        path.relative_to(root).as_posix(): path
        for folder in FOLDERS
        for suffix in SUFFIXES
        for path in (root / folder).rglob(f"*{suffix}")
    }
    for name, path in sorted(paths.items()):
        if not name.startswith(SETS):
            digest.update(f"{name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def installed_versions(names: tuple[str, ...]) -> Mapping[str, str]:
    """Version by name of those that are installed."""
    versions = {}
    for name in sorted(names):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue  # the structural tier runs without the potentials
    return versions


def _hash_of_packages() -> str:
    python = ".".join(platform.python_version_tuple()[:2])
    here = {"python": python, "machine": platform.machine()}
    versions = {**here, **installed_versions((*PACKAGES, *BENEATH_PACKAGES))}
    return hashlib.sha256(repr(sorted(versions.items())).encode()).hexdigest()
