"""Expected shares: records that are hits with a probability each, which is itself uncertain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.statistics.resampling import CONFIDENCE, SEED
from metrics.statistics.uncertainty import Estimate, wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLES_PER_DRAW = 20


def expected_share(probability: NDArray[np.float64], drawn: NDArray[np.float64], n_records: int) -> Estimate:
    """Share of records that are expected to be hits, with a 95% interval of the share that will turn out.

    The interval holds the uncertainty of the probabilities (their draws, shared by all records), and chance: which
    records are drawn and which of them turn out to be hits, for each draw a binomial number of the n records.
    Where nearly all draws give one number, as without a record that may be a hit, it is Wilson's.

    Args:
        probability: (k,) of each record that may be a hit.
        drawn: (draws, k) the same in each draw.
        n_records: records of the sample, at least k and 1.

    """
    value = float(probability.sum()) / n_records
    means = np.clip(drawn.sum(axis=1) / n_records, 0.0, 1.0)
    generator = np.random.default_rng(SEED)
    shares = generator.binomial(n_records, np.repeat(means, SAMPLES_PER_DRAW)) / n_records
    tail = (1 - CONFIDENCE) / 2
    low, high = (float(end) for end in np.quantile(shares, [tail, 1 - tail]))
    if low == high:
        low, high = wilson_interval(low * n_records, n_records)
    return Estimate(value, min(value, low), max(value, high))
