"""What a board says it can and cannot tell apart, on boards of models whose truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.board.ties import Shown, Ties, clearest_difference, sentence, tied_text, ties
from metrics.statistics.uncertainty import Estimate, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

N = 2_500


def share(hits: int, n: int = N) -> Estimate:
    return Estimate(hits / n, *wilson_interval(hits, n))


def one_run(*hits: int) -> list[list[Estimate]]:
    return [[share(number)] for number in hits]


def holds_the_true_order(truth: Sequence[float], models: list[list[Estimate]]) -> bool:
    """Whether every model before the ranks of a group is truly better, and every one behind truly worse."""
    values = [np.mean([run.value for run in runs]) for runs in models]
    ranks = [1 + sum(other > value for other in values) for value in values]
    return all(
        (rank >= group.low or truth[other] > truth[place]) and (rank <= group.high or truth[other] < truth[place])
        for place, group in enumerate(ties(models))
        for other, rank in enumerate(ranks)
    )


@pytest.mark.parametrize(
    "truth",
    [
        pytest.param(np.full(12, 0.30), id="twelve equal models"),
        pytest.param(0.30 + 0.005 * np.arange(12), id="half a point apart"),
        pytest.param(0.005 + 0.001 * np.arange(12), id="few hits"),
        pytest.param(np.repeat([0.2, 0.3], 6), id="two groups"),
    ],
)
def test_the_groups_hold_the_true_order_in_95_of_100_boards(truth: np.ndarray) -> None:
    generator, n_boards = np.random.default_rng(11), 200
    held = sum(
        holds_the_true_order(truth.tolist(), one_run(*generator.binomial(N, truth).tolist())) for _ in range(n_boards)
    )
    assert held >= 0.95 * n_boards


def test_the_groups_hold_the_true_order_where_runs_of_a_model_differ() -> None:
    """Three runs of each of six models, between which the true share varies by 1.4 points."""
    generator, n_boards, truth = np.random.default_rng(12), 200, [0.15, 0.15, 0.15, 0.2, 0.2, 0.22]
    held = 0
    for _ in range(n_boards):
        behind = np.clip([generator.normal(mean, 0.014, size=3) for mean in truth], 0, 1)
        models = [[share(hits) for hits in runs] for runs in generator.binomial(N, behind).tolist()]
        held += holds_the_true_order(truth, models)
    assert held >= 0.95 * n_boards


def test_groups_end_where_the_models_are_told_apart() -> None:
    # 2,500 structures: the standard error of a difference of two shares near a half is 1.4 points, or 35 hits
    assert ties(one_run(2_000, 1_260, 1_250, 1_240, 500)) == [Ties(1, 1), *[Ties(2, 4)] * 3, Ties(5, 5)]
    assert ties(one_run(1_250)) == [Ties(1, 1)]
    assert ties([]) == []


@settings(max_examples=30)
@given(hits=st.lists(st.integers(0, N), min_size=1, max_size=7), random=st.randoms())
def test_the_order_of_the_models_does_not_matter(hits: list[int], random: Any) -> None:  # noqa: ANN401 - hypothesis's Random
    order = list(range(len(hits)))
    random.shuffle(order)
    groups = ties(one_run(*hits))
    assert ties(one_run(*(hits[place] for place in order))) == [groups[place] for place in order]
    assert all(group.low <= group.high for group in groups)


@pytest.mark.parametrize(
    ("rank", "group", "text"),
    [
        (3, Ties(3, 8), "tied with ranks 3 to 8"),
        (1, Ties(1, 2), "tied with rank 2"),
        (2, Ties(1, 2), "tied with rank 1"),
        (1, Ties(1, 1), ""),
    ],
)
def test_a_group_in_words(rank: int, group: Ties, text: str) -> None:
    assert tied_text(rank, group) == text


NAMES = ("MatterGen", "DiffCSP", "CDVAE")
NOVEL = Shown("novelty", higher_is_better=True, runs=one_run(1_800, 1_700, 1_250))
CLOSE = Shown("VUN", higher_is_better=True, runs=one_run(1_260, 1_250, 1_240))


@pytest.mark.parametrize(
    ("ranking", "others", "text"),
    [
        (
            CLOSE,
            [NOVEL],
            "None of the three models can be told apart by VUN; MatterGen is better than CDVAE in novelty, p < 0.001.",
        ),
        (CLOSE, [], "None of the three models can be told apart by VUN."),
        (
            Shown("VUN", higher_is_better=True, runs=one_run(1_260, 1_250, 900)),
            [NOVEL._replace(runs=one_run(1_260, 1_250, 900))],
            "The first two cannot be told apart by VUN; no difference between them in the other scores is clear.",
        ),
        (
            Shown("VUN", higher_is_better=True, runs=one_run(1_400, 1_280, 900)),
            [NOVEL],
            "MatterGen is better than every other model by VUN, p < 0.001.",
        ),
    ],
)
def test_the_sentence(ranking: Shown, others: list[Shown], text: str) -> None:
    assert sentence(NAMES, ranking, others) == text


def test_a_lower_value_is_better_where_the_score_says_so() -> None:
    distance = Shown(
        "distance", higher_is_better=False, runs=[[Estimate(value, value - 0.1, value + 0.1)] for value in (1, 2)]
    )
    clearest = clearest_difference([distance], 2)
    assert clearest is not None
    assert (clearest.better, clearest.worse) == (0, 1)
    assert sentence(["A"], CLOSE._replace(runs=one_run(3)), []) == ""


def test_no_difference_is_called_clear_in_more_than_5_of_100_boards_of_equal_models() -> None:
    generator, n_boards = np.random.default_rng(13), 200
    wrong = 0
    for _ in range(n_boards):
        scores = [
            Shown(str(number), higher_is_better=True, runs=one_run(*generator.binomial(N, 0.4, size=8).tolist()))
            for number in range(4)
        ]
        wrong += clearest_difference(scores, 8) is not None
    # 5% of 200 and three standard errors
    assert wrong <= 0.05 * n_boards + 3 * np.sqrt(n_boards * 0.05 * 0.95)
