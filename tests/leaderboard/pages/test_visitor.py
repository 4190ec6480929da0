"""Who the visitor is: what a request shows, and what somebody could have made up and is not believed."""

from __future__ import annotations

import time
from typing import Any

import gradio as gr
import pytest
from gradio import oauth
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from leaderboard.moderation.rights import MAINTAINERS
from leaderboard.pages.parts.visitor import can_sign_in, upload_refusal, visitor_of

PEER = "10.0.3.4"
HOST = "board.hf.space"
SPACE = {"SPACE_ID": "lemat/board", "SYSTEM": "spaces", "SPACE_HOST": HOST, MAINTAINERS: "mia, noa"}
OAUTH = {
    "OAUTH_CLIENT_ID": "id",
    "OAUTH_CLIENT_SECRET": "secret",
    "OAUTH_SCOPES": "openid profile",
    "OPENID_PROVIDER_URL": "https://huggingface.co",
}


def signed_in(name: object, seconds: float = 3_600) -> dict[str, Any]:
    """A session as gradio writes it after a sign-in."""
    return {"oauth_info": {"userinfo": {"preferred_username": name}, "expires_at": time.time() + seconds}}


def request(session: dict[str, Any] | None = None, **headers: str) -> gr.Request:
    named = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "client": (PEER, 1),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    if session is not None:
        scope["session"] = session
    return gr.Request(Request(scope))


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a Space with sign-in."""
    for name, value in SPACE.items():
        monkeypatch.setenv(name, value)
    for name, value in OAUTH.items():
        monkeypatch.setattr(oauth, name, value)
    return monkeypatch


@pytest.mark.parametrize(("name", "is_maintainer"), [("ada", False), ("mia", True), ("noa", True), ("MIA", False)])
def test_who_is_signed_in_has_a_name(space: pytest.MonkeyPatch, name: str, *, is_maintainer: bool) -> None:
    assert space
    visitor = visitor_of(request(signed_in(name)))
    assert (visitor.owner, visitor.actor, visitor.is_maintainer) == (name, name, is_maintainer)
    assert upload_refusal(visitor) is None


@pytest.mark.parametrize(
    "session",
    [
        None,
        {},
        {"oauth_info": None},
        {"oauth_info": {"userinfo": {}}},
        signed_in("mia", -1),
        {"oauth_info": {"userinfo": {"preferred_username": "mia"}}},
        signed_in(""),
        signed_in(["mia"]),
        signed_in("mia\nnoa"),
        signed_in("mia on the command line"),
    ],
)
def test_who_is_not_has_none(space: pytest.MonkeyPatch, session: dict[str, Any] | None) -> None:
    assert space
    visitor = visitor_of(request(session))
    assert (visitor.owner, visitor.is_maintainer, visitor.can_sign_in) == (None, False, True)
    assert "sign in" in str(upload_refusal(visitor))


@pytest.mark.parametrize("name", OAUTH)
@pytest.mark.parametrize("value", [None, ""])
def test_without_a_secret_no_cookie_is_believed(space: pytest.MonkeyPatch, name: str, value: str | None) -> None:
    space.setattr(oauth, name, value)
    assert not can_sign_in()
    visitor = visitor_of(request(signed_in("mia")))
    assert (visitor.owner, visitor.is_maintainer) == (None, False)
    assert "not set up" in str(upload_refusal(visitor))


def test_where_gradio_would_sign_anybody_in_by_the_token_of_the_machine_nobody_is(space: pytest.MonkeyPatch) -> None:
    space.delenv("SYSTEM")
    assert not can_sign_in()
    assert visitor_of(request(signed_in("mia"))).owner is None


@pytest.mark.parametrize(
    ("origin", "is_ours"),
    [
        (f"https://{HOST}", True),
        ("https://evil.example", False),
        (f"https://{HOST}.evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_a_page_of_somebody_else_acts_for_nobody(space: pytest.MonkeyPatch, origin: str, *, is_ours: bool) -> None:
    assert space
    assert (visitor_of(request(signed_in("mia"), origin=origin)).owner == "mia") == is_ours


@pytest.mark.parametrize("session", [None, signed_in("mia")])
def test_where_nobody_signs_in_everybody_is_the_same(
    monkeypatch: pytest.MonkeyPatch, session: dict[str, Any] | None
) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.setenv(MAINTAINERS, "mia,*")
    visitor = visitor_of(request(session, x_forwarded_for="8.8.8.8"))
    assert (visitor.owner, visitor.is_maintainer, visitor.can_sign_in) == (None, False, False)
    assert visitor.address == PEER
    assert upload_refusal(visitor) is None


PUBLIC, INTERNAL = "93.184.215.14", ("10.1.2.3", "172.16.0.9", "127.0.0.1", "fd00::1")


@given(
    made_up=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters=","), max_size=20)),
    hops=st.lists(st.sampled_from(INTERNAL), max_size=3),
)
def test_nobody_chooses_the_address_that_is_counted(made_up: list[str], hops: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPACE_ID", "lemat/board")
        forwarded = ", ".join([*made_up, PUBLIC, *hops])
        assert visitor_of(request(x_forwarded_for=forwarded)).address == PUBLIC


@pytest.mark.parametrize("forwarded", ["", "unknown", "10.0.0.1", "1.2.3.4, garbage"])
def test_without_a_public_address_the_peer_is_counted(space: pytest.MonkeyPatch, forwarded: str) -> None:
    assert space
    assert visitor_of(request(x_forwarded_for=forwarded)).address == PEER
