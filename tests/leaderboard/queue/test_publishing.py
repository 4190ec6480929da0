"""From a private result to the board and back; the app may end between any two steps."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from leaderboard.queue import claims, publishing
from leaderboard.queue.admission import Limits
from leaderboard.queue.jobs import Jobs
from leaderboard.queue.results import folder
from leaderboard.queue.submissions import NotAllowedError, card_kept
from leaderboard.run.service import Request
from leaderboard.store.actions import Action
from leaderboard.store.local import Store
from metrics.measure.running.progress import silent
from submissions.card import Card
from tests.held_scorer import HeldScorer

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.queue.submissions import Submission

NO_LIMITS = Limits(waiting=None, uploads_bytes=None, free_bytes=None)


class Queue:
    """Jobs, and scoring at once instead of in a thread."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.store = Store(place / "runs")
        self.jobs = Jobs(self.store, NO_LIMITS)

    def scored(
        self, content: str, owner: str | None, *, supersedes: str | None = None, card: Card | None = None
    ) -> Submission:
        path = self.place / f"{content}.zip"
        path.write_text(content)
        added = self.jobs.add(path, card or Card(model=content), owner, supersedes=supersedes)
        claimed = claims.claim(self.jobs.database, "me", time.time())
        assert claimed is not None
        scorer = HeldScorer(self.place / "made")
        scorer.go.release()
        where = folder(self.store.root, added.id)
        request = Request(self.jobs.uploads.path(added.sha256), added.file_name, added.card, where)
        run = scorer.score(request, on_progress=silent)
        assert claimed.scored(f"{run.parent.name}/{run.name}", time.time())
        return self.now(added)

    def now(self, submission: Submission) -> Submission:
        current = self.jobs.get(submission.id)
        assert current is not None
        return current

    def kinds(self) -> list[str]:
        return [action.kind for action in self.store.actions()]

    def shown(self) -> list[tuple[str, str | None]]:
        return sorted((run.model, run.owner) for run in self.store.runs())


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path)


def test_it_needs_consent_and_a_result_and_the_owner(queue: Queue) -> None:
    one = queue.scored("a", "ada")
    with pytest.raises(NotAllowedError, match=r"CC-BY-4\.0"):
        queue.jobs.publish(one.id, consent=False, owner="ada")
    with pytest.raises(NotAllowedError, match="somebody else"):
        queue.jobs.publish(one.id, consent=True, owner="bob")
    path = queue.place / "waits.zip"
    path.write_text("waits")
    waits = queue.jobs.add(path, Card(model="waits"))
    with pytest.raises(NotAllowedError, match="this submission is queued"):
        queue.jobs.publish(waits.id, consent=True)
    with pytest.raises(NotAllowedError, match="only a published one"):
        queue.jobs.withdraw(one.id, "ada")
    assert (queue.kinds(), queue.shown()) == ([], [])


def test_published_once_however_often_it_is_asked_for(queue: Queue) -> None:
    one = queue.scored("a", "ada")
    runs = [queue.jobs.publish(one.id, consent=True, owner="ada") for _ in range(2)]
    assert runs[0].id == runs[1].id
    assert runs[0].id.endswith("@ada")
    (action,) = queue.store.actions()
    assert (action.kind, action.actor, action.owner, action.licence) == ("published", "ada", "ada", "CC-BY-4.0")
    assert action.card == Card(model="a")
    assert queue.now(one).state == "listed"
    assert queue.shown() == [("a", "ada")]
    # what waits for a maintainer's look is shown and not ranked
    assert [run.is_approved for run in queue.store.runs()] == [False]
    assert queue.jobs.kept().results == frozenset()


def test_withdrawn_it_is_private_again_and_can_come_back(queue: Queue) -> None:
    one = queue.scored("a", None)
    queue.jobs.publish(one.id, consent=True)
    queue.jobs.withdraw(one.id)
    assert (queue.now(one).state, queue.shown()) == ("scored", [])
    assert queue.jobs.result(queue.now(one)) is not None
    queue.jobs.publish(one.id, consent=True)
    assert queue.kinds() == ["published", "withdrawn", "published"]
    assert queue.shown() == [("a", None)]


def test_a_new_version_takes_the_place_of_the_earlier_one_when_it_is_published(queue: Queue) -> None:
    first = queue.scored("a", "ada")
    queue.jobs.publish(first.id, consent=True, owner="ada")
    second = queue.scored("b", "ada", supersedes=first.id)
    assert queue.kinds() == ["published"]
    queue.jobs.publish(second.id, consent=True, owner="ada")
    queue.jobs.publish(second.id, consent=True, owner="ada")
    assert queue.kinds() == ["published", "published", "superseded"]
    listing = queue.jobs.listing(first)
    assert listing is not None
    assert listing.successor == second.sha256


def test_nobody_supersedes_what_is_somebody_else_s(queue: Queue) -> None:
    first = queue.scored("a", "ada")
    queue.jobs.publish(first.id, consent=True, owner="ada")
    second = queue.scored("b", "eve", supersedes=first.id)
    queue.jobs.publish(second.id, consent=True, owner="eve")
    assert queue.kinds() == ["published", "published"]


