"""A server on which people sign in: ``app.py`` in the environment of a Space, and cookies signed as gradio signs them.

Nothing of ours is replaced; only the Hub, which would confirm a name, is not asked.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from leaderboard.moderation import verbs
from leaderboard.moderation.rights import MAINTAINERS, Visitor
from leaderboard.pages.texts.maintenance import NOT_FOR_YOU
from leaderboard.queue.jobs import Jobs
from leaderboard.store.local import Store
from submissions.card import Card
from tests.made_runs import Made, good, publish
from tests.serving import served

pytest.importorskip("authlib", reason="needs gradio[oauth], which a Space installs")
signing = pytest.importorskip("itsdangerous", reason="needs gradio[oauth], which a Space installs")

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SECRET = "not known to visitors"  # noqa: S105 - of this test
SPACE = {
    "SPACE_ID": "lemat/board",
    "SYSTEM": "spaces",
    "SPACE_HOST": "lemat-board.hf.space",
    "OAUTH_CLIENT_ID": "board",
    "OAUTH_CLIENT_SECRET": SECRET,
    "OAUTH_SCOPES": "openid profile",
    "OPENID_PROVIDER_URL": "https://huggingface.co",
    MAINTAINERS: "mia",
}
CIF = (ROOT / "submissions" / "examples" / "example.zip").read_bytes()


def cookie(name: str, secret: str = SECRET) -> str:
    """The cookie of somebody whom the Hub has confirmed, as ``gradio.oauth`` and starlette's SessionMiddleware sign."""
    session = {"oauth_info": {"userinfo": {"preferred_username": name}, "expires_at": time.time() + 3_600}}
    key = hashlib.sha256(f"{secret}-v4".encode()).hexdigest()
    signed = signing.TimestampSigner(key).sign(base64.b64encode(json.dumps(session).encode()))
    return f"session={signed.decode()}"


@dataclass(frozen=True)
class Board:
    """A running app and its store; components and events by the ids of their elements."""

    url: str
    store: Store
    events: dict[tuple[str, str], tuple[int, int]]

    def ask(self, element: str, *data: object, **headers: str) -> list[Any]:
        """What an event of an element answers: the values of its outputs."""
        fn_index, n_inputs = self.events[element, "click"]
        assert len(data) == n_inputs
        body = json.dumps({"data": data, "fn_index": fn_index, "session_hash": "test"}).encode()
        sent = {"Content-Type": "application/json", **{name.capitalize(): value for name, value in headers.items()}}
        request = urllib.request.Request(f"{self.url}gradio_api/run/predict", body, sent)  # noqa: S310 - our own server
        with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
            answer: list[Any] = json.load(response)["data"]
        return answer

    def upload(self, **headers: str) -> dict[str, object]:
        """A file that gradio has taken, for an input."""
        boundary = "b0undary"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="mine.zip"\r\n\r\n'
        body = head.encode() + CIF + f"\r\n--{boundary}--\r\n".encode()
        sent = {"Content-Type": f"multipart/form-data; boundary={boundary}", **headers}
        request = urllib.request.Request(f"{self.url}gradio_api/upload", body, sent)  # noqa: S310 - our own server
        with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
            (path,) = json.load(response)
        return {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "mine.zip"}


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """Where ``python app.py`` serves a store with a submission of ada's, in the environment of a Space."""
    store = Store(tmp_path_factory.mktemp("runs"))
    made = publish(tmp_path_factory.mktemp("elsewhere"), Made("m", [good("a")]))
    verbs.publish(store, Visitor("ada", "ada", can_sign_in=True), made.path, licence="CC-BY-4.0")
    with served(store.root, store.root / "app.log", **SPACE, PYTHONUNBUFFERED="1") as app:
        url = f"{app.url}/"
        with urllib.request.urlopen(f"{url}config") as response:  # noqa: S310 - our own server
            config = json.load(response)
        names = {part["id"]: part["props"].get("elem_id") for part in config["components"]}
        events = {
            (names[target], event): (dependency["id"], len(dependency["inputs"]))
            for dependency in config["dependencies"]
            for target, event in dependency["targets"]
            if names.get(target) and dependency["backend_fn"]
        }
        # after a script of the page, and so of no element: what takes the file and fills in the id of the submission
        events["submit_button", "click"] = next(
            (dependency["id"], len(dependency["inputs"]))
            for dependency in config["dependencies"]
            if "submit_job" in map(names.get, dependency["outputs"])
            and "submission_file" in map(names.get, dependency["inputs"])
        )
        yield Board(url, store, events)
    # a package of Spaces, which reloads an app that is edited there
    assert set(re.findall(r"^\w+(?:Error|Exception): .*", app.log.read_text(), re.MULTILINE)) <= {
        "RuntimeError: `spaces` package is required to run hot-reloading in Spaces"
    }


def submission(board: Board) -> str:
    listing = next(one for of_file in board.store.register().listings.values() for one in of_file)
    return f"{listing.sha256}@{listing.owner}"


