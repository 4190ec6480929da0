"""The queue as the pages use it, with a scorer that the test holds back: everything but the scoring is real."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from leaderboard.queue import claims
from leaderboard.queue.admission import Limits
from leaderboard.queue.claims import MAX_ATTEMPTS
from leaderboard.queue.jobs import Jobs, trouble
from leaderboard.queue.runner import Runner
from leaderboard.queue.submissions import NotAcceptedError, NotAllowedError, card_kept
from leaderboard.run.service import OUR_FAULT
from leaderboard.store.actions import Action
from leaderboard.store.local import Store
from submissions.card import Card
from submissions.limits import Limits as ReadingLimits
from tests.held_scorer import HeldScorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from leaderboard.queue.submissions import Submission

CARD = Card(model="m")
WAIT_S = 60.0
NO_LIMITS = Limits(waiting=None, uploads_bytes=None, free_bytes=None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return Jobs(store, NO_LIMITS)


@pytest.fixture
def scorer(tmp_path: Path) -> HeldScorer:
    return HeldScorer(tmp_path / "made")


@pytest.fixture
def runner(jobs: Jobs, scorer: HeldScorer) -> Iterator[Runner]:
    running = Runner(jobs, scorer)
    running.start()
    yield running
    running.close()
    assert scorer.is_closed


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Path]:
    def write(content: str) -> Path:
        path = tmp_path / f"{content}.zip"
        path.write_text(content)
        return path

    return write


def settled(jobs: Jobs, submission: Submission) -> Submission:
    """The submission once it neither waits nor runs."""
    return until(jobs, submission, lambda now: not now.is_unfinished)


def until(jobs: Jobs, submission: Submission, reached: Callable[[Submission], bool]) -> Submission:
    end = time.monotonic() + WAIT_S
    while True:
        now = jobs.get(submission.id)
        assert now is not None
        if reached(now):
            return now
        assert time.monotonic() < end, f"it is still {now.state}"
        time.sleep(0.02)


@pytest.mark.usefixtures("runner")
def test_a_scored_file_has_a_private_result_and_is_not_on_the_board(
    jobs: Jobs, scorer: HeldScorer, store: Store, file: Callable[[str], Path]
) -> None:
    path = file("a")
    added = jobs.add(path, CARD)
    path.unlink()  # what the visitor's browser sent is kept
    running = until(jobs, added, lambda now: now.progress is not None)
    assert (running.state, running.progress and running.progress.total) == ("running", 4)
    scorer.go.release()
    scored = settled(jobs, added)
    assert scored.state == "scored"
    result = jobs.result(scored)
    assert result is not None
    assert result.record.submission_sha256 == hashlib.sha256(b"a").hexdigest()
    assert result.id == scored.run
    assert str(scored.run).startswith(added.id)
    assert store.runs() == []
    assert store.actions() == []


@pytest.mark.usefixtures("runner")
def test_a_file_that_is_refused_says_why_and_holds_up_no_other(
    jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path]
) -> None:
    added = jobs.add(file("refused"), CARD)
    scorer.go.release()
    ended = settled(jobs, added)
    assert (ended.state, ended.is_retryable) == ("refused", False)
    assert "there is no structure in it" in str(ended.error)
    other = jobs.add(file("a"), CARD)
    scorer.go.release()
    assert settled(jobs, other).state == "scored"


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize(("content", "said"), [("ended", "the scoring process ended (SIGKILL)"), ("fault", OUR_FAULT)])
def test_a_file_that_ends_the_scoring_is_given_up_after_so_many_attempts(
    jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path], content: str, said: str
) -> None:
    added = jobs.add(file(content), CARD)
    scorer.go.release(MAX_ATTEMPTS + 1)
    ended = settled(jobs, added)
    assert (ended.state, ended.is_retryable) == ("failed", True)
    assert said in str(ended.error)
    # the first attempt measured a structure, which none had before it
    assert ended.attempts == MAX_ATTEMPTS
    assert len(scorer.order) == MAX_ATTEMPTS


def test_the_same_file_of_a_person_is_the_same_submission(jobs: Jobs, file: Callable[[str], Path]) -> None:
    first = jobs.add(file("a"), CARD, "ada", "1.1.1.1")
    again = jobs.add(file("a"), Card(model="other"), "ada", "2.2.2.2")
    assert (again.id, again.n_uploads, again.card) == (first.id, 2, Card(model="other"))
    assert not again.by_another
    other = jobs.add(file("a"), CARD, "bob", "1.1.1.1")
    assert other.id != first.id
    assert other.by_another
    assert len({first.id, other.id, jobs.add(file("a"), CARD, None, "1.1.1.1").id}) == 3
    assert jobs.get(first.id) == again


@pytest.mark.usefixtures("runner")
def test_what_ended_without_a_result_is_queued_again_under_its_link(
    jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path]
) -> None:
    added = jobs.add(file("refused"), CARD)
    scorer.go.release()
    settled(jobs, added)
    again = jobs.add(file("refused"), Card(model="new name"))
    assert (again.id, again.state, again.card.model, again.error) == (added.id, "queued", "new name", None)
    scorer.go.release()
    assert settled(jobs, again).state == "refused"


@pytest.mark.usefixtures("runner")
def test_a_scored_file_that_comes_with_another_card_is_scored_with_it_and_is_no_further_upload(
    store: Store, jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path]
) -> None:
    added = jobs.add(file("a"), Card(model="misspelt"), "ada")
    scorer.go.release()
    assert settled(jobs, added).state == "scored"
    # one file of this person in a week, and that has come
    of_one = Jobs(store, replace(NO_LIMITS, owner_week=1))
    again = of_one.add(file("a"), CARD, "ada")
    assert (again.id, again.state, again.card) == (added.id, "queued", CARD)
    while_it_runs = until(jobs, again, lambda now: now.progress is not None)
    kept = of_one.add(file("a"), Card(model="third"), "ada")
    assert (kept.state, kept.card) == ("running", CARD)
    assert "is being scored as m" in str(card_kept(kept, Card(model="third")))
    assert card_kept(kept, CARD) is None
    scorer.go.release()
    scored = settled(jobs, while_it_runs)
    result = jobs.result(scored)
    assert result is not None
    assert result.model == "m"
    # the same card once more: it has its result already
    assert of_one.add(file("a"), CARD, "ada").state == "scored"


def test_visitors_take_turns_and_everybody_knows_his_place(
    jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path]
) -> None:
    adas = [jobs.add(file(f"ada {number}"), CARD, "ada") for number in range(3)]
    bob = jobs.add(file("bob"), CARD, "bob")
    assert [jobs.place(one).ahead for one in (*adas, bob)] == [0, 2, 3, 1]
    assert jobs.place(bob).wait_s is None  # nothing was scored yet
    running = Runner(jobs, scorer)
    running.start()
    until(jobs, adas[0], lambda now: now.progress is not None)
    assert [jobs.place(one).ahead for one in (bob, *adas[1:])] == [1, 2, 3]
    scorer.go.release(4)
    for one in (*adas, bob):
        settled(jobs, one)
    assert scorer.order == ["ada 0.zip", "bob.zip", "ada 1.zip", "ada 2.zip"]
    waits = jobs.add(file("later"), CARD)
    assert (jobs.place(waits).wait_s or 0) > 0
    running.close()


@pytest.mark.usefixtures("runner")
def test_what_waits_or_runs_can_be_cancelled_by_its_owner(
    jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path]
) -> None:
    running = jobs.add(file("runs"), CARD, "ada")
    until(jobs, running, lambda now: now.progress is not None)
    waiting = jobs.add(file("waits"), CARD, "ada")
    with pytest.raises(NotAllowedError, match="somebody else"):
        jobs.cancel(waiting.id, "bob")
    with pytest.raises(NotAllowedError, match="somebody else"):
        jobs.cancel(waiting.id)
    assert jobs.cancel(waiting.id, "ada").state == "cancelled"
    jobs.cancel(running.id, "ada")
    assert settled(jobs, running).state == "cancelled"
    assert scorer.order == ["runs.zip"]
    with pytest.raises(NotAllowedError, match="no such submission"):
        jobs.cancel("0" * 32)
    done = jobs.add(file("done"), CARD)
    scorer.go.release()
    settled(jobs, done)
    with pytest.raises(NotAllowedError, match="this submission is scored"):
        jobs.cancel(done.id)


def test_a_cancelled_file_ends_though_the_first_stop_came_too_early(
    jobs: Jobs, file: Callable[[str], Path], tmp_path: Path
) -> None:
    class Late(HeldScorer):
        """Its process had not begun when it was stopped first."""

        def stop(self) -> None:
            self.n_stops = getattr(self, "n_stops", 0) + 1
            if self.n_stops > 1:
                super().stop()

    runner = Runner(jobs, Late(tmp_path / "made"))
    runner.start()
    added = jobs.add(file("a"), CARD)
    until(jobs, added, lambda now: now.state == "running")
    jobs.cancel(added.id)
    assert settled(jobs, added).state == "cancelled"
    runner.close()


def test_a_stopped_app_gives_back_what_it_scored_and_the_next_one_scores_it(
    jobs: Jobs, scorer: HeldScorer, file: Callable[[str], Path], tmp_path: Path
) -> None:
    first = Runner(jobs, scorer)
    first.start()
    added = jobs.add(file("a"), CARD)
    until(jobs, added, lambda now: now.state == "running")
    first.close()
    assert [now.state for now in [jobs.get(added.id)] if now] == ["queued"]
    other = HeldScorer(tmp_path / "other")
    second = Runner(Jobs(jobs.store, NO_LIMITS), other)
    second.start()
    other.go.release()
    assert settled(jobs, added).state == "scored"
    second.close()


def test_an_id_that_no_one_gave_is_no_submission(jobs: Jobs, file: Callable[[str], Path]) -> None:
    assert jobs.get("0" * 32) is None
    assert not jobs.database.exists  # looking makes no file
    jobs.add(file("a"), CARD)
    assert jobs.get("") is None
    assert jobs.get("0" * 32) is None


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(waiting=2), "2 submissions are waiting"),
        (Limits(waiting_of_one=2), "wait or run; please wait for one or cancel it"),
        (Limits(owner_week=2), "within the last 7 days"),
        (Limits(address_day=2), "from your address within a day"),
        (Limits(uploads_bytes=11), "has no room"),
        (Limits(free_bytes=10**18), "this server's disk is full: "),
    ],
)
def test_each_limit_is_said_in_one_line_and_takes_nothing(
    store: Store, file: Callable[[str], Path], limits: Limits, said: str
) -> None:
    free = Jobs(store, NO_LIMITS)
    known = [free.add(file(f"file {number}"), CARD, "ada") for number in range(2)]
    jobs = Jobs(store, limits)
    with pytest.raises(NotAcceptedError, match=said) as refused:
        jobs.add(file("file 2"), CARD, "ada")
    assert "\n" not in str(refused.value)
    assert sorted(path.name for path in jobs.uploads.folder.iterdir()) == sorted(one.sha256 for one in known)
    # what is there already takes no room
    assert jobs.add(file("file 1"), CARD, "ada").id == known[1].id


def test_a_file_that_is_cancelled_and_sent_again_counts_each_time(store: Store, file: Callable[[str], Path]) -> None:
    jobs = Jobs(store, replace(NO_LIMITS, owner_week=3))
    for _ in range(3):
        jobs.cancel(jobs.add(file("a"), CARD, "ada").id, "ada")
    with pytest.raises(NotAcceptedError, match="within the last 7 days"):
        jobs.add(file("a"), CARD, "ada")
    assert jobs.add(file("a"), CARD, "bob").state == "queued"


def test_a_frozen_board_and_a_banned_person_are_refused_with_the_reason(
    jobs: Jobs, store: Store, file: Callable[[str], Path]
) -> None:
    store.record(Action(actor="maint", kind="banned", user="eve", reason="made up structures"))
    with pytest.raises(NotAcceptedError, match="made up structures"):
        jobs.add(file("a"), CARD, "eve")
    jobs.add(file("a"), CARD, "ada")
    store.record(Action(actor="maint", kind="frozen", reason="moving to another server"))
    with pytest.raises(NotAcceptedError, match="moving to another server"):
        jobs.add(file("b"), CARD, "ada")


def test_a_file_above_the_size_of_a_submission_is_refused(jobs: Jobs, tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    with path.open("wb") as large:
        large.truncate(ReadingLimits().upload_bytes + 1)
    with pytest.raises(NotAcceptedError, match="more than 200,000,000 bytes"):
        jobs.add(path, CARD)
    assert list(jobs.uploads.folder.glob("*")) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "disk is full"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), "disk is full"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), "read-only"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES)), "read-only"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "Input/output error"),
        (sqlite3.OperationalError("database or disk is full"), "disk is full"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "read-only"),
        (sqlite3.OperationalError("unable to open database file"), "read-only"),
        (sqlite3.DatabaseError("file is not a database"), "file is not a database"),
    ],
)
def test_what_the_disk_refuses_is_one_line(error: OSError | sqlite3.Error, said: str) -> None:
    assert said in trouble(error)
    assert "\n" not in trouble(error)


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path, file: Callable[[str], Path]) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "queue.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(NotAcceptedError, match="file is not a database"):
        Jobs(Store(tmp_path / "runs"), NO_LIMITS).add(file("a"), CARD)


def test_what_is_still_needed_is_named(jobs: Jobs, file: Callable[[str], Path]) -> None:
    assert jobs.kept() == (frozenset(), frozenset())
    waiting, cancelled = (jobs.add(file(name), CARD) for name in ("a", "b"))
    jobs.cancel(cancelled.id)
    assert jobs.kept() == (frozenset({waiting.sha256}), frozenset({waiting.id}))


def test_a_row_that_cannot_be_read_holds_up_nobody_else(jobs: Jobs, file: Callable[[str], Path]) -> None:
    damaged, whole = (jobs.add(file(name), Card(model=name), name) for name in ("ada", "bob"))
    with jobs.database.write() as connection:
        connection.execute("UPDATE submissions SET card = '{\"gone\": 1}' WHERE id = ?", (damaged.id,))
    claimed = [claims.claim(jobs.database, "me", 0.0) for _ in range(3)]
    assert [one.submission.id for one in claimed if one is not None] == [whole.id]
    states = jobs.database.read().execute("SELECT state FROM submissions ORDER BY number").fetchall()
    assert [state for (state,) in states] == ["failed", "running"]
