"""What the ranks of a board cannot tell apart, in words: groups of ties, and one sentence over the board.

Two models are told apart where their difference is clear after Holm's correction over all pairs of the board, so that
in 95 of 100 boards no two models stand in the wrong order and are said to be apart. Ranges of ranks do not keep that
promise: each is right for its model in 95 of 100 boards, and of twelve equal models two are nearly always out of reach
of each other.
"""

from __future__ import annotations

from itertools import combinations
from math import fsum, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from leaderboard.board.comparison import SIGNIFICANT
from metrics.statistics.runs import pooled
from metrics.statistics.uncertainty import Estimate, holm, pairwise_p_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Ties(NamedTuple):
    """Ranks of the models that one cannot be told apart from, itself among them: the best and the worst of them."""

    low: int
    high: int


class Shown(NamedTuple):
    """A score of every model of a board.

    Attributes:
        label: as people read it, in the middle of a sentence.
        higher_is_better: its direction.
        runs: estimates of each model, one for each of its runs, at least one.

    """

    label: str
    higher_is_better: bool
    runs: Sequence[Sequence[Estimate]]


class Apart(NamedTuple):
    """Two models that a score tells apart: the better and the worse by their places, and the adjusted p-value."""

    label: str
    better: int
    worse: int
    p_value: float


def ties(models: Sequence[Sequence[Estimate]]) -> list[Ties]:
    """Ranks that each model is tied with by the score that ranks, the highest first.

    What lies outside the ranks of a model is told apart from it: models before are better, models behind are worse.
    Between the two ends there may be models that are told apart all the same.

    Args:
        models: estimates of each model, one for each of its runs, at least one.

    """
    ranks, clear = np.array(_ranks(models), dtype=np.int64), _p_values(models) < SIGNIFICANT
    return [Ties(int(tied.min()), int(tied.max())) for tied in (ranks[~row] for row in clear)]


def tied_text(rank: int, group: Ties) -> str:
    """The ranks that a model is tied with in words; empty where it is told apart from all others."""
    if group.low == group.high:
        return ""
    if (group.high - group.low) == 1 and rank in group:
        return f"tied with rank {group.high if rank == group.low else group.low}"
    return f"tied with ranks {group.low} to {group.high}"


def sentence(names: Sequence[str], ranking: Shown, others: Sequence[Shown]) -> str:
    """One sentence over a board: how far its ranks can be told apart, and what tells the first ones apart all the same.

    Args:
        names: of the models, the first rank first.
        ranking: the score that ranks them; its pairs are one family of comparisons.
        others: scores shown beside it that have a better end; all their pairs are another family.

    Returns:
        The sentence; empty for fewer than two models, of which there is nothing to say.

    """
    if len(names) < 2:  # noqa: PLR2004 - it takes two to compare
        return ""
    apart = _p_values(ranking.runs)
    n_tied = 1
    while n_tied < len(names) and (apart[:n_tied, n_tied] >= SIGNIFICANT).all():
        n_tied += 1
    parts = [_of_ranking(names, ranking.label, apart, n_tied)]
    clearest = clearest_difference(others, n_tied)
    if clearest is not None:
        parts.append(
            f"{names[clearest.better]} is better than {names[clearest.worse]} in {clearest.label}, "
            f"{_p_text(clearest.p_value)}"
        )
    elif others and n_tied > 1:
        parts.append("no difference between them in the other scores is clear")
    return "; ".join(parts) + "."


def clearest_difference(scores: Sequence[Shown], among: int) -> Apart | None:
    """The difference between two of the first models with the smallest p-value; None where none is clear.

    Args:
        scores: of the same models in the same order.
        among: how many of the first models are looked at; p-values are adjusted over all pairs and scores all the same,
            since which models are the first was seen in the data.

    """
    pairs = [(score, *pair) for score in scores for pair in combinations(range(len(score.runs)), 2)]
    adjusted = holm([p_value for score in scores for p_value in _raw_p_values(score.runs)])
    clear = [
        (p_value, at)
        for at, (p_value, (_, one, other)) in enumerate(zip(adjusted, pairs, strict=True))
        if p_value < SIGNIFICANT and max(one, other) < among
    ]
    if not clear:
        return None
    p_value, at = min(clear)
    score, one, other = pairs[at]
    is_higher = mean_of(score.runs[one]).value > mean_of(score.runs[other]).value
    better, worse = (one, other) if is_higher == score.higher_is_better else (other, one)
    return Apart(score.label, better, worse, p_value)


def _of_ranking(names: Sequence[str], label: str, apart: NDArray[np.float64], n_tied: int) -> str:
    if n_tied == len(names):
        none = "The two models cannot" if len(names) == 2 else f"None of the {_number(len(names))} models can"  # noqa: PLR2004 - there is no "none of the two"
        return f"{none} be told apart by {label}"
    if n_tied > 1:
        return f"The first {_number(n_tied)} cannot be told apart by {label}"
    if (largest := float(apart[0, 1:].max())) < SIGNIFICANT:
        return f"{names[0]} is better than every other model by {label}, {_p_text(largest)}"
    return f"{names[0]} is better than {names[1]} by {label}, {_p_text(float(apart[0, 1]))}"


def _ranks(models: Sequence[Sequence[Estimate]]) -> list[int]:
    means = np.array([mean_of(runs).value for runs in models])
    return [1 + int(np.count_nonzero(means > mean)) for mean in means]


def _p_values(models: Sequence[Sequence[Estimate]]) -> NDArray[np.float64]:
    """(n, n) adjusted p-value of the difference of each two models; 1 of a model from itself."""
    result = np.ones((len(models), len(models)))
    first, second = np.triu_indices(len(models), 1)
    result[first, second] = result[second, first] = holm(_raw_p_values(models))
    return result


def _raw_p_values(models: Sequence[Sequence[Estimate]]) -> NDArray[np.float64]:
    """P-values of all pairs of models in the order of ``combinations``; the spread between runs counts where known."""
    return pairwise_p_values([mean_of(runs) for runs in models], [len(runs) for runs in models], pooled(models))


def mean_of(runs: Sequence[Estimate]) -> Estimate:
    """Mean of runs with its interval, as of independent errors."""
    runs = sorted(runs)  # the order of the runs plays no part
    value = fsum(run.value for run in runs) / len(runs)
    below, above = (
        sqrt(fsum(side**2 for side in sides)) / len(runs)
        for sides in ([run.value - run.low for run in runs], [run.high - run.value for run in runs])
    )
    return Estimate(value, value - below, value + above)


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _p_text(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"  # noqa: PLR2004 - three digits are shown
