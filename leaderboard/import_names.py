"""Whether the import names of this code, which are generic, lead to it: another distribution may own one of them.

pip overwrites the files of one distribution by those of another without a word; numbers could then come from either.
Imports nothing else of this project, since that is what may be overwritten.
"""

from __future__ import annotations

import sys
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

DISTRIBUTION = "crystal-leaderboard"
NAMES = ("metrics", "submissions", "reference_data", "leaderboard")
"""The import names, which are also the folders of a checkout."""

ROOT = Path(__file__).resolve().parents[1]


def start() -> int:
    """The console script: refuse, or run the command line; the exit status."""
    line = conflict()
    if line is not None:
        sys.stderr.write(f"error: {line}\n")
        return 1
    from leaderboard.__main__ import main  # noqa: PLC0415 - imports all the names that are in doubt

    return main()


def conflict() -> str | None:
    """One line that names the import name, the other distribution and where it lies; None where every name is ours."""
    return next(filter(None, map(_elsewhere, NAMES)), None) or _overwritten()


def _elsewhere(name: str) -> str | None:
    """Whether importing a name finds another folder than the one beside this package."""
    spec = find_spec(name)
    if spec is None:
        return f"there is no {name} in {ROOT}; install {DISTRIBUTION} again"
    place = Path(next(iter(spec.submodule_search_locations or [spec.origin or "?"])))
    if place.resolve() == ROOT / name:
        return None
    owners = [owner for owner in packages_distributions().get(name, []) if owner != DISTRIBUTION]
    return _line(name, owners[0], place) if owners else f"import name {name} leads to {place}, not to {DISTRIBUTION}"


def _overwritten() -> str | None:
    """Whether another distribution has put files into one of our folders; those of a checkout are nobody else's."""
    for record in ROOT.glob("*.dist-info/RECORD"):
        distribution = record.parent.name.removesuffix(".dist-info").rpartition("-")[0]
        if distribution.replace("_", "-") == DISTRIBUTION:
            continue
        lines = b"\n" + record.read_bytes()  # one for each file, its path first
        for name in NAMES:
            if f"\n{name}/".encode() in lines:
                return _line(name, distribution, ROOT / name)
    return None


def _line(name: str, owner: str, place: Path) -> str:
    return (
        f"import name {name} also belongs to the distribution {owner}, in {place}; uninstall that, or install "
        f"{DISTRIBUTION} in an environment of its own"
    )
