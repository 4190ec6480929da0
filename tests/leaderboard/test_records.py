"""Records of runs as closed types: what older code wrote is read, what nobody knows is refused with its place."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from leaderboard.errors import RecordError
from leaderboard.records import FORMAT_VERSION, Release, RunRecord, RunScores, ScoreEntry, StartedRun
from leaderboard.score_key import ScoreKey
from leaderboard.store.json_files import read_any_run, read_model, write_model

if TYPE_CHECKING:
    from pathlib import Path

# word for word what version 1 of the format wrote for the bundled example, but for most of its scores
OLD_RUN = """\
{
  "status": "done",
  "file_name": "example.zip",
  "model": {
    "model": "Example (decorated prototypes)",
    "version": "1",
    "authors": [
      "The maintainers of this benchmark"
    ],
    "contact": null,
    "affiliation": null,
    "paper": null,
    "doi": null,
    "code": null,
    "licence": "Apache-2.0",
    "open_weights": null,
    "architecture": "rule: known prototypes with elements exchanged, some deliberately spoiled",
    "parameters": null,
    "training_sets": [],
    "pre_relaxed": false,
    "pre_relaxation_potential": null,
    "pre_relaxation_settings": null,
    "sampling_settings": null,
    "n_generated": null,
    "filters": "none",
    "training_compute": null,
    "sampling_compute": null,
    "hardware": "one CPU core",
    "date": "2026-11-23"
  },
  "submission_sha256": "1c53d65e9763d4f8107a5cad76ed2cd9cf83fb1ee1a6a0b845027bc8248307aa",
  "run_key": "9090c86acef4c8cc80a284c1be982a15e84c81033e376202ae7a0cb86903abb7",
  "protocol": "v1",
  "protocol_hash": "a5e00185a87c981c47f1be7137cd2731ef86061a3a2f996f6bfc9ab40f8d3a00",
  "protocol_status": "draft",
  "reference": "starter",
  "reference_hash": "c23f4cfdf73477ca9a8eb1d2dc146f15c2c0a8852fa01194a4d262ea0251f1cc",
  "reference_indicative": true,
  "potentials": [
    "chgnet"
  ],
  "relaxed": true,
  "checkpoints": {
    "chgnet": "d14ab7c0f093efe64b60a7bcd540bca10e74fb7f46c86108a079af60524659d1"
  },
  "custom": false,
  "verified": false,
  "versions": {
    "python": "3.11.7",
    "machine": "x86_64",
    "cores": "2",
    "numpy": "2.4.6"
  },
  "n_submitted": 81,
  "created": "2026-11-29T15:47:23+00:00",
  "timings_s": {
    "read": 28.002,
    "measure": 11.649,
    "identify": 0.463,
    "relax": 4.391,
    "score": 0.481
  }
}
"""
OLD_SCORES = """\
{
  "protocol": "v1",
  "protocol_hash": "a5e00185a87c981c47f1be7137cd2731ef86061a3a2f996f6bfc9ab40f8d3a00",
  "reference": "starter",
  "reference_hash": "c23f4cfdf73477ca9a8eb1d2dc146f15c2c0a8852fa01194a4d262ea0251f1cc",
  "run_key": "9090c86acef4c8cc80a284c1be982a15e84c81033e376202ae7a0cb86903abb7",
  "custom": false,
  "n_submitted": 81,
  "scores": [
    {
      "name": "readable",
      "version": 1,
      "variant": null,
      "value": 0.9012345679012346,
      "low": 0.817034985983527,
      "high": 0.9490998837312017,
      "n_counted": 81,
      "n_unknown": 0,
      "unit": "share",
      "better": "higher"
    }
  ]
}
"""
MAY_BE_ADDED = {"format_version", "release", "calibrations", "training_sets"}
"""Keys that files of version 1 do not have."""


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    return read_model(RunRecord, written(tmp_path, json.loads(OLD_RUN)))


def written(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "run.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(("kind", "text"), [(RunRecord, OLD_RUN), (RunScores, OLD_SCORES)], ids=["run", "scores"])
def test_a_file_without_a_version_is_version_1_and_keeps_every_value(
    kind: type[RunRecord | RunScores], text: str, tmp_path: Path
) -> None:
    content = json.loads(text)
    model = read_model(kind, written(tmp_path, content))
    assert model.format_version == 1
    write_model(model, tmp_path / "again.json")
    again = json.loads((tmp_path / "again.json").read_text())
    if "model" in again:
        for later in ("hub_model", "n_attempts", "seeds"):  # fields that cards got later
            assert again["model"].pop(later) is None
    assert {name: value for name, value in again.items() if name not in MAY_BE_ADDED} == content


def test_the_old_record_is_read_by_attribute(record: RunRecord) -> None:
    assert record.model.model == "Example (decorated prototypes)"
    assert record.created == datetime(2026, 11, 29, 15, 47, 23, tzinfo=UTC)
    assert record.day == "2026-11-29"
    assert record.release is None


def test_a_started_run_becomes_a_finished_one_and_its_scores_name_what_they_belong_to(
    record: RunRecord, tmp_path: Path
) -> None:
    setting = record.model_dump(exclude={"status", "n_submitted", "created", "timings_s", "format_version"})
    release = Release(version="1.2", commit=None)
    started = StartedRun.model_validate({**setting, "format_version": FORMAT_VERSION, "release": release})
    write_model(started, tmp_path / "run.json")
    assert read_any_run(tmp_path / "run.json") == started
    done = started.finished(81, record.created, record.timings_s)
    write_model(done, tmp_path / "run.json")
    assert read_any_run(tmp_path / "run.json") == done
    assert (done.format_version, done.release) == (FORMAT_VERSION, release)
    # the two files of a run agree in every key that they share
    shared = done.with_scores(()).model_dump(exclude={"scores"})
    assert shared.items() <= done.model_dump().items()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": FORMAT_VERSION + 1}, "format_version: Input should be 1, 2, 3 or 4"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"model": {"model": "m", "colour": "red"}}, "model.colour: Extra inputs are not permitted"),
        ({"created": "2026-11-29T15:47:23"}, "created: Input should have timezone info"),
        ({"status": "running"}, "status: Input should be 'done'"),
    ],
)
def test_what_is_not_a_record_says_where(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = written(tmp_path, {**json.loads(OLD_RUN), **changes})
    with pytest.raises(RecordError, match=f"run.json: {message}"):
        read_model(RunRecord, path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"status": "lost"}'])
def test_a_file_that_is_no_record_at_all_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RecordError, match=r"run\.json: "):
        read_any_run(tmp_path / "run.json")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_refused(value: float) -> None:
    entry = json.loads(OLD_SCORES)["scores"][0]
    with pytest.raises(ValueError, match="finite number"):
        ScoreEntry.model_validate({**entry, "value": value})


def test_a_score_names_its_column_and_has_an_interval_where_it_is_defined() -> None:
    entry = ScoreEntry.model_validate(json.loads(OLD_SCORES)["scores"][0])
    assert entry.key == ScoreKey("readable")
    assert entry.key.column == "readable"
    assert ScoreKey("stable", "chgnet/relaxed").column == "stable@chgnet/relaxed"
    assert entry.estimate == (0.9012345679012346, 0.817034985983527, 0.9490998837312017)
    assert entry.model_copy(update={"value": None, "low": None, "high": None}).estimate is None
