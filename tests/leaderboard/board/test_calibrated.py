"""Raw and calibrated scores side by side in the written board, and what is said of which of the two ranks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from leaderboard.board.calibrated import heading, ranking_text, side_by_side
from leaderboard.board.table import board
from leaderboard.board.written import render
from leaderboard.calibration.record import calibrations
from leaderboard.protocol import load_protocol
from leaderboard.score_key import ScoreKey
from leaderboard.store.local import Store
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.calibration.record import Calibration

PROTOCOL = load_protocol()
CALIBRATED, RAW = (ranking.variant for ranking in PROTOCOL.energy_rankings)
CHGNET = next(one for one in calibrations() if one.potential == "chgnet")
EXPECTED_STABLE, RAW_STABLE, VALID = ScoreKey("stable", CALIBRATED), ScoreKey("stable", RAW), ScoreKey("valid")


def published(root: Path, calibration: Calibration | None, e_above_hull: float = 0.0) -> None:
    made = Made(
        "m",
        [good(f"r{number}") for number in range(PROTOCOL.n_ranked)],
        record={"reference": "mp", "reference_indicative": False},
        energies=[energy(caesium_chloride(), e_above_hull)],
        calibrations={PROTOCOL.energy_variant: calibration} if calibration else {},
    )
    publish(root, made)


@pytest.mark.parametrize(
    ("expected", "raw", "shown"),
    [
        (0.1, 0.4, {VALID: None, EXPECTED_STABLE: RAW_STABLE}),
        (None, 0.4, {VALID: None, RAW_STABLE: None}),
        (0.1, None, {VALID: None, EXPECTED_STABLE: RAW_STABLE}),
    ],
)
def test_a_calibrated_score_takes_the_place_of_the_raw_one_where_there_is_any(
    expected: float | None, raw: float | None, shown: dict[ScoreKey, ScoreKey | None]
) -> None:
    values = {VALID: 1.0, RAW_STABLE: raw, EXPECTED_STABLE: expected}
    rows = pd.DataFrame({key.column: pd.array([value], dtype="Float64") for key, value in values.items()})
    assert side_by_side(list(values), rows) == shown


def test_a_heading_says_verdict_only_beside_expected_values() -> None:
    assert heading(RAW_STABLE, [RAW_STABLE, VALID], PROTOCOL) == "Stable"
    assert heading(RAW_STABLE, [RAW_STABLE, EXPECTED_STABLE], PROTOCOL) == "Stable, CHGNet's verdict"
    assert heading(EXPECTED_STABLE, [RAW_STABLE, EXPECTED_STABLE], PROTOCOL) == "Stable, expected by DFT"
    other = ScoreKey("stable", "sevennet-0/unrelaxed/calibrated")
    assert heading(other, [other], PROTOCOL) == "Stable (SevenNet-0, as submitted, calibrated)"


def test_the_written_board_shows_both_and_says_which_ranks(tmp_path: Path) -> None:
    published(tmp_path, CHGNET, 9.0)
    written = render(board(Store(tmp_path), PROTOCOL), "md", PROTOCOL)
    head, _, row, _, ranked_by = written.splitlines()
    assert "Stable (CHGNet, as submitted, calibrated), %" in head
    assert "Stable (CHGNet, as submitted), %" not in head
    assert re.search(r"\| 0\.0 \([^)]*\), raw 0\.0 \|", row)
    assert "100.0% outside of what the calibration was fitted on: there the interval reaches to the raw verdict" in row
    assert ranked_by.startswith("Ranked by Discoveries (CHGNet, as submitted), calibrated: expected by DFT from labels")
    assert "DOI 10.1039/D5MH00010F" in ranked_by


def test_the_table_for_programs_says_which_ranks_and_by_which_calibration(tmp_path: Path) -> None:
    published(tmp_path, CHGNET)
    (row,) = json.loads(render(board(Store(tmp_path), PROTOCOL), "json", PROTOCOL))
    assert row["ranked_by"] == ScoreKey(PROTOCOL.ranking_with_energies, CALIBRATED).column
    assert row["calibration"] == CHGNET.sha256
    assert row["rank"] == 1
    assert 0 < row[EXPECTED_STABLE.column] < row[RAW_STABLE.column] == 1


def test_a_board_without_a_calibration_is_called_raw(tmp_path: Path) -> None:
    published(tmp_path, None)
    table = board(Store(tmp_path), PROTOCOL)
    assert ranking_text(table, "mp", PROTOCOL).endswith("raw: no calibration by DFT labels fits")
    assert table.wide["calibration"].isna().all()


def test_a_calibration_that_is_not_here_any_more_is_named_by_its_hash(tmp_path: Path) -> None:
    earlier = CHGNET.model_copy(update={"source": "labels of long ago"})
    published(tmp_path, earlier)
    words = ranking_text(board(Store(tmp_path), PROTOCOL), "mp", PROTOCOL)
    assert words.endswith(f"labels of an earlier calibration ({earlier.sha256[:12]})")
