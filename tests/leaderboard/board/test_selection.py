"""The best of N attempts, and what is left of it without the choice."""

from __future__ import annotations

from math import pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from leaderboard.board.ranking import without_selection
from leaderboard.board.selection import best_of, corrected
from leaderboard.board.table import board
from leaderboard.board.written import render, sentence_over
from leaderboard.pages.model.results import selection_html
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from metrics.score import registry
from metrics.statistics.runs import RunVariance
from metrics.statistics.uncertainty import Estimate, Z
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

PROTOCOL = load_protocol()
BOARDS = 20_000
MEAN, DEVIATION = 3.0, 0.2


@pytest.mark.parametrize(
    ("n_best", "n_attempts", "mean", "variance"),
    [
        # closed forms: David and Nagaraja, Order Statistics (2003), section 3.2; the variance of the largest of two is
        # 1 - 1/pi, as its square has the mean 1
        (1, 2, 1 / sqrt(pi), 1 - 1 / pi),
        (1, 3, 3 / (2 * sqrt(pi)), 1 + sqrt(3) / (2 * pi) - 9 / (4 * pi)),
        # the two largest of three: all three have the expected sum 0, so these have that of the largest of three
        (2, 3, 3 / (4 * sqrt(pi)), None),
        (4, 4, 0.0, 1 / 4),
    ],
)
def test_closed_forms(n_best: int, n_attempts: int, mean: float, variance: float | None) -> None:
    best = best_of(n_best, n_attempts)
    assert best.mean == pytest.approx(mean, abs=1e-10)
    if variance is not None:
        assert best.variance == pytest.approx(variance, abs=1e-10)


@pytest.mark.parametrize(("n_best", "n_attempts"), [(1, 1_000), (3, 10), (99, 100)])
def test_moments_are_those_of_draws(n_best: int, n_attempts: int) -> None:
    draws = np.random.default_rng(0).standard_normal((BOARDS, n_attempts))
    means = np.sort(draws, axis=1)[:, -n_best:].mean(axis=1)
    best = best_of(n_best, n_attempts)
    # within four standard errors; the relative one of a variance is sqrt((kurtosis - 1) / n), below 2 / sqrt(n) here
    assert best.mean == pytest.approx(means.mean(), abs=4 * means.std() / sqrt(BOARDS))
    assert best.variance == pytest.approx(means.var(), rel=4 * 2 / sqrt(BOARDS))


@pytest.mark.parametrize(("n_best", "n_attempts"), [(0, 3), (4, 3)])
def test_impossible_numbers_are_refused(n_best: int, n_attempts: int) -> None:
    with pytest.raises(ValueError, match=f"got {n_best} of {n_attempts}"):
        best_of(n_best, n_attempts)


@pytest.mark.parametrize("higher_is_better", [True, False])
@pytest.mark.parametrize(("n_best", "n_attempts"), [(1, 2), (1, 10), (3, 10), (1, 100), (5, 5)])
def test_the_best_of_equal_attempts_are_worth_one_of_them(
    n_best: int, n_attempts: int, *, higher_is_better: bool
) -> None:
    sign = 1 if higher_is_better else -1
    draws = np.random.default_rng(1).standard_normal((BOARDS, n_attempts))
    chosen = MEAN + DEVIATION * sign * np.sort(draws, axis=1)[:, -n_best:]
    values, covered = [], 0
    for of_model in chosen:
        runs = [Estimate(value, value - Z * DEVIATION, value + Z * DEVIATION) for value in of_model.tolist()]
        left = corrected(runs, n_attempts, higher_is_better=higher_is_better)
        mean = float(np.mean([run.value for run in left]))
        # sides of the mean of independent errors
        half = sqrt(sum((run.high - run.low) ** 2 for run in left)) / (2 * n_best)
        values.append(mean)
        covered += abs(mean - MEAN) <= half
    # the model's mean, within four standard errors of the simulation
    assert np.mean(values) == pytest.approx(MEAN, abs=4 * float(np.std(values)) / sqrt(BOARDS))
    assert 0.93 <= covered / BOARDS <= 0.97


