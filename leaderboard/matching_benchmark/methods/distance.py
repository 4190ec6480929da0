"""The element-resolved distance under one limit, without any key."""

from __future__ import annotations

from leaderboard.matching_benchmark.method import Method
from metrics.measure import UnmeasurableError
from metrics.measure.matching.distance_profile import MAX_ROWS, Profile, distance_profile, profile_distance

LIMIT = 0.05
"""Noise of 0.05 angstrom a component keeps 99 % of real crystals within 0.043 of themselves."""


def near(a: Profile, b: Profile) -> bool:
    """Whether the distance is below the limit.

    Raises:
        UnmeasurableError: the numbers of sites have too large a least common multiple.

    """
    distance = profile_distance(a, b)
    if distance is None:
        reason = f"the least common multiple of two numbers of sites exceeds {MAX_ROWS}"
        raise UnmeasurableError(reason)
    return distance < LIMIT


METHOD = Method(
    name="distance",
    label=f"distance < {LIMIT:g}",
    definition=f"Distances to the nearest neighbours of each element, in units of (volume / sites)^(1/3): the worst "
    f"matched site differs by less than {LIMIT:g}.",
    describe=distance_profile,
    same=near,
)
