"""What a statistic of the records of a submission comes to."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose

FEWEST_FOR_INTERVAL = 5
"""Records with a number of which fewer do not tell how far their statistic is off: so few have next to no spread."""


@dataclass(frozen=True)
class Value:
    """A score of one submission.

    Attributes:
        value: the score, None where it is not defined (no record at all).
        low: lower end of its 95% interval; None where the records do not tell.
        high: upper end, None where ``low`` is.
        n_counted: records whose facts were known.
        n_unknown: records whose facts were not; counted + unknown = submitted.

    """

    value: float | None
    low: float | None
    high: float | None
    n_counted: int
    n_unknown: int


def by_spread(value: float, low: float, high: float, n_counted: int, n_unknown: int) -> Value:
    """A value whose interval was made from how its records differ.

    It has none where they are too few for that, or where they do not differ: that one sample is all alike does not say
    that the next one will be.
    """
    if n_counted < FEWEST_FOR_INTERVAL or is_equal(low, high):
        return Value(value, None, None, n_counted, n_unknown)
    return Value(value, low, high, n_counted, n_unknown)


def is_equal(one: float, other: float) -> bool:
    """Whether two numbers are the same but for rounding."""
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
