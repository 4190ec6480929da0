"""Ranges of ranks on the board, and models with several runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from leaderboard.board.table import board
from leaderboard.board.written import render
from leaderboard.protocol import load_protocol
from leaderboard.records import ScoreEntry
from leaderboard.store.json_files import write_model
from leaderboard.store.local import Store
from metrics.score import registry
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.protocol import Protocol

PROTOCOL = load_protocol()
N_RANKED = PROTOCOL.n_ranked
COMPLETE = {"reference_indicative": False}


def records(n: int, n_novel: int, *, start: int = 0) -> list[dict[str, Any]]:
    """Valid and unique records, of which the first n_novel are novel."""
    return [good(f"r{start + number}", in_reference=number >= n_novel) for number in range(n)]


def standings(root: Path, protocol: Protocol = PROTOCOL) -> dict[str, tuple[object, ...]]:
    """Rank, ends of its range and number of runs by model; None for unknown."""
    table = board(Store(root), protocol).runs[["model", "rank", "rank_low", "rank_high", "n_runs"]]
    return {
        str(model): tuple(None if pd.isna(value) else int(value) for value in facts)
        for model, *facts in table.itertuples(index=False, name=None)
    }


def test_models_of_equal_standing_take_each_others_ranks(tmp_path: Path) -> None:
    # 2,500 records: the standard error of a difference of two shares near a half is 1.4 points, or 35 records
    for model, n_novel in (("best", 2_000), ("high", 1_250), ("near", 1_240), ("low", 500)):
        publish(tmp_path, Made(model, records(N_RANKED, n_novel)))
    assert standings(tmp_path) == {
        "best": (1, 1, 1, 1),
        "high": (2, 2, 3, 1),
        "near": (3, 2, 3, 1),
        "low": (4, 4, 4, 1),
    }


def test_unranked_models_of_equal_size_have_a_range_among_themselves(tmp_path: Path) -> None:
    for model, n_novel in (("good", 40), ("bad", 5)):
        publish(tmp_path, Made(model, records(50, n_novel)))
    publish(tmp_path, Made("alone", records(30, 10)))
    publish(tmp_path, Made("other settings", records(50, 10), record={"custom": True}))
    publish(tmp_path, Made("earlier draft", records(50, 10), record={"protocol_hash": "0" * 64}))
    publish(tmp_path, Made("other reference", records(50, 10), record={"reference": "lemat-bulk"}))
    ranges = standings(tmp_path)
    assert ranges["good"] == (None, 1, 1, 1)
    assert ranges["bad"] == (None, 2, 2, 1)
    for model in ("alone", "other settings", "earlier draft", "other reference"):
        assert ranges[model] == (None, None, None, 1)


def test_a_model_takes_one_rank_by_the_mean_of_its_runs(tmp_path: Path) -> None:
    # runs of 60 % and 30 %, mean 45 %: neither above nor below the steady one by its luckiest or unluckiest run
    publish(tmp_path, Made("steady", records(N_RANKED, 1_250)))
    publish(tmp_path, Made("several", records(N_RANKED, 1_500)))
    publish(tmp_path, Made("several", records(N_RANKED, 750)))
    publish(tmp_path, Made("last", records(N_RANKED, 100)))
    # runs of a model that differ by 30 points say, as the only two there are, that any model could come anywhere
    assert standings(tmp_path) == {"steady": (1, 1, 3, 1), "several": (2, 1, 3, 2), "last": (3, 1, 3, 1)}
    whole = board(Store(tmp_path), PROTOCOL)
    table = whole.wide
    several = table[table["model"] == "several"]
    # two runs of 0.6 and 0.3: mean 0.45, standard deviation 0.3 / sqrt(2)
    for name, expected in (("spread", 0.3 / 2**0.5), ("runs_mean", 0.45), ("runs_min", 0.3), ("runs_max", 0.6)):
        assert several[f"vun_{name}"].tolist() == pytest.approx([expected] * 2)
        assert table.loc[table["model"] == "steady", f"vun_{name}"].isna().all()
    assert "runs 45.0 ± 21.2" in render(whole, "md", PROTOCOL)


def test_runs_of_another_version_are_not_joined(tmp_path: Path) -> None:
    publish(tmp_path, Made("m", records(60, 30)))
    publish(tmp_path, Made("m", records(60, 10), card={"version": "2"}))
    table = board(Store(tmp_path), PROTOCOL).wide
    assert table["n_runs"].tolist() == [1, 1]
    assert "vun_spread" not in table


def test_a_score_that_counts_no_hits_ranks_by_its_interval(tmp_path: Path) -> None:
    # an expected share that a potential's calibration gave: no count of hits, so its interval is what is drawn from
    protocol = PROTOCOL.model_copy(update={"ranking_with_energies": "vun", "n_ranked": 20})
    for model, value in (("a", 0.30), ("b", 0.31), ("c", 0.6)):
        run = publish(tmp_path, Made(model, records(20, 5), record=COMPLETE | {"protocol_hash": protocol.hash}))
        entry = ScoreEntry(
            name="vun",
            version=registry()["vun"].version,
            variant=protocol.energy_variant,
            value=value,
            low=value - 0.05,
            high=value + 0.05,
            n_counted=20,
            n_unknown=0,
            unit="share",
            better="higher",
        )
        write_model(run.scores.model_copy(update={"scores": (*run.scores.scores, entry)}), run.path / "scores.json")
    assert standings(tmp_path, protocol) == {"c": (1, 1, 1, 1), "b": (2, 2, 3, 1), "a": (3, 2, 3, 1)}


def test_a_run_whose_ranking_score_has_no_interval_takes_no_rank_and_says_so(tmp_path: Path) -> None:
    for model in ("a", "b"):
        run = publish(tmp_path, Made(model, records(N_RANKED, 100)))
        if model == "b":
            entries = [
                one.model_copy(update={"low": None, "high": None}) if one.name == "vun" else one
                for one in run.scores.scores
            ]
            write_model(run.record.with_scores(entries), run.path / "scores.json")
    assert standings(tmp_path) == {"a": (1, 1, 1, 1), "b": (None, None, None, 1)}
    table = board(Store(tmp_path), PROTOCOL)
    assert table.runs.set_index("model")["not_ranked"].dropna().to_dict() == {"b": "no interval of VUN"}
    assert "4.0 (no interval: no spread)" in render(table, "md", PROTOCOL)
