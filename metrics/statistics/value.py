"""What a statistic of the records of a submission comes to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    """A score of one submission.

    Attributes:
        value: the score, None where it is not defined (no record at all).
        low: lower end of its 95% interval.
        high: upper end.
        n_counted: records whose facts were known.
        n_unknown: records whose facts were not; counted + unknown = submitted.

    """

    value: float | None
    low: float | None
    high: float | None
    n_counted: int
    n_unknown: int
