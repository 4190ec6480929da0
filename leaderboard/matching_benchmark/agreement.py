"""How well a method's pairs agree with another's: recall and precision, with intervals over formulas.

Pairs of one formula are not independent: a formula with many polymorphs makes most of the pairs. So whole formulas are
drawn again, with all of their pairs (cluster bootstrap: B. Efron and R. J. Tibshirani, An Introduction to the
Bootstrap, 1993, DOI 10.1201/9780429246593).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

DRAWS = 1_000
CONFIDENCE = 0.95
BLOCK = 2**24
"""Most formulas times draws held at once."""


@dataclass(frozen=True)
class Share:
    """A share with its interval; None where nothing was counted."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Agreement:
    """A method against a judge.

    Attributes:
        recall: of the pairs the judge calls the same, those the method calls the same.
        precision: of the pairs the method calls the same, those the judge calls the same.
        n_both: pairs both call the same.
        n_missed: the judge alone does; pairs the method could not decide are among them.
        n_added: the method alone does.
        n_unknown: pairs the method could not decide.

    """

    recall: Share
    precision: Share
    n_both: int
    n_missed: int
    n_added: int
    n_unknown: int


def agreement(
    answers: Sequence[bool | None], judge: Sequence[bool | None], formulas: Sequence[str], *, seed: int
) -> Agreement:
    """Compare over the pairs that the judge decided; a pair unknown to the method is never an agreement.

    Args:
        answers: (n,) what the method says of each pair.
        judge: (n,) what the judge says.
        formulas: (n,) reduced formula of each pair.
        seed: of the bootstrap.

    """
    judged = [place for place, verdict in enumerate(judge) if verdict is not None]
    says = np.array([answers[place] is True for place in judged], dtype=bool)
    truth = np.array([judge[place] is True for place in judged], dtype=bool)
    n_unknown = sum(answers[place] is None for place in judged)
    _, cluster = np.unique([formulas[place] for place in judged], return_inverse=True)
    # (formulas, 3): both, missed, added
    counts = np.stack(
        [np.bincount(cluster, weights=part) for part in (says & truth, ~says & truth, says & ~truth)], axis=1
    ).astype(np.int64)
    both, missed, added = (int(total) for total in counts.sum(axis=0))
    drawn = resampled(counts, seed=seed)
    return Agreement(
        recall=_share(both, both + missed, drawn[:, 0], drawn[:, 0] + drawn[:, 1]),
        precision=_share(both, both + added, drawn[:, 0], drawn[:, 0] + drawn[:, 2]),
        n_both=both,
        n_missed=missed,
        n_added=added,
        n_unknown=n_unknown,
    )


def resampled(counts: NDArray[np.int64], *, seed: int, draws: int = DRAWS) -> NDArray[np.int64]:
    """Totals (draws, k) of as many clusters as there are, drawn with replacement from counts (clusters, k)."""
    return (
        np.concatenate(list(_blocks(counts, seed, draws))) if len(counts) else np.zeros((draws, counts.shape[1]), int)
    )


def _blocks(counts: NDArray[np.int64], seed: int, draws: int) -> Iterator[NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    n_clusters = len(counts)
    at_once = max(1, BLOCK // n_clusters)
    for start in range(0, draws, at_once):
        times = generator.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), size=min(at_once, draws - start))
        yield times @ counts


def _share(hits: int, total: int, drawn_hits: NDArray[np.int64], drawn_totals: NDArray[np.int64]) -> Share:
    """Share with percentiles of the draws in which anything was counted."""
    if total == 0:
        return Share(None, None, None)
    counted = drawn_totals > 0
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn_hits[counted] / drawn_totals[counted], [tail, 1 - tail])
    return Share(hits / total, float(low), float(high))
