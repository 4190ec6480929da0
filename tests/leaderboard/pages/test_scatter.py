"""Scatters of two scores: the front obeys its laws, labels lie apart, points and leaders come from the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.board.table import board
from leaderboard.pages.compare.models import leaders, models
from leaderboard.pages.compare.pareto import dominates, front
from leaderboard.pages.compare.scatter_choice import Choice, choice_of, draw
from leaderboard.pages.compare.scatter_figures import Point, labels
from leaderboard.pages.parts.markup import Interval
from leaderboard.protocol import load_protocol
from leaderboard.score_key import ScoreKey
from leaderboard.store.local import Store
from tests.made_boards import fill
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.board.table import Board

PROTOCOL = load_protocol()
HOSTILE = "<img src=x onerror=alert(1)>"
# few different values, so that points are equal or agree in one score
SCORES = st.lists(st.tuples(*[st.integers(0, 4)] * 2), max_size=12)


def table(points: list[tuple[int, int]]) -> np.ndarray:
    return np.array(points, dtype=np.float64).reshape(-1, 2)


@given(SCORES)
def test_no_point_of_the_front_is_dominated_and_every_other_one_is_by_one_of_it(points: list[tuple[int, int]]) -> None:
    goodness = table(points)
    on = front(goodness)
    beaten = dominates(goodness)
    assert on.any() == bool(points)
    assert not beaten[:, on].any()
    assert beaten[on][:, ~on].any(axis=0).all()


@given(SCORES, st.randoms(use_true_random=False))
def test_the_order_of_points_plays_no_part(points: list[tuple[int, int]], random: object) -> None:
    order = list(range(len(points)))
    random.shuffle(order)  # type: ignore[attr-defined]
    turned = front(table([points[place] for place in order]))
    assert turned.tolist() == front(table(points))[order].tolist()


@given(SCORES)
def test_a_front_stays_where_the_scores_trade_places(points: list[tuple[int, int]]) -> None:
    goodness = table(points)
    assert front(goodness[:, ::-1]).tolist() == front(goodness).tolist()


@given(st.lists(st.tuples(*[st.floats(0, 100)] * 2), min_size=1, max_size=25), st.floats(1, 5))
def test_labels_lie_over_no_other_and_over_no_point_however_wide_the_figure(
    places: list[tuple[float, float]], wider: float
) -> None:
    """In the pixels that the labels are made for, and as many times as wide."""
    points = [
        Point(f"model number {n}", Interval(x, None, None), Interval(y, None, None), True, False, True)  # noqa: FBT003
        for n, (x, y) in enumerate(places)
    ]
    ends = (-5.0, 105.0)
    width, height = 280 * wider, 340

    def pixels(x: float, y: float) -> tuple[float, float]:
        return (x + 5) / 110 * width, (y + 5) / 110 * height

    boxes = []
    for label in labels(points, ends, ends):
        x, y = pixels(label["x"], label["y"])  # type: ignore[arg-type]
        long, tall = 6.4 * len(str(label["text"])), 14
        left = x if label["xanchor"] == "left" else x - long
        low = y if label["yanchor"] == "bottom" else y - tall
        boxes.append((left + label["xshift"], low + label["yshift"], long, tall, x, y))  # type: ignore[operator]
    for n, (left, low, long, tall, x, y) in enumerate(boxes):
        for other_left, other_low, other_long, other_tall, *_ in boxes[n + 1 :]:
            apart_x = left + long <= other_left + 1e-6 or other_left + other_long <= left + 1e-6
            assert apart_x or low + tall <= other_low + 1e-6 or other_low + other_tall <= low + 1e-6
        for place in places:
            at = pixels(*place)
            if at != (x, y):
                assert not (left < at[0] < left + long and low < at[1] < low + tall)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """Twenty runs of made models that are ranked, one of them with three runs, and one run that is not."""
    root = tmp_path_factory.mktemp("runs")
    fill(root, 20)
    publish(root, Made(HOSTILE, [good("a"), good("b")]))
    return board(Store(root), PROTOCOL)


def test_a_model_is_one_point_at_the_mean_of_its_runs(made: Board) -> None:
    (reference,) = made.references.values()
    several = models(made, reference, [ScoreKey("novel")])
    assert [model.is_ranked for model in several] == sorted((model.is_ranked for model in several), reverse=True)
    assert {model.label for model in several} == set(made.runs["model"].dropna())
    with_runs = next(model for model in several if len(model.runs) == 3)
    of_model = made.wide[made.wide["model"] == with_runs.label]
    values, lows = (of_model[name].to_numpy(dtype=np.float64) for name in ("novel", "novel_low"))
    score = with_runs.score(ScoreKey("novel"))
    assert score is not None
    assert score.value == pytest.approx(values.mean())
    # of three independent errors the mean has a third of the root of their squares
    assert score.low == pytest.approx(values.mean() - ((values - lows) ** 2).sum() ** 0.5 / 3)


def test_leaders_follow_the_means_of_what_was_there(made: Board) -> None:
    (reference,) = made.references.values()
    key = ScoreKey("novel")
    steps = leaders(models(made, reference, [key]), key)
    ranked = made.wide[made.wide["rank"].notna()].sort_values(["created", "run"])
    for step in steps:
        so_far = ranked[ranked["created"] <= step.day].groupby("model")["novel"].mean()
        assert so_far.max() == pytest.approx(step.value)
        assert so_far[step.label] == pytest.approx(step.value)
    assert steps[-1].value == pytest.approx(ranked.groupby("model")["novel"].mean().max())
    assert leaders(models(made, reference, [key]), ScoreKey("msun", "chgnet/unrelaxed")) == []


def test_the_page_names_the_front_and_shows_every_model(made: Board) -> None:
    choice = choice_of({"y": "valid"}, made, PROTOCOL)
    shown = draw(choice, made, PROTOCOL)
    assert "On the front: model " in shown.finding
    assert "<img" not in shown.table
    assert "&lt;img" in shown.table
    n_models = len(set(made.runs["model"]))
    assert f"All {n_models:,} models as a table" in shown.table
    assert shown.figure is not None
    # ranked models, baselines, those that are not ranked, and the line of the front
    assert [len(trace.x) for trace in shown.figure.data[:3]] == [n_models - 1, 0, 1]
    assert shown.figure.data[3].line.shape == "vh"
    assert shown.record.startswith("Best VUN of a ranked model: ")


def test_scores_without_a_better_end_have_no_front(made: Board) -> None:
    shown = draw(choice_of({"x": "novel_fingerprint"}, made, PROTOCOL), made, PROTOCOL)
    assert "no better end, so there is no front" in shown.finding
    assert "Models on the front" not in shown.table
    assert shown.figure is not None
    assert len(shown.figure.data[3].x) == 0


@pytest.mark.parametrize("name", Choice._fields)
def test_what_a_view_names_and_the_board_lacks_is_answered(made: Board, name: str) -> None:
    with pytest.raises(LookupError, match="is called 'nothing'"):
        choice_of({name: "nothing"}, made, PROTOCOL)


def test_an_empty_board_shows_nothing_and_says_so(tmp_path: Path) -> None:
    empty = board(Store(tmp_path), PROTOCOL)
    shown = draw(choice_of({}, empty, PROTOCOL), empty, PROTOCOL)
    assert shown.figure is None
    assert shown.history is None
    assert shown.finding.startswith("No model has both")
