"""Evaluation results as the Hub reads them, by the Hub's own parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from huggingface_hub import parse_eval_result_entries

from leaderboard.__main__ import main
from leaderboard.export.eval_results import as_yaml, eval_results
from leaderboard.protocol import load_protocol
from leaderboard.store.actions import Action
from leaderboard.store.local import Store
from submissions.card import Card
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

PROTOCOL = load_protocol()
BENCHMARK = "LeMaterial/crystal-leaderboard"
SITE = "https://example.org/board"
HUB_MODEL = "someone/alpha"


def add(root: Path, model: str, n_novel: int, n: int = PROTOCOL.n_ranked, **card: object) -> Any:  # noqa: ANN401
    records = [good(f"{model}-{i}", in_reference=i >= n_novel) for i in range(n)]
    return publish(root, Made(model, records, card=card))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = tmp_path_factory.mktemp("runs")
    add(root, "alpha", 1_200, hub_model=HUB_MODEL)
    add(root, "beta", 1_000, hub_model="someone/beta")
    add(root, "beta", 1_100, hub_model="someone/beta")
    add(root, "nowhere", 1_900)
    add(root, "small", 5, n=10, hub_model="someone/small")
    return Store(root)


def read_back(text: str) -> dict[str, Any]:
    """Entries by task, by the Hub's parser."""
    return {entry.task_id: entry for entry in parse_eval_result_entries(yaml.safe_load(text))}


def test_the_hub_reads_what_the_board_says(store: Store) -> None:
    entries = eval_results(store, PROTOCOL, BENCHMARK, SITE)[HUB_MODEL]
    novel = read_back(as_yaml(entries))["v1.starter.novel"]
    (run,) = [run for run in store.runs() if run.model == "alpha"]
    assert novel.dataset_id == BENCHMARK
    assert novel.value == 1_200 / 2_500
    assert novel.date == "2026-11-20T12:00:00+00:00"
    assert (novel.source_url, novel.source_name) == (f"{SITE}/?model={run.id}", "Crystal generation leaderboard")
    assert novel.notes.startswith("Novel: share of 2,500 submitted structures; 95% interval 0.46")
    assert "the set is small" in novel.notes
    # what the board shows at first, and no score twice
    assert {f"v1.starter.{name}" for name in ("readable", "valid", "unique", "novel", "vun")} == {
        entry.task_id for entry in entries
    }
    assert len({entry.task_id for entry in entries}) == len(entries)


def test_the_text_is_plain_yaml_in_the_order_of_the_format(store: Store) -> None:
    text = as_yaml(eval_results(store, PROTOCOL, BENCHMARK, SITE)[HUB_MODEL])
    assert text.startswith(f"- dataset:\n    id: {BENCHMARK}\n    task_id: v1.starter.readable\n  value: 1.0\n  date: ")
    first = yaml.safe_load(text)[0]
    assert list(first) == ["dataset", "value", "date", "source", "notes"]
    assert isinstance(first["date"], str)


def test_without_an_address_of_the_board_there_is_no_source(store: Store) -> None:
    assert "source" not in yaml.safe_load(as_yaml(eval_results(store, PROTOCOL, BENCHMARK)[HUB_MODEL]))[0]


def test_several_runs_of_a_model_are_one_result_by_their_mean(store: Store) -> None:
    novel = {entry.task_id: entry for entry in eval_results(store, PROTOCOL, BENCHMARK)["someone/beta"]}[
        "v1.starter.novel"
    ]
    assert novel.value == pytest.approx((1_000 + 1_100) / 2 / 2_500, abs=1e-15)
    assert "mean of 2 runs, standard deviation 0.028" in str(novel.notes)  # 0.04 / sqrt(2)


def test_who_has_no_rank_or_no_repository_has_no_results(store: Store) -> None:
    assert set(eval_results(store, PROTOCOL, BENCHMARK)) == {HUB_MODEL, "someone/beta"}


def test_what_no_maintainer_looked_at_has_no_results(tmp_path: Path) -> None:
    run = add(tmp_path, "alpha", 5, hub_model=HUB_MODEL)
    store = Store(tmp_path)
    assert set(eval_results(store, PROTOCOL, BENCHMARK)) == {HUB_MODEL}
    card = Card(model="alpha", hub_model=HUB_MODEL)
    published = {"time": "2026-11-24T00:00:00Z", "actor": "a", "kind": "published", "owner": "o"}
    sha256 = run.record.submission_sha256
    store.record(Action.model_validate({**published, "card": card, "sha256": sha256}))
    # the run that was nobody's is still there beside
    assert set(eval_results(store, PROTOCOL, BENCHMARK)) == {HUB_MODEL}
    store.record(Action.model_validate({**published, "kind": "withdrawn", "owner": None, "sha256": sha256}))
    assert eval_results(store, PROTOCOL, BENCHMARK) == {}


def test_the_command_writes_where_the_hub_looks(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADERBOARD_RUNS", str(store.root))
    monkeypatch.delenv("RESULTS_REPO", raising=False)
    command = ["export", "eval-results", "--out", str(tmp_path)]
    assert main(command) == 1
    assert "--benchmark or RESULTS_REPO" in capsys.readouterr().err
    monkeypatch.setenv("RESULTS_REPO", BENCHMARK)
    assert main(command) == 0
    file = tmp_path / "someone" / "alpha" / ".eval_results" / "LeMaterial--crystal-leaderboard.yaml"
    assert read_back(file.read_text())["v1.starter.vun"].value == 1_200 / 2_500
    assert len(capsys.readouterr().out.splitlines()) == 2
