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

from leaderboard.board.comparison import SIGNIFICANT
from metrics.statistics.runs import RunVariance, pooled
from metrics.statistics.uncertainty import Estimate, difference, holm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metrics.statistics.uncertainty import Difference

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
    ranks = _ranks(models)
    apart = _p_values(models)
    result = []
    for place in range(len(models)):
        tied = [ranks[other] for other in range(len(models)) if not _clear(apart, place, other)]
        result.append(Ties(min(tied), max(tied)))
    return result


def tied_text(rank: int, group: Ties) -> str:
    """The ranks that a model is tied with in words; empty where it is told apart from all others."""
    if group.low == group.high:
        return ""
    if (group.high - group.low) == 1 and rank in group:
        return f"tied with rank {group.high if rank == group.low else group.low}"
    return f"tied with ranks {group.low} to {group.high}"


def sentence(names: Sequence[str], ranking: Shown, others: Sequence[Shown]) -> str:
    """One sentence over a board: how far its ranks can be told apart, and the clearest difference in another score.

    Args:
        names: of the models, the first rank first.
        ranking: the score that ranks them; its pairs are one family of comparisons.
        others: scores shown beside it that have a better end; all their pairs are another family.

    Returns:
        The sentence; empty for fewer than two models, of which there is nothing to say.

    """
    if len(names) < 2:  # noqa: PLR2004 - it takes two to compare
        return ""
    parts = [_of_ranking(names, ranking)]
    clearest = clearest_difference(others)
    if clearest is not None:
        parts.append(
            f"{names[clearest.better]} is better than {names[clearest.worse]} in {clearest.label}, "
            f"{_p_text(clearest.p_value)}"
        )
    elif others:
        parts.append("no difference in the other scores is clear")
    return "; ".join(parts) + "."


def clearest_difference(scores: Sequence[Shown]) -> Apart | None:
    """The difference with the smallest p-value, adjusted over all pairs and scores; None where none is clear.

    Args:
        scores: of the same models in the same order.

    """
    gaps = [(score, one, other, gap) for score in scores for (one, other), gap in _differences(score.runs).items()]
    adjusted = holm([gap.p_value for *_, gap in gaps])
    clear = [(p_value, at) for at, p_value in enumerate(adjusted) if p_value < SIGNIFICANT]
    if not clear:
        return None
    p_value, at = min(clear)
    score, one, other, gap = gaps[at]
    better, worse = (one, other) if (gap.value > 0) == score.higher_is_better else (other, one)
    return Apart(score.label, better, worse, p_value)


def _of_ranking(names: Sequence[str], ranking: Shown) -> str:
    apart = _p_values(ranking.runs)
    n_tied = 1
    while n_tied < len(names) and not any(_clear(apart, place, n_tied) for place in range(n_tied)):
        n_tied += 1
    if n_tied == len(names):
        return f"None of the {_number(len(names))} models can be told apart by {ranking.label}"
    if n_tied > 1:
        return f"The first {_number(n_tied)} cannot be told apart by {ranking.label}"
    if all(_clear(apart, 0, other) for other in range(1, len(names))):
        largest = max(apart[0, other] for other in range(1, len(names)))
        return f"{names[0]} is better than every other model by {ranking.label}, {_p_text(largest)}"
    return f"{names[0]} is better than {names[1]} by {ranking.label}, {_p_text(apart[0, 1])}"


def _ranks(models: Sequence[Sequence[Estimate]]) -> list[int]:
    means = [_mean(runs).value for runs in models]
    return [1 + sum(other > mean for other in means) for mean in means]


def _p_values(models: Sequence[Sequence[Estimate]]) -> dict[tuple[int, int], float]:
    """Adjusted p-value of the difference of each two models, by their places, the smaller one first."""
    gaps = _differences(models)
    return dict(zip(gaps, holm([gap.p_value for gap in gaps.values()]), strict=True))


def _differences(models: Sequence[Sequence[Estimate]]) -> dict[tuple[int, int], Difference]:
    """How much higher each model is than each one after it; the spread between runs counts where it is known."""
    between, means = pooled(models), [_mean(runs) for runs in models]
    return {
        (one, other): difference(means[one], means[other], _of_means(between, len(models[one]), len(models[other])))
        for one, other in combinations(range(len(models)), 2)
    }


def _mean(runs: Sequence[Estimate]) -> Estimate:
    """Mean of runs with its interval, as of independent errors."""
    runs = sorted(runs)  # the order of the runs plays no part
    value = fsum(run.value for run in runs) / len(runs)
    below, above = (
        sqrt(fsum(side**2 for side in sides)) / len(runs)
        for sides in ([run.value - run.low for run in runs], [run.high - run.value for run in runs])
    )
    return Estimate(value, value - below, value + above)


def _of_means(between: RunVariance | None, n_first: int, n_second: int) -> RunVariance | None:
    """The variance that two single runs would need to have for their difference to vary as that of two means."""
    if between is None:
        return None
    share = (1 / n_first + 1 / n_second) / 2
    return RunVariance(between.total * share, between.sampling * share, between.dof)


def _clear(apart: Mapping[tuple[int, int], float], one: int, other: int) -> bool:
    return one != other and apart[min(one, other), max(one, other)] < SIGNIFICANT


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _p_text(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"  # noqa: PLR2004 - three digits are shown
