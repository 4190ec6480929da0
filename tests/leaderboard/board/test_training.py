"""The overlap with a training set on the board and on a run's page: a share, or that it is not measured and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from leaderboard.board.table import board
from leaderboard.board.training import OVERLAP, why_no_overlap, without_value
from leaderboard.board.written import render
from leaderboard.pages.model.results import scores_html
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from metrics.score import registry
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

MADE = Made("made", [good("a"), good("b")])
PROTOCOL = load_protocol()


@pytest.mark.parametrize(
    ("card", "record", "why"),
    [
        ({}, {}, "the card names no training set"),
        (
            {"training_sets": ("MP-20", "ours")},
            {},
            "not every training set on the card is at hand (MP-20; ours)",
        ),
        ({"training_sets": ("MP-20",)}, {"training_sets": {"mp-20": "0" * 64}}, None),
    ],
)
def test_a_run_says_why_nothing_is_measured(
    tmp_path: Path, card: dict[str, object], record: dict[str, object], why: str | None
) -> None:
    run = publish(tmp_path, replace(MADE, card=card, record=record))
    assert why_no_overlap(run.record) == why
    page = scores_html(run, PROTOCOL)
    assert (f"Overlap with the training set: not measured, {why}." in page) == (why is not None)


def test_the_board_says_that_it_is_not_measured(tmp_path: Path) -> None:
    publish(tmp_path, MADE)
    shown = PROTOCOL.model_copy(update={"headline": ("novel", *sorted(OVERLAP))})
    line = render(board(Store(tmp_path), shown), "md", shown).splitlines()[2]
    assert line.count("not measured") == len(OVERLAP)


def test_only_the_overlap_is_called_so() -> None:
    needing = {name for name, score in registry().items() if "in_training_set" in score.needs}
    assert needing == OVERLAP
    assert without_value("memorized") == "not measured"
    assert without_value("novel") == "?"
