"""The reference sets of a board: runs compare where the set is the same, by its name and by its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reference_data.reference import present_sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_FEWEST_DIGITS = 8


class ReferenceVersion(NamedTuple):
    """A reference set in one state: a name says nothing of what is in it, the hash of the manifest does."""

    name: str
    sha256: str


class Ranked(NamedTuple):
    """What decides between versions of one name.

    Attributes:
        n_models: how many are ranked.
        first_created: when the first run came.
        is_approved: whether one of the runs is approved; others name no board.

    """

    n_models: int
    first_created: str
    is_approved: bool = True


def board_names(versions: Mapping[ReferenceVersion, Ranked]) -> dict[ReferenceVersion, str]:
    """Name of the board of each version, by set and the default version first.

    The default version has the name of the set, the others that name with the first digits of their hash. Of those with
    an approved run, if one has, it is the version that this machine has, else the one with most ranked models, of these
    the one that was scored against first.
    """
    names = {}
    for name in sorted({version.name for version in versions}):
        of_name = [version for version in versions if version.name == name]
        present = present_sha256(name) if len(of_name) > 1 else None

        def standing(version: ReferenceVersion, present: str | None = present) -> tuple[bool, bool, int, str, str]:
            ranked = versions[version]
            is_present = version.sha256 == present
            return not ranked.is_approved, not is_present, -ranked.n_models, ranked.first_created, version.sha256

        default, *others = sorted(of_name, key=standing)
        names[default] = name
        names |= {version: with_digits(version, of_name) for version in others}
    return names


def with_digits(version: ReferenceVersion, of_name: Iterable[ReferenceVersion]) -> str:
    """Name of the set with so many digits of the hash that no other version of the name has them."""
    others = [other.sha256 for other in of_name if other != version]
    n_digits = _FEWEST_DIGITS
    while any(other.startswith(version.sha256[:n_digits]) for other in others):
        n_digits += 1
    return f"{version.name} ({version.sha256[:n_digits]})"


def label(version: ReferenceVersion, versions: Sequence[ReferenceVersion]) -> str:
    """How people tell it from the others: by its name, and where several versions have that by its hash too."""
    of_name = [other for other in versions if other.name == version.name]
    return with_digits(version, of_name) if len(of_name) > 1 else version.name
