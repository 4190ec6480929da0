"""Rank ranges against the exact distribution of ranks, and what they must not depend on."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom

from metrics.statistics.ranks import RankRange, Sampled, rank_ranges
from metrics.statistics.uncertainty import Estimate, wilson_interval
from tests.bench_ranks import boards

if TYPE_CHECKING:
    from numpy.typing import NDArray

N = 2_500


def share(hits: int, n: int = N) -> Sampled:
    return Sampled(Estimate(hits / n, *wilson_interval(hits, n)), is_share=True)


def mean(value: float, half_width: float) -> Sampled:
    return Sampled(Estimate(value, value - half_width, value + half_width), is_share=False)


def exact_ranks(hits: list[int], n: int, model: int) -> NDArray[np.float64]:
    """Probability of each rank of one model: over its new hits, how many of the others have more, independently.

    New hits have the beta-binomial distribution that Jeffreys' prior gives.
    """
    new = [betabinom(n, seen + 0.5, n - seen + 0.5) for seen in hits]
    probabilities = np.zeros(len(hits))
    for drawn in range(n + 1):
        counts = np.array([1.0])  # of others with more hits: a Poisson binomial distribution, built by convolution
        for other in new[:model] + new[model + 1 :]:
            above = float(other.sf(drawn))
            counts = np.convolve(counts, [1 - above, above])
        probabilities += new[model].pmf(drawn) * counts
    return probabilities


@pytest.mark.parametrize("hits", [[40, 42, 45, 60], [10, 10, 10], [0, 0, 3], [100, 98], [5, 50, 95]])
def test_ranges_are_those_of_the_exact_distribution(hits: list[int]) -> None:
    ranges = rank_ranges([[share(model_hits, 100)] for model_hits in hits])
    for model, place in enumerate(ranges):
        below = np.cumsum(exact_ranks(hits, 100, model))
        # the end of a range of 4,000 drawn boards can miss by a rank only where the exact tail is within its error
        for end, tail in ((place.low, 0.025), (place.high, 0.975)):
            error = 4 * np.sqrt(tail * (1 - tail) / 4_000)
            reached = {rank for rank in range(1, len(hits) + 1) if below[rank - 1] >= tail - error}
            passed = {rank for rank in range(1, len(hits) + 1) if rank == 1 or below[rank - 2] < tail + error}
            assert end in (reached & passed) | {place.rank}


def test_models_far_apart_have_one_rank_each() -> None:
    # 10 points apart at 2,500 records: more than ten standard errors (of at most 1 point each)
    ranges = rank_ranges([[share(hits)] for hits in (500, 1_000, 750, 250)])
    assert ranges == [RankRange(3, 3, 3), RankRange(1, 1, 1), RankRange(2, 2, 2), RankRange(4, 4, 4)]


def test_close_models_take_each_others_ranks() -> None:
    # 0.4 points apart, standard error of a difference 1.4 points
    assert rank_ranges([[share(1_250)], [share(1_260)]]) == [RankRange(2, 1, 2), RankRange(1, 1, 2)]


def test_a_mean_of_runs_is_surer_than_one_run() -> None:
    one = rank_ranges([[share(1_290)], [share(1_235)]])
    many = rank_ranges([[share(1_290)] * 8, [share(1_235)] * 8])
    assert [place.low for place in one] == [1, 1]
    assert many == [RankRange(1, 1, 1), RankRange(2, 2, 2)]


@pytest.mark.parametrize(("gap", "clear"), [(0.5, False), (5.0, True)])
def test_other_scores_are_drawn_from_their_interval(gap: float, clear: bool) -> None:  # noqa: FBT001 - a table of cases
    ranges = rank_ranges([[mean(10.0, 1.0)], [mean(10.0 + gap, 1.0)]])
    assert ranges == ([RankRange(2, 2, 2), RankRange(1, 1, 1)] if clear else [RankRange(2, 1, 2), RankRange(1, 1, 2)])


def test_an_expected_number_of_hits_is_not_taken_for_a_count() -> None:
    # 0.1 points of 2,500 records apart; as whole counts of hits these would have been drawn with a spread of a point
    sure = [Sampled(Estimate(value, value - 1e-5, value + 1e-5), is_share=True) for value in (0.50013, 0.50113)]
    assert rank_ranges([[run] for run in sure]) == [RankRange(2, 2, 2), RankRange(1, 1, 1)]


@settings(max_examples=30, deadline=None)
@given(hits=st.lists(st.integers(0, 60), min_size=1, max_size=6, unique=True), random=st.randoms())
def test_a_range_holds_its_rank_and_does_not_see_the_order(hits: list[int], random: object) -> None:
    ranges = rank_ranges([[share(model, 60)] for model in hits])
    for place, (ranks, model) in enumerate(zip(ranges, hits, strict=True)):
        assert 1 <= ranks.low <= ranks.rank <= ranks.high <= len(hits), place
        assert ranks.rank == 1 + sum(other > model for other in hits)
    order = list(range(len(hits)))
    random.shuffle(order)  # type: ignore[attr-defined] # hypothesis's Random
    assert rank_ranges([[share(hits[place], 60)] for place in order]) == [ranges[place] for place in order]


def test_a_better_model_never_has_a_worse_range() -> None:
    ranges = rank_ranges([[share(hits)] for hits in (1_200, 1_230, 1_260, 1_290)])
    for worse, better in combinations(ranges, 2):
        assert better.low <= worse.low
        assert better.high <= worse.high


def test_nobody_has_no_rank() -> None:
    assert rank_ranges([]) == []


def test_the_spread_between_runs_widens_every_range() -> None:
    # 2 points apart, standard error of a difference 1.4 points, predicted 2; runs of the third model differ by 12
    alone = rank_ranges([[share(1_000)], [share(1_150)], [share(500)]])
    assert [(place.low, place.high) for place in alone[:2]] == [(2, 2), (1, 1)]
    spread = rank_ranges([[share(1_000)], [share(1_150)], [share(350), share(650)]])
    assert [(place.low, place.high) for place in spread[:2]] != [(2, 2), (1, 1)]


def test_runs_that_agree_tell_that_there_is_no_spread() -> None:
    # twelve runs of one model, all alike: as sure as without the spread
    ranges = rank_ranges([[share(1_000)], [share(1_150)], [share(500)] * 12])
    assert [(place.low, place.high) for place in ranges] == [(2, 2), (1, 1), (3, 3)]


@pytest.mark.parametrize(("runs", "between"), [((1,) * 8, 0.0), ((3,) * 8, 0.0), ((1, 2, 3, 5) * 2, 0.014)])
def test_ranges_hold_true_ranks_and_those_of_new_samples(runs: tuple[int, ...], between: float) -> None:
    # 40 boards of 8 ranges that depend on each other: standard error of 95% at most 1.7 points
    held = boards(40, runs, between, draws=400)
    assert held.true_rank >= 0.95
    assert held.new_rank >= 0.92
    assert held.width < 7
