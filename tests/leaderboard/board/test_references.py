"""Runs against several sets of one name: each set has a board of its own, and none decides anything of another's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.board.comparison import caveats
from leaderboard.board.ranking import run_variances
from leaderboard.board.references import Ranked, ReferenceVersion, board_names, label
from leaderboard.board.table import board
from leaderboard.board.written import render
from leaderboard.pages.board.controls import references
from leaderboard.pages.board.notes import legend_html
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from reference_data.reference import open_reference, present_sha256
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from leaderboard.store.run import Run

PROTOCOL = load_protocol()
N_RANKED = PROTOCOL.n_ranked
HONEST = {"reference": "lemat-bulk", "reference_hash": "a" * 64, "reference_indicative": False}
RIVAL = {**HONEST, "reference_hash": "b" * 64}
RIVAL_NAME = "lemat-bulk (bbbbbbbb)"


def records(n_novel: int) -> list[dict[str, Any]]:
    """Valid and unique records, of which the first n_novel are novel."""
    return [good(f"r{number}", in_reference=number >= n_novel) for number in range(N_RANKED)]


def published(root: Path, model: str, n_novel: int, record: dict[str, Any]) -> Run:
    return publish(root, Made(model, records(n_novel), energies=[energy(caesium_chloride(), 0.0)], record=record))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two models against one set, and one of them against an almost empty set that has its name."""
    published(tmp_path, "first", 1_000, HONEST)
    published(tmp_path, "second", 500, HONEST)
    later = {"created": "2026-12-01T00:00:00+00:00"}
    published(tmp_path, "second", 500, RIVAL | later)
    return Store(tmp_path)


def test_a_set_of_the_same_name_neither_replaces_a_row_nor_moves_a_rank(store: Store) -> None:
    runs = board(store, PROTOCOL).runs
    assert runs["reference"].tolist() == ["lemat-bulk", "lemat-bulk", RIVAL_NAME]
    assert runs["reference_hash"].tolist() == ["a" * 64, "a" * 64, "b" * 64]
    assert sorted(runs["model"].iloc[:2]) == ["first", "second"]
    assert runs["rank"].tolist()[-1] == 1
    # one run of each model in either field: nothing is pooled over both sets
    assert runs["n_runs"].tolist() == [1, 1, 1]
    assert run_variances(runs, board(store, PROTOCOL).scores, str(runs["run"].iloc[0]), PROTOCOL) == {}


@pytest.mark.parametrize("changes", [{"reference_hash": "b" * 64}, {"custom": True}], ids=["another set", "custom"])
def test_who_calls_a_set_indicative_does_not_decide_what_ranks_the_others(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    published(tmp_path, "first", 1_000, HONEST)
    published(tmp_path, "rival", 2_000, HONEST | changes | {"reference_indicative": True})
    table = board(Store(tmp_path), PROTOCOL)
    assert not table.is_indicative("lemat-bulk")
    assert table.ranking("lemat-bulk", PROTOCOL).name == PROTOCOL.ranking_with_energies
    assert table.runs.loc[table.runs["model"] == "first", "rank"].tolist() == [1]


def test_where_all_runs_are_custom_they_say_whether_the_set_is_indicative(tmp_path: Path) -> None:
    published(tmp_path, "rival", 2_000, HONEST | {"custom": True, "reference_indicative": True})
    assert board(Store(tmp_path), PROTOCOL).is_indicative("lemat-bulk")


def test_versions_are_told_apart_wherever_the_board_is_shown(store: Store) -> None:
    table = board(store, PROTOCOL)
    labels = ["lemat-bulk (aaaaaaaa)", RIVAL_NAME]
    assert references(table, PROTOCOL) == [(labels[0], "lemat-bulk"), (labels[1], RIVAL_NAME)]
    written = render(table, "md", PROTOCOL)
    assert [written.count(words) for words in labels] == [2, 1]
    assert f"reference set {RIVAL_NAME};" in legend_html(table, RIVAL_NAME, PROTOCOL)
    rows = json.loads(render(table, "json", PROTOCOL))
    assert {(row["reference"], row["reference_hash"][:8]) for row in rows} == {
        ("lemat-bulk", "a" * 8),
        (RIVAL_NAME, "b" * 8),
    }


def test_a_set_that_is_alone_under_its_name_has_no_digits(tmp_path: Path) -> None:
    published(tmp_path, "first", 1_000, HONEST)
    table = board(Store(tmp_path), PROTOCOL)
    assert references(table, PROTOCOL) == [("lemat-bulk", "lemat-bulk")]
    assert "lemat-bulk (" not in render(table, "md", PROTOCOL)


def test_runs_against_versions_of_a_set_are_compared_with_a_caveat_that_names_them(store: Store) -> None:
    runs = sorted(store.runs(), key=lambda run: run.record.reference_hash)
    assert f"(lemat-bulk (aaaaaaaa), {RIVAL_NAME})" in caveats([runs[0], runs[-1]], ["first", "last"])[0]


def test_the_set_of_this_machine_is_the_default_before_one_with_more_models() -> None:
    present = open_reference("starter").manifest_sha256
    assert present_sha256("starter") == present
    assert present_sha256("nobody's") is None
    here, popular = ReferenceVersion("starter", present), ReferenceVersion("starter", "f" * 64)
    names = board_names({popular: Ranked(9, "2026-01-01"), here: Ranked(0, "2026-02-01")})
    assert names == {here: "starter", popular: "starter (ffffffff)"}


@pytest.mark.parametrize(
    ("first", "second"),
    [(Ranked(2, "2026-02-01"), Ranked(1, "2026-01-01")), (Ranked(1, "2026-01-01"), Ranked(1, "2026-02-01"))],
    ids=["more models", "earlier"],
)
def test_without_it_ranked_models_decide_and_then_time(first: Ranked, second: Ranked) -> None:
    one, other = ReferenceVersion("absent", "f" * 64), ReferenceVersion("absent", "0" * 64)
    assert board_names({one: first, other: second})[one] == "absent"
    assert board_names({one: second, other: first})[other] == "absent"


VERSIONS = st.builds(ReferenceVersion, st.sampled_from(["a", "b"]), st.text("01", min_size=64, max_size=64))


@given(st.dictionaries(VERSIONS, st.builds(Ranked, st.integers(0, 3), st.just("2026")), max_size=6))
def test_no_two_versions_have_one_name_or_label(versions: Mapping[ReferenceVersion, Ranked]) -> None:
    names = board_names(versions)
    assert set(names) == set(versions)
    assert len(set(names.values())) == len(versions)
    assert len({label(version, list(versions)) for version in versions}) == len(versions)
    assert {version.name for version in versions} <= set(names.values())


def test_however_alike_hashes_are_labels_differ() -> None:
    one, other = ReferenceVersion("a", "0" * 64), ReferenceVersion("a", "0" * 63 + "1")
    assert label(one, [one, other]) != label(other, [one, other])
