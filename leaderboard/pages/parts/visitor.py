"""Who asks: from where, and on a Space, where people sign in at the Hub, by which name."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gradio import oauth
from gradio.utils import get_space

from leaderboard.moderation.rights import Visitor, maintainers
from leaderboard.queue.admission import public_place_of
from leaderboard.store.actions import USER_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    import gradio as gr

NO_NAME = "a visitor who did not sign in"
"""As the log calls somebody of whom nothing is known."""
_USER_NAME = re.compile(USER_NAME)


def is_on_a_space() -> bool:
    """Whether anybody comes here, so that what people submit needs a name."""
    return "SPACE_ID" in os.environ


def can_sign_in() -> bool:
    """Whether people can sign in here, and the name in their cookie can be trusted.

    Gradio signs the cookie with a key made of the secret alone, empty or not, so that without one anybody could write a
    name into it. Outside of a Space its button signs in whoever clicks as the person whose token the machine has.
    """
    variables = (oauth.OAUTH_CLIENT_ID, oauth.OAUTH_CLIENT_SECRET, oauth.OAUTH_SCOPES, oauth.OPENID_PROVIDER_URL)
    return is_on_a_space() and get_space() is not None and all(variables)


def visitor_of(request: gr.Request) -> Visitor:
    """Whoever sent a request; nothing in it that they could have made up is believed."""
    address = _address(request)
    if not is_on_a_space():
        return Visitor(NO_NAME, address=address)
    name = _signed_in(request) if can_sign_in() and _comes_from_here(request.headers) else None
    return Visitor(name or NO_NAME, name, is_maintainer=name in maintainers(), can_sign_in=True, address=address)


def upload_refusal(visitor: Visitor) -> str | None:
    """Why this visitor may not upload, or None where they may; bans and limits are the queue's."""
    if not visitor.can_sign_in or visitor.owner is not None:
        return None
    if not can_sign_in():
        return "sign-in is not set up on this server, and it takes no files without; please tell the maintainers"
    return "sign in with Hugging Face, at the top of the page, to submit a file"


def _signed_in(request: gr.Request) -> str | None:
    """Name of the account whose sign-in the Hub confirmed to this server and that has not run out."""
    session = getattr(request.request, "scope", {}).get("session") or {}
    said = session.get("oauth_info") or {}
    name, until = (said.get("userinfo") or {}).get("preferred_username"), said.get("expires_at")
    is_valid = isinstance(until, int | float) and until > time.time()
    return name if is_valid and isinstance(name, str) and _USER_NAME.fullmatch(name) else None


def _comes_from_here(headers: Mapping[str, str]) -> bool:
    """Whether the page that asks is one of ours: browsers send the cookie whoever asks, and say who does."""
    origin = headers.get("origin")
    if origin is None:  # no browser, or a page that was opened
        return True
    ours = {headers.get("host", ""), *(host.strip() for host in os.environ.get("SPACE_HOST", "").split(","))}
    return urlsplit(origin).netloc in ours - {""}


def _address(request: gr.Request) -> str | None:
    """The address that a request comes from, of IPv6 its network.

    On a Space that is the last public one that proxies wrote down: each adds whom it hears behind what it was told,
    and what a visitor writes there stands before.
    """
    peer = request.client.host if request.client else None
    if not is_on_a_space():
        return peer
    for hop in reversed(request.headers.get("x-forwarded-for", "").split(",")):
        try:
            place = public_place_of(hop.strip())
        except ValueError:
            return peer
        if place is not None:
            return place
    return peer
