"""What a fingerprint is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics.crystal import Crystal


@dataclass(frozen=True)
class Fingerprint:
    """The fingerprint string of a crystal, and its keys.

    Attributes:
        fingerprint: the string to show.
        keys: the whole set, `fingerprint` first. Two crystals are the same by this method when their sets intersect;
            a method of one string has one key.

    """

    fingerprint: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Method:
    """A way to fingerprint; raise `version` when a fingerprint could change.

    `compute` raises :class:`metrics.measure.UnmeasurableError` with the reason where there is no fingerprint.
    """

    name: str
    version: int
    compute: Callable[[Crystal], Fingerprint]
