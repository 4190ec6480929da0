"""What is the same for every visitor until the app is started again, made once: the page and its files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from leaderboard.server.answers.compression import accepted, compressed, compressed_best, is_compressible
from leaderboard.server.routes import is_file_of_the_page

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from leaderboard.server.answers.compression import Coding

_NAMED_IN_IT = ("host", "x-forwarded-host", "x-forwarded-proto")
"""The page holds the address that it was asked under."""
_MOST_BYTES = 32_000_000
"""Of all that is kept, before it is compressed: the page under several addresses, and all of its files."""
_HASHED = "/assets/"
"""Files whose names change with their contents."""
FOR_EVER = "public, max-age=31536000, immutable"


class _Kept:
    """An answer that is the same for everybody, and its body by coding."""

    def __init__(self, start: Message, body: bytes) -> None:
        self.body = body
        self._headers = Headers(raw=start["headers"])
        self._bodies: dict[Coding, bytes] = {}

    def answer(self, coding: Coding, improved: ThreadPoolExecutor) -> Response:
        """The answer in a coding: compressed at once for the first who asks, then once more and better meanwhile."""
        if coding not in self._bodies:
            self._bodies[coding] = compressed(self.body, coding)
            improved.submit(self._improve, coding)
        body = self._bodies[coding]
        response = Response(body)
        kept = {name: value for name, value in self._headers.items() if name in {"content-type", "cache-control"}}
        response.headers.update({**kept, "content-encoding": coding, "vary": "Accept-Encoding"})
        return response

    def _improve(self, coding: Coding) -> None:
        best = compressed_best(self.body, coding)
        if len(best) < len(self._bodies[coding]):
            self._bodies[coding] = best


class Remembered:
    """An app whose page and whose page's files are kept as they were answered first, compressed.

    Nobody signs in through gradio's own ``auth``, so the page knows no visitor: who signed in is asked by an event.
    What stands behind the address of the page is for its scripts alone; gradio would read ``page`` as one of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Nothing is kept yet."""
        self._app = app
        self._kept: dict[tuple[str, ...], _Kept] = {}
        self._improved = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compression")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what is kept, or ask the app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _asked_alike(scope)
        headers = Headers(scope=scope)
        coding = accepted(headers)
        key = _key(scope, headers)
        if coding is None or key is None:
            await self._app(scope, receive, send)
            return
        kept = self._kept.get(key)
        if kept is None:
            start, body = await self._whole_answer(scope, receive)
            headers = Headers(raw=start["headers"])
            if start["status"] != 200 or not is_compressible(headers):  # noqa: PLR2004 - as HTTP says
                await send(start)
                await send({"type": "http.response.body", "body": body})
                return
            kept = _Kept(start, body)
            if sum(len(other.body) for other in self._kept.values()) + len(body) <= _MOST_BYTES:
                self._kept[key] = kept
        await kept.answer(coding, self._improved)(scope, receive, send)

    async def _whole_answer(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """The app's answer, as it gives it to a client that reads no compressed one."""
        started: list[Message] = []
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
            else:
                body.extend(message.get("body", b""))

        plain = {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]}
        await self._app(plain, receive, collect)
        headers = MutableHeaders(raw=list(started[0]["headers"]))
        if scope["path"].startswith(_HASHED):
            headers["cache-control"] = FOR_EVER
        return {**started[0], "headers": headers.raw}, bytes(body)


def _asked_alike(scope: Scope) -> Scope:
    """A request, without what stands behind the address where it asks for the page."""
    return {**scope, "query_string": b""} if scope["path"] == "/" else scope


def _key(scope: Scope, headers: Headers) -> tuple[str, ...] | None:
    """The name of what is asked for among what is kept; None where it is nothing that is."""
    if scope["method"] != "GET" or scope["query_string"] or "range" in headers:
        return None
    if scope["path"] == "/":
        return ("/", *(headers.get(name, "") for name in _NAMED_IN_IT))
    return (scope["path"],) if is_file_of_the_page(scope["path"]) else None
