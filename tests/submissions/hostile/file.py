"""What a hostile or broken file is to the tests: how it is made, and what must become of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from submissions.refusal import Reason

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Hostile:
    """One file.

    Attributes:
        name: what is wrong with it.
        make: its bytes; made when it is tested, so that none of them lies in the repository.
        refused: why the whole file is refused, None where it is read; several where more than one is true.
        readable: how many of its structures are read.
        refusals: how often each reason is given for others.

    """

    name: str
    make: Callable[[], bytes]
    refused: Reason | tuple[Reason, ...] | None = None
    readable: int = 0
    refusals: Counter[Reason] = field(default_factory=Counter)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why the file may be refused."""
        if self.refused is None:
            return ()
        return (self.refused,) if isinstance(self.refused, Reason) else self.refused


def whole(name: str, make: Callable[[], bytes], *refused: Reason) -> Hostile:
    """A file that is refused as a whole."""
    return Hostile(name, make, refused)


def rows(name: str, make: Callable[[], bytes], readable: int, *refused: Reason) -> Hostile:
    """A file of which so many structures are read, and others refused for these reasons."""
    return Hostile(name, make, None, readable, Counter(refused))