STRANGERS = {
    "nobody": {},
    "a stranger": {"cookie": cookie("eve")},
    "a name in a cookie that nobody signed": {"cookie": cookie("mia", "")},
}


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS)
def test_others_than_maintainers_see_and_do_nothing_there(board: Board, headers: dict[str, str]) -> None:
    before = board.store.actions()
    for name in ("approve", "reject", "hide", "show", "delete"):
        said, *filled = board.ask(f"maintenance_{name}", submission(board), "why", **headers)
        assert NOT_FOR_YOU in said
        assert "ada" not in json.dumps(filled)
    for name in ("ban", "unban", "freeze", "thaw"):
        assert NOT_FOR_YOU in board.ask(f"maintenance_{name}", "ada", "why", **headers)[0]
    assert board.store.actions() == before


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS)
def test_others_than_the_owner_change_nothing(board: Board, headers: dict[str, str]) -> None:
    before = board.store.actions()
    (run,) = board.store.runs()
    (said,) = board.ask("owner_correct", run.id, 'model = "taken over"', **headers)
    assert "sign in" in said or "only its owner" in said
    (said,) = board.ask("owner_withdraw", run.id, "", **headers)
    assert "sign in" in said or "only its owner" in said
    assert board.store.actions() == before


@pytest.mark.parametrize(
    ("element", "data"),
    [("maintenance_ban", ("ada", "why")), ("owner_withdraw", ("", ""))],
    ids=["maintenance", "owner"],
)
def test_a_page_elsewhere_that_a_maintainer_has_open_is_refused(
    board: Board, element: str, data: tuple[str, ...]
) -> None:
    before = board.store.actions()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        board.ask(element, *data, cookie=cookie("mia"), origin="https://evil.example")
    assert board.store.actions() == before


def test_an_owner_corrects_the_card_withdraws_and_a_maintainer_approves(board: Board) -> None:
    (run,) = board.store.runs()
    own, theirs = {"cookie": cookie("ada")}, {"cookie": cookie("mia"), "origin": board.url.rstrip("/")}
    (said,) = board.ask("owner_correct", run.id, 'modell = "n"', **own)
    assert "did you mean model?" in said
    (said,) = board.ask("owner_correct", run.id, 'model = "n"\nversion = "2"', **own)
    assert "Done." in said
    (run,) = board.store.runs()
    assert (run.card, run.is_approved) == (Card(model="n", version="2"), False)
    said, waiting, *_ = board.ask("maintenance_approve", submission(board), "", **theirs)
    assert "Done." in said
    assert "0 waiting for a review" in waiting
    assert board.store.runs()[0].is_approved
    (said,) = board.ask("owner_withdraw", run.id, "superseded by a paper", **own)
    assert "Done." in said
    assert not board.store.runs()
    actions = [(action.actor, action.kind) for action in board.store.actions()[-3:]]
    assert actions == [("ada", "card_corrected"), ("mia", "approved"), ("ada", "withdrawn")]
    verbs.publish(
        board.store,
        Visitor("ada", "ada", can_sign_in=True),
        board.store.path(run.record.submission_sha256, run.record.run_key),
        licence="CC-BY-4.0",
    )


def test_files_are_taken_from_whoever_is_signed_in(board: Board) -> None:
    asked = (board.upload(), None, "", "m", *[""] * (len(Card.model_fields) - 1))
    refused = board.ask("submit_button", *asked)
    assert "sign in" in json.dumps(refused)
    assert refused[0] == ""
    accepted = board.ask("submit_button", *asked, cookie=cookie("ada"))
    taken = Jobs(board.store).get(accepted[0])
    assert taken is not None
    assert taken.owner == "ada"


def test_programs_are_taken_for_whoever_their_cookie_says_and_nobody_else(board: Board) -> None:
    def call(**headers: str) -> dict[str, Any]:
        body = json.dumps({"data": [board.upload(), "by a program", None]}).encode()
        sent = {"Content-Type": "application/json", **{name.capitalize(): value for name, value in headers.items()}}
        address = f"{board.url}gradio_api/run/submit"
        with urllib.request.urlopen(urllib.request.Request(address, body, sent)) as response:  # noqa: S310 - our own server
            (answer,) = json.load(response)["data"]
        return dict(answer)

    with pytest.raises(urllib.error.HTTPError) as refused:
        call()
    assert "sign in with Hugging Face" in refused.value.read().decode()
    with pytest.raises(urllib.error.HTTPError):
        call(cookie=cookie("ada"), origin="https://evil.example")
    submission = Jobs(board.store).get(call(cookie=cookie("bob"))["job"])
    assert submission is not None
    assert (submission.owner, submission.card.model) == ("bob", "by a program")


def test_the_library_that_signs_is_the_one_that_gradio_uses() -> None:
    assert importlib.import_module("starlette.middleware.sessions").itsdangerous is signing
