"""Answers compressed as the client reads them: at once where each is another, as well as can be where it is kept."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Literal, get_args

import brotli
from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Coding = Literal["br", "gzip"]
"""Content codings, the better one first."""
MIN_BYTES = 1_000
"""Smaller answers fit into one packet as they are."""
COMPRESSED_TYPES = ("text/html", "text/css", "text/plain", "text/csv", "application/json", "application/javascript")
"""Content types that are compressed: of streams of events each event would wait for the next one."""
_QUICK = {"br": 4, "gzip": 5}
_BEST_BROTLI, _BEST_GZIP = 11, 9
_LARGE_BROTLI = 9
_LARGE_BYTES = 300_000
"""Beyond it brotli's best level takes seconds, and the one below a twentieth of that."""


def accepted(headers: Headers) -> Coding | None:
    """The best coding that a client says it reads; None where it reads plain answers only."""
    offered = {}
    for part in headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = part.partition(";")
        offered[name.strip()] = weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return next((coding for coding in get_args(Coding) if offered.get(coding)), None)


def compressed(body: bytes, coding: Coding) -> bytes:
    """A body compressed within milliseconds."""
    if coding == "br":
        return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=_QUICK[coding]))
    return gzip.compress(body, _QUICK[coding])


def compressed_best(body: bytes, coding: Coding) -> bytes:
    """A body compressed as far as it can be within a second."""
    if coding == "br":
        quality = _LARGE_BROTLI if len(body) > _LARGE_BYTES else _BEST_BROTLI
        return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=quality))
    return gzip.compress(body, _BEST_GZIP)


class Compressed:
    """An app whose answers that come in one piece are compressed, those of `COMPRESSED_TYPES`."""

    def __init__(self, app: ASGIApp) -> None:
        """Nothing is kept of any answer."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what the app answers."""
        coding = accepted(Headers(scope=scope)) if scope["type"] == "http" else None
        await self._app(scope, receive, send if coding is None else _compressing(send, coding))


def _compressing(send: Send, coding: Coding) -> Send:
    started: list[Message] = []

    async def sent(message: Message) -> None:
        # the beginning waits for the first piece, which says whether it is the only one
        if message["type"] == "http.response.start" and is_compressible(Headers(raw=message["headers"])):
            started.append(message)
            return
        if started:
            start = started.pop()
            body = message.get("body", b"")
            if not message.get("more_body", False) and len(body) >= MIN_BYTES:
                body = compressed(body, coding)
                message = {**message, "body": body}
                headers = MutableHeaders(raw=list(start["headers"]))
                headers["content-encoding"] = coding
                headers["content-length"] = str(len(body))
                headers.add_vary_header("Accept-Encoding")
                start = {**start, "headers": headers.raw}
            await send(start)
        await send(message)

    return sent


def is_compressible(headers: Headers) -> bool:
    """Whether an answer with these headers is text that nobody compressed yet."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in COMPRESSED_TYPES and "content-encoding" not in headers and "content-range" not in headers
