"""What the health page says, to a monitor and to a person."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from leaderboard.queue.jobs import Jobs
from leaderboard.release import release
from leaderboard.run.service import ScoringProcess
from leaderboard.server.health import REMEMBERED_S, Health, QueueOf, QueueState, resident_bytes
from leaderboard.store.local import Store
from tests.leaderboard.server.asking import ask
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """A clock that stands still."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Waiting:
    """A queue in one state."""

    def __init__(self, state: QueueState) -> None:
        self.state = state

    def health(self) -> QueueState:
        return self.state


def test_a_sound_server_says_so(tmp_path: Path) -> None:
    publish(tmp_path, Made("m", [good("a")]))
    clock = Clock()
    health = Health(
        Store(tmp_path), Waiting(QueueState(waiting=2, oldest_waiting_s=5.0, scoring_pid=os.getpid())), clock
    )
    clock.now += 60
    answer = ask(Starlette(routes=[Route("/health", health.answer)]), path="/health").json()
    known = {name: answer[name] for name in ("status", "troubles", "runs", "damaged", "uptime_s", "queue_waiting")}
    assert known == {"status": "ok", "troubles": [], "runs": 1, "damaged": [], "uptime_s": 60, "queue_waiting": 2}
    assert answer["version"] == release().version
    assert answer["packages"]["gradio"]
    # this process scores too, here; both looked within a moment of each other
    assert answer["scoring_memory_bytes"] == pytest.approx(answer["memory_bytes"], rel=0.2)


def test_a_queue_that_cannot_be_read_is_a_trouble(tmp_path: Path) -> None:
    (tmp_path / "queue.sqlite").write_bytes(b"not a database" * 100)
    store = Store(tmp_path)
    report = Health(store, QueueOf(Jobs(store), ScoringProcess(store))).report()
    assert any("the queue cannot be read" in trouble for trouble in report.troubles)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (QueueState(waiting=1, oldest_waiting_s=7_200.0, scoring_pid=1), "has waited 7,200 s"),
        (QueueState(waiting=1, oldest_waiting_s=1.0), "the scoring process does not run"),
    ],
)
def test_a_queue_that_stands_still_is_trouble(tmp_path: Path, state: QueueState, words: str) -> None:
    report = Health(Store(tmp_path), Waiting(state)).report()
    assert report.status == "degraded"
    assert words in " ".join(report.troubles)


def test_a_damaged_run_is_trouble_and_named_without_its_folder(tmp_path: Path) -> None:
    run = publish(tmp_path, Made("m", [good("a")]))
    (run.path / "scores.json").write_text("{")
    health = Health(Store(tmp_path), None)
    assert health.report().facts["damaged"] == [f"{run.path.parent.name}/{run.path.name}"]
    page = ask(Starlette(routes=[Route("/health", health.answer)]), path="/health", headers={"accept": "text/html"})
    assert "<h1>degraded</h1>" in page.text
    assert str(tmp_path) not in page.text


def test_the_server_is_looked_at_once_in_a_while(tmp_path: Path) -> None:
    clock = Clock()
    health = Health(Store(tmp_path), None, clock)
    assert health.report().facts["runs"] == 0
    publish(tmp_path, Made("m", [good("a")]))
    assert health.report().facts["runs"] == 0
    clock.now += REMEMBERED_S
    assert health.report().facts["runs"] == 1


def test_memory_of_a_process_that_is_gone_is_unknown() -> None:
    assert resident_bytes(2**30) is None