def test_the_spread_between_runs_counts_where_it_is_known() -> None:
    # drawing records 0.3, between runs 0.4: one run varies by 0.5 about the model's mean
    between = RunVariance(total=0.25, sampling=0.09, dof=1_000_000)
    (run,) = corrected([Estimate(1.0, 1.0 - Z * 0.3, 1.0 + Z * 0.3)], 2, between)
    assert run.value == pytest.approx(1.0 - 0.5 / sqrt(pi))
    (unsure,) = corrected([Estimate(1.0, 1.0 - Z * 0.3, 1.0 + Z * 0.3)], 2, between._replace(dof=2))
    assert unsure.value == run.value
    assert unsure.high - unsure.low > run.high - run.low


@pytest.mark.parametrize("n_attempts", [None, 1, 2])
def test_nothing_chosen_is_nothing_corrected(n_attempts: int | None) -> None:
    runs = [Estimate(0.4, 0.35, 0.46), Estimate(0.5, 0.44, 0.55)]
    assert corrected(runs, n_attempts) == runs


def test_a_share_stays_one() -> None:
    (run,) = corrected([Estimate(0.0, 0.0, 0.01)], 1_000, is_share=True)
    assert run.value == run.low == 0.0
    assert run.high >= 0.0


def test_the_best_of_many_ranks_by_what_is_left(tmp_path: Path) -> None:
    # half of 2,500: a standard error is a point, and the best of 1,000 stands 3.2414 of them too high (H. L. Harter,
    # Biometrika 48, 151 (1961))
    def publish_model(model: str, n_novel: int, card: dict[str, object]) -> None:
        rows = [good(f"r{number}", in_reference=number >= n_novel) for number in range(PROTOCOL.n_ranked)]
        publish(tmp_path, Made(model, rows, card=card))

    publish_model("silent", 1_250, {})
    publish_model("chosen", 1_275, {"n_attempts": 1_000})
    publish_model("not chosen", 1_240, {"n_attempts": 1})
    table = board(Store(tmp_path), PROTOCOL)
    runs = table.runs.set_index("model")
    assert runs["rank"].to_dict() == {"silent": 1, "not chosen": 2, "chosen": 3}
    assert runs["n_attempts"].dropna().to_dict() == {"chosen": 1_000, "not chosen": 1}
    assert runs["selection_shift"].dropna().to_dict() == pytest.approx({"chosen": 3.2414 * 0.01}, rel=1e-3)
    assert table.wide.set_index("model")["vun"]["chosen"] == 1_275 / PROTOCOL.n_ranked
    said = {run.model: selection_html(run, table) for run in Store(tmp_path).runs()}
    assert said["silent"] == said["not chosen"] == ""
    assert "best of 1,000 attempts" in said["chosen"]
    assert "corrected by -3.2 points" in said["chosen"]
    written = render(table, "md", PROTOCOL)
    assert "best of 1,000 attempts, ranked 3.2 points lower" in written
    assert sentence_over(table, "starter", PROTOCOL).startswith("None of the three models can be told apart")


def test_chosen_runs_say_nothing_of_the_spread_between_runs(tmp_path: Path) -> None:
    """The two best of twenty differ by little; that must not make the honest two, far apart, look sure."""
    for model, hits, card in (
        ("honest", (1_100, 1_400), {}),
        ("other", (1_000, 1_300), {}),
        *((f"chosen {number}", (1_500, 1_501), {"n_attempts": 20}) for number in range(4)),
    ):
        for n_novel in hits:
            rows = [good(f"r{number}", in_reference=number >= n_novel) for number in range(PROTOCOL.n_ranked)]
            publish(tmp_path, Made(model, rows, card=card))
    runs = board(Store(tmp_path), PROTOCOL).runs.set_index("model")
    # standard deviation between runs 8.5 points, of each mean of two 6: a gap of 4 points is nothing
    assert (runs.loc["honest", "tied_high"] == runs["rank"].max()).all()


def test_all_attempts_submitted_are_nothing_chosen_though_one_waits_for_its_score(tmp_path: Path) -> None:
    for n_novel in (1_200, 1_250, 1_300):
        rows = [good(f"r{number}", in_reference=number >= n_novel) for number in range(PROTOCOL.n_ranked)]
        publish(tmp_path, Made("m", rows, card={"n_attempts": 3}))
    table = board(Store(tmp_path), PROTOCOL)
    estimates = table.wide[["vun", "vun_low", "vun_high"]].set_axis(["value", "low", "high"], axis="columns")
    estimates.loc[0] = pd.NA
    left = without_selection(table.runs, estimates, registry()["vun"], PROTOCOL)
    pd.testing.assert_frame_equal(left, estimates)
