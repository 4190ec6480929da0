"""The queue against a plain model of it: whatever happens in whatever order, both say the same.

Two processes score; each may die at any moment. The model knows nothing of tables: it keeps a dict of states.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from leaderboard.queue import claims
from leaderboard.queue.admission import Limits
from leaderboard.queue.claims import MAX_ATTEMPTS, MAX_INTERRUPTIONS, Answer, Claim
from leaderboard.queue.jobs import Jobs
from leaderboard.queue.submissions import NEXT, NotAllowedError
from leaderboard.store.local import Store
from metrics.measure.running.progress import Progress
from submissions.card import Card

if TYPE_CHECKING:
    from leaderboard.queue.submissions import State

OWNERS = st.sampled_from([None, "ada", "bob"])
NO_LIMITS = Limits(waiting=None, uploads_bytes=None, free_bytes=None)
LONG_S = claims.STALE_S + 1


class Queue(RuleBasedStateMachine):
    """What users, scorers and the passing of time do to the queue."""

    held = Bundle("held")

    @initialize()
    def start(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.root = Path(self.place.name)
        self.now = 1_000.0
        self.ids: dict[tuple[str, str | None], str] = {}
        self.states: dict[str, State] = {}
        self.holders: dict[str, str] = {}
        self.gone: set[str] = set()
        self.beats: dict[str, float] = {}
        self.attempts: dict[str, int] = {}
        self.measured: dict[str, int] = {}
        self.interruptions: dict[str, int] = {}
        self.cancelled: set[str] = set()
        self.n_holders = 0
        self.restart()

    @rule()
    def restart(self) -> None:
        """The app's memory is gone."""
        self.jobs = Jobs(Store(self.root / "runs"), NO_LIMITS)

    @rule(content=st.sampled_from("abcd"), owner=OWNERS)
    def add(self, content: str, owner: str | None) -> None:
        path = self.root / content
        path.write_text(content)
        added = self.jobs.add(path, Card(model="m"), owner)
        key = (content, owner)
        assert self.ids.setdefault(key, added.id) == added.id
        before = self.states.get(added.id)
        # a result that is not on the disk, as none here is, is as good as none
        if before in (None, "refused", "failed", "cancelled", "scored"):
            self._move(added.id, "queued")
            self.attempts[added.id] = self.interruptions[added.id] = 0
            self.cancelled.discard(added.id)
        assert added.state == self.states[added.id]

    @rule(target=held)
    def claim(self) -> object:
        self.n_holders += 1
        holder = f"holder {self.n_holders}"
        claimed = claims.claim(self.jobs.database, holder, self.now)
        waits = {name for name, state in self.states.items() if state == "queued"}
        assert (claimed is None) == (not waits)
        if claimed is None:
            return multiple()
        assert claimed.submission.id in waits
        self._move(claimed.submission.id, "running")
        self.holders[claimed.submission.id] = holder
        self.beats[claimed.submission.id] = self.now
        return claimed

    @rule(claimed=held, done=st.integers(0, 5))
    def beat(self, claimed: Claim, done: int) -> None:
        name = claimed.submission.id
        answer = claimed.beat(Progress("measure", done, 5, None, None), self.now)
        if self._holds(claimed):
            self.beats[name] = self.now
            assert answer is (Answer.CANCEL if name in self.cancelled else Answer.GO_ON)
            now = self.jobs.get(name)
            assert now is not None
            assert now.progress == Progress("measure", done, 5, None, None)
        else:
            assert answer is Answer.LOST

    @rule(claimed=consumes(held))
    def score(self, claimed: Claim) -> None:
        holds = self._holds(claimed)
        assert claimed.scored("0" * 32 + "/" + "0" * 12, self.now) == holds
        if holds:
            self._move(claimed.submission.id, "scored")

    @rule(claimed=consumes(held), state=st.sampled_from(["refused", "failed", "cancelled"]))
    def end(self, claimed: Claim, state: State) -> None:
        holds = self._holds(claimed)
        assert claimed.not_scored(state, self.now, "why", is_retryable=False) == holds  # type: ignore[arg-type]
        if holds:
            self._move(claimed.submission.id, state)

    @rule(claimed=consumes(held), measured=st.integers(0, 3))
    def fail_an_attempt(self, claimed: Claim, measured: int) -> None:
        holds, name = self._holds(claimed), claimed.submission.id
        assert claimed.attempt_failed(measured, self.now, "it ended") == holds
        if not holds:
            return
        further = measured > self.measured.get(name, 0)
        self.attempts[name] = 1 if further else self.attempts[name] + 1
        self.measured[name] = max(measured, self.measured.get(name, 0))
        given_up = self.attempts[name] >= MAX_ATTEMPTS
        self._move(name, "cancelled" if name in self.cancelled else "failed" if given_up else "queued")

    @rule(claimed=consumes(held))
    def interrupt(self, claimed: Claim) -> None:
        holds = self._holds(claimed)
        assert claimed.interrupted(self.now, "the app was stopped") == holds
        if holds:
            self._take_back(claimed.submission.id)

    @rule(claimed=held)
    def die(self, claimed: Claim) -> None:
        self.gone.add(claimed.holder)

    @rule(seconds=st.sampled_from([1.0, LONG_S]))
    def sweep(self, seconds: float) -> None:
        self.now += seconds
        lost = {
            name
            for name, state in self.states.items()
            if state == "running" and (self.holders[name] in self.gone or self.now - self.beats[name] > claims.STALE_S)
        }
        assert set(claims.take_back(self.jobs.database, self.gone.__contains__, self.now)) == lost
        for name in lost:
            self._take_back(name)

    @rule(content=st.sampled_from("abcd"), owner=OWNERS)
    def cancel(self, content: str, owner: str | None) -> None:
        name = self.ids.get((content, owner), "0" * 32)
        state = self.states.get(name)
        if state in ("queued", "running"):
            self.jobs.cancel(name, owner)
            if state == "queued":
                self._move(name, "cancelled")
            else:
                self.cancelled.add(name)
        elif state != "cancelled":
            refused = True
            with suppress(NotAllowedError):
                self.jobs.cancel(name, owner)
                refused = False
            assert refused

    @invariant()
    def both_say_the_same(self) -> None:
        if not hasattr(self, "jobs"):
            return
        assert len(set(self.ids.values())) == len(self.ids)
        for name, state in self.states.items():
            now = self.jobs.get(name)
            assert now is not None
            assert now.state == state
        if self.states:
            assert {row[0] for row in self.jobs.database.read().execute("SELECT id FROM submissions")} == set(
                self.states
            )
            waiting = [name for name, state in self.states.items() if state == "queued"]
            n_running = list(self.states.values()).count("running")
            submissions = [now for name in waiting if (now := self.jobs.get(name)) is not None]
            places = sorted(self.jobs.place(one).ahead for one in submissions)
            assert places == [n_running + place for place in range(len(waiting))]

    def teardown(self) -> None:
        if hasattr(self, "jobs"):
            self.jobs.database.close()
            self.place.cleanup()

    def _move(self, name: str, state: State) -> None:
        before = self.states.get(name)
        assert before is None or state in NEXT[before]
        self.states[name] = state

    def _take_back(self, name: str) -> None:
        self.interruptions[name] += 1
        given_up = self.interruptions[name] > MAX_INTERRUPTIONS
        self._move(name, "cancelled" if name in self.cancelled else "failed" if given_up else "queued")

    def _holds(self, claimed: Claim) -> bool:
        name = claimed.submission.id
        return self.states[name] == "running" and self.holders[name] == claimed.holder


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=20, stateful_step_count=30)
