"""The queue in front of the scoring process, with a scorer that the test holds back."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING, get_args

import pytest

from leaderboard.pages.submit import status_html
from leaderboard.queue.jobs import MAX_WAITING, Job, Jobs, QueueFullError, State
from leaderboard.run.service import ScoringError
from leaderboard.store.local import Store
from metrics.measure.running.progress import Progress
from submissions.card import Card
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from metrics.measure.running.progress import Report

CARD = Card(model="m")
WAIT_S = 30.0


class HeldScorer:
    """Scores when the test lets it: publishes a made run, or raises what the file says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.go = threading.Semaphore(0)
        self.closed = False

    def score(self, path: Path, card: Card, *, on_progress: Report) -> Path:
        on_progress(Progress("measure", 1, 4, 2.0, 1.5))
        assert self.go.acquire(timeout=WAIT_S)
        content = path.read_text()
        if content == "refused":
            msg = "empty: there is no structure in it"
            raise ScoringError(msg)
        if content == "fault":
            msg = "a fault of ours"
            raise RuntimeError(msg)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return publish(self.root, Made(card.model, [good("a")], record={"submission_sha256": sha256})).path

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def scorer(tmp_path: Path) -> HeldScorer:
    return HeldScorer(tmp_path / "runs")


@pytest.fixture
def jobs(scorer: HeldScorer) -> Iterator[Jobs]:
    queue = Jobs(Store(scorer.root), scorer)
    yield queue
    scorer.go.release(MAX_WAITING + 2)
    queue.close()
    assert scorer.closed


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Path]:
    def write(content: str) -> Path:
        path = tmp_path / f"{content}.zip"
        path.write_text(content)
        return path

    return write


def settled(job: Job) -> Job:
    """The job once it neither waits nor runs."""
    return until(job, lambda: not job.unfinished)


def until(job: Job, reached: Callable[[], bool]) -> Job:
    end = time.monotonic() + WAIT_S
    while not reached():
        assert time.monotonic() < end, f"the job is still {job.state}"
        time.sleep(0.01)
    return job


def test_a_scored_file_names_its_run(jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path]) -> None:
    job = jobs.add(file("a"), CARD)
    until(job, lambda: job.progress is not None)
    assert jobs.get(job.id) is job
    assert "measure, 1 of 4, 2.0 per second, 2 s left" in status_html(job, 0)
    scorer.go.release()
    assert settled(job).state == "scored"
    assert job.run == Store(scorer.root).runs()[0].id
    assert job.id == hashlib.sha256(b"a").hexdigest()[:12]


def test_files_wait_for_their_turn(jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path]) -> None:
    first, second, third = (jobs.add(file(name), CARD) for name in ("a", "b", "c"))
    assert [jobs.ahead_of(job) for job in (first, second, third)] == [0, 1, 2]
    assert "c.zip of m waits, 2 ahead of it" in status_html(third, 2)
    scorer.go.release()
    settled(first)
    assert jobs.ahead_of(third) == 1


@pytest.mark.parametrize(
    ("content", "said"), [("refused", "there is no structure in it"), ("fault", "fault of this app")]
)
def test_a_file_that_is_not_scored_says_why(
    jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path], content: str, said: str
) -> None:
    job = jobs.add(file(content), CARD)
    scorer.go.release()
    assert settled(job).state == "failed"
    assert said in status_html(job, 0)
    # the next one is served as if nothing had happened
    other = jobs.add(file("a"), CARD)
    scorer.go.release()
    assert settled(other).state == "scored"


def test_the_same_file_in_the_queue_is_the_same_submission(
    jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path]
) -> None:
    first = jobs.add(file("a"), CARD)
    assert jobs.add(file("a"), Card(model="other")) is first
    scorer.go.release()
    settled(first)


def test_the_same_file_again_says_who_came_first(jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path]) -> None:
    scorer.go.release(2)
    settled(jobs.add(file("a"), CARD))
    again = settled(jobs.add(file("a"), Card(model="other")))
    assert again.earlier is not None
    assert again.earlier.startswith("m on ")
    assert "submitted before, as m on " in status_html(again, 0)


def test_a_full_queue_refuses(jobs: Jobs, file: Callable[[str], Path]) -> None:
    running = jobs.add(file("running"), CARD)
    until(running, lambda: running.state == "running")
    for number in range(MAX_WAITING):
        jobs.add(file(f"waiting {number}"), CARD)
    with pytest.raises(QueueFullError, match=f"{MAX_WAITING} submissions are waiting"):
        jobs.add(file("one more"), CARD)


def test_an_id_that_no_one_gave_is_no_job(jobs: Jobs) -> None:
    assert jobs.get("") is None
    assert jobs.get("0" * 12) is None


def test_names_in_the_status_are_never_markup() -> None:
    job = Job("0" * 12, "<img src=x>.zip", "<script>", "<b> on 2026-11-20")
    for state in get_args(State):
        job.state = state
        html = status_html(job, 0)
        assert not any(tag in html for tag in ("<img", "<script", "<b>"))
