"""What is the same for every visitor until the app is started again, made once: the page, and a session's beginning."""

from __future__ import annotations

import gzip
from copy import copy
from typing import TYPE_CHECKING

from gradio.state_holder import SessionState, StateHolder
from starlette.datastructures import Headers
from starlette.responses import Response

if TYPE_CHECKING:
    from gradio import Blocks
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAMED_IN_IT = ("host", "x-forwarded-host", "x-forwarded-proto")
"""The page holds the address that it was asked under."""
_MOST_PAGES = 16


class Sessions(StateHolder):
    """What gradio keeps of each visitor, begun as a copy: to describe every component anew takes 30 ms a visitor.

    Args:
        site: its components as every visitor has them at first.

    """

    def __init__(self, site: Blocks) -> None:
        """Describe the components once."""
        super().__init__()  # type: ignore[no-untyped-call] # of gradio
        self.set_blocks(site)
        self._first = SessionState(site)

    def __getitem__(self, session_id: str) -> SessionState:
        """The session of this name, a new one where there is none."""
        if session_id not in self.session_data:
            self.session_data[session_id] = self._begun()
        return super().__getitem__(session_id)

    def _begun(self) -> SessionState:
        """A session that shares with no other what gradio changes: the containers, and the properties in them."""
        session = copy(self._first)
        for name, value in vars(self._first).items():
            setattr(session, name, copy(value))
        session.config_values = {
            number: {**config, "props": dict(config.get("props", {}))}
            for number, config in session.config_values.items()
        }
        return session


class Remembered:
    """An app whose page, without anything asked behind it, is kept as it was answered first.

    Nobody signs in through gradio's own ``auth``, so the page knows no visitor: who signed in is asked by an event.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Nothing is kept yet."""
        self._app = app
        self._pages: dict[tuple[str, ...], Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what is kept, or ask the app."""
        if not _is_page(scope):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        key = tuple(headers.get(name, "") for name in _NAMED_IN_IT)
        page = self._pages.get(key)
        if page is None:
            page = await self._asked(scope, receive)
            if page.status_code == 200 and len(self._pages) < _MOST_PAGES:  # noqa: PLR2004 - as HTTP says
                self._pages[key] = page
        await page(scope, receive, send)

    async def _asked(self, scope: Scope, receive: Receive) -> Response:
        """The app's answer, compressed."""
        started: list[Message] = []
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
            else:
                body.extend(message.get("body", b""))

        plain = {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]}
        await self._app(plain, receive, collect)
        kind = Headers(raw=started[0]["headers"]).get("content-type", "text/html; charset=utf-8")
        compressed = gzip.compress(bytes(body), 9)
        headers = {"content-encoding": "gzip", "content-type": kind, "vary": "Accept-Encoding"}
        return Response(compressed, started[0]["status"], headers)


def _is_page(scope: Scope) -> bool:
    """Whether the page alone is asked for, by a client that reads compressed answers."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/" or scope["query_string"]:
        return False
    return "gzip" in Headers(scope=scope).get("accept-encoding", "")