def test_the_same_file_of_two_owners_is_listed_for_both_each_with_the_card_that_is_theirs(queue: Queue) -> None:
    first, second = queue.scored("a", "ada"), queue.scored("a", "bob")
    assert (first.by_another, second.by_another) == (False, True)
    for one, owner in ((first, "ada"), (second, "bob")):
        queue.jobs.publish(one.id, consent=True, owner=owner)
    assert queue.shown() == [("a", "ada"), ("a", "bob")]


def test_what_the_maintainers_deleted_or_whom_they_banned_stays_away(queue: Queue) -> None:
    one, other = queue.scored("a", "ada"), queue.scored("b", "eve")
    queue.jobs.publish(one.id, consent=True, owner="ada")
    queue.store.record(Action(actor="m", kind="deleted", sha256=one.sha256, owner="ada", reason="a copy of a paper"))
    with pytest.raises(NotAllowedError, match="a copy of a paper"):
        queue.jobs.publish(one.id, consent=True, owner="ada")
    queue.store.record(Action(actor="m", kind="banned", user="eve", reason="made up"))
    with pytest.raises(NotAllowedError, match="made up"):
        queue.jobs.publish(other.id, consent=True, owner="eve")


def test_nothing_is_published_that_is_rejected_or_hidden_or_while_all_is_frozen(queue: Queue) -> None:
    one, other = queue.scored("a", "ada"), queue.scored("b", "ada")
    queue.jobs.publish(one.id, consent=True, owner="ada")
    queue.store.record(Action(actor="m", kind="frozen", reason="being cleared up"))
    with pytest.raises(NotAllowedError, match="being cleared up"):
        queue.jobs.publish(other.id, consent=True, owner="ada")
    assert queue.jobs.publish(one.id, consent=True, owner="ada").owner == "ada"  # it is so already
    queue.store.record(Action(actor="m", kind="thawed"))
    queue.jobs.withdraw(one.id, "ada")
    for kind in ("rejected", "hidden"):
        queue.store.record(Action(actor="m", kind=kind, sha256=one.sha256, owner="ada", reason=f"was {kind}"))
        with pytest.raises(NotAllowedError, match=f"was {kind}"):
            queue.jobs.publish(one.id, consent=True, owner="ada")
    assert queue.kinds().count("published") == 1


def test_published_again_it_has_the_card_as_it_was_corrected(queue: Queue) -> None:
    one = queue.scored("a", "ada")
    queue.jobs.publish(one.id, consent=True, owner="ada")
    corrected = Card(model="a", contact="ada")
    queue.store.record(Action(actor="m", kind="card_corrected", sha256=one.sha256, owner="ada", card=corrected))
    queue.jobs.withdraw(one.id, "ada")
    assert queue.jobs.publish(one.id, consent=True, owner="ada").card == corrected


def test_withdrawn_and_submitted_again_it_is_published_with_the_card_that_came_last(queue: Queue) -> None:
    one = queue.scored("a", "ada", card=Card(model="misspelt"))
    queue.jobs.publish(one.id, consent=True, owner="ada")
    listed = queue.jobs.add(queue.place / "a.zip", Card(model="a"), "ada")
    # what all can see changes by steps that all can read, never by an upload
    assert (listed.state, listed.card.model) == ("listed", "misspelt")
    assert "withdraw it first" in str(card_kept(listed, Card(model="a")))
    queue.jobs.withdraw(one.id, "ada")
    assert queue.scored("a", "ada", card=Card(model="a")).state == "scored"
    assert queue.kinds() == ["published", "withdrawn"]
    assert queue.jobs.publish(one.id, consent=True, owner="ada").card == Card(model="a")
    # the made scorer's run key has the name in it, so that both runs lie there, under one card
    assert set(queue.shown()) == {("a", "ada")}


def test_a_result_that_is_gone_before_it_is_published_may_come_again(queue: Queue) -> None:
    one = queue.scored("a", "ada")
    with queue.jobs.database.write() as connection:
        connection.execute("UPDATE submissions SET state = 'publishing'")
    shutil.rmtree(folder(queue.store.root, one.id))
    publishing.complete(queue.jobs.database, queue.store)
    assert (queue.now(one).state, queue.kinds()) == ("scored", [])
    again = queue.scored("a", "ada")
    assert again.id == one.id
    assert queue.jobs.publish(again.id, consent=True, owner="ada").owner == "ada"


class _EndedError(Exception):
    """The app ends here."""


@pytest.mark.parametrize("step", ["record", "publish"])
def test_ended_between_the_steps_the_next_start_does_the_rest_once(
    queue: Queue, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = queue.scored("a", "ada")

    def end(*_: object) -> None:
        raise _EndedError

    with monkeypatch.context() as patch:
        patch.setattr(queue.store, step, end)
        with pytest.raises(_EndedError):
            queue.jobs.publish(one.id, consent=True, owner="ada")
    assert queue.now(one).state == "publishing"
    assert queue.shown() == []  # never on the board without its owner's consent in the log
    for _ in range(2):
        publishing.complete(queue.jobs.database, queue.store)
    assert (queue.kinds(), queue.shown(), queue.now(one).state) == (["published"], [("a", "ada")], "listed")
