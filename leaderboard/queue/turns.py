"""Whose turn it is: visitors take turns, so that nobody waits behind all files of somebody else."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

NEVER = float("-inf")


class Waiting(NamedTuple):
    """A submission that waits.

    Attributes:
        id: of the submission.
        party: who it counts for.
        queued: when it was queued, in seconds.
        number: rises with every submission.

    """

    id: str
    party: str
    queued: float
    number: int


def in_turn(waiting: Collection[Waiting], running: Iterable[str], served: Mapping[str, float]) -> list[str]:
    """Ids in the order in which they will be scored.

    Args:
        waiting: what waits.
        running: who each running submission counts for.
        served: when each visitor was last served; one who never was need not be there.

    Within a visitor the oldest comes first. A visitor's next submission comes after the first ones of all others who
    have fewer running; among equals the one comes first who was served longest ago.

    """
    place = Counter(running)
    rank: dict[str, tuple[float, float, int]] = {}
    order = []
    for one in sorted(waiting, key=lambda one: (one.queued, one.number)):
        # who is served first in a round is first in the next one too
        of_party = rank.setdefault(one.party, (served.get(one.party, NEVER), one.queued, one.number))
        order.append((place[one.party], *of_party, one.id))
        place[one.party] += 1
    return [entry[-1] for entry in sorted(order)]
