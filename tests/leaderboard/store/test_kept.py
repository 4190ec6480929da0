"""A store that many read: what it is asked for is looked up once in a while, its own changes show at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.store.kept import KeptStore
from leaderboard.store.local import Store
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path


def test_what_others_publish_is_seen_when_the_time_is_up(tmp_path: Path) -> None:
    publish(tmp_path, Made("a", [good("a")]))
    patient, eager = (
        KeptStore(Store(tmp_path), looked_at_every_s=3_600),
        KeptStore(Store(tmp_path), looked_at_every_s=0),
    )
    assert patient.state() == eager.state() == Store(tmp_path).state()
    assert len(patient.runs()) == 1
    publish(tmp_path, Made("b", [good("a")]))
    assert [run.model for run in patient.runs()] == ["a"]
    assert sorted(run.model for run in eager.runs()) == ["a", "b"]
    assert eager.state() == Store(tmp_path).state() != patient.state()


def test_the_runs_are_those_of_the_state_and_read_once(tmp_path: Path) -> None:
    publish(tmp_path, Made("a", [good("a")]))
    store = KeptStore(Store(tmp_path), looked_at_every_s=0)
    assert store.runs() is store.runs()


def test_what_it_publishes_itself_is_seen_at_once(tmp_path: Path) -> None:
    made = publish(tmp_path / "elsewhere", Made("a", [good("a")]))
    store = KeptStore(Store(tmp_path / "runs"), looked_at_every_s=3_600)
    assert store.runs() == []
    store.publish(made.path)
    assert [run.model for run in store.runs()] == ["a"]
