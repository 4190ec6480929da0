"""Bodies of requests: counted while they arrive, in a bounded time, of bounded depth."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import TYPE_CHECKING, Any

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from leaderboard.server.answers.refusals import Refusal

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

    from leaderboard.server.limits import ServerLimits

_ADDRESS = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]+:|//)")


class RefusedBodyError(Exception):
    """The body is not one that the app is asked about; the refusal says why."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep the refusal."""
        super().__init__(refusal.why)
        self.refusal = refusal


async def whole_body(receive: Receive, limits: ServerLimits) -> bytes:
    """A body that is no upload.

    Raises:
        RefusedBodyError: too large, too slow, or given up.

    """
    parts, size, end = [], 0, time.monotonic() + limits.body_s
    while True:
        try:
            message = await asyncio.wait_for(receive(), max(end - time.monotonic(), 0.0))
        except TimeoutError as error:
            raise RefusedBodyError(Refusal(408, f"the request took longer than {limits.body_s:g} s")) from error
        if message["type"] == "http.disconnect":
            raise RefusedBodyError(Refusal(400, "the request was given up"))
        part = message.get("body", b"")
        size += len(part)
        if size > limits.body_bytes:
            raise RefusedBodyError(Refusal(413, f"more than {limits.body_bytes:,} bytes outside an upload"))
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be received as if it had not been."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def check_json(body: bytes, limits: ServerLimits) -> None:
    """Refuse JSON that no page sends: deeply nested, or with a file that this server would have to fetch.

    Raises:
        RefusedBodyError: it is such.

    """
    too_deep = Refusal(400, f"more than {limits.json_depth} lists and objects inside each other")
    try:
        content = json.loads(body)
    except RecursionError as error:
        raise RefusedBodyError(too_deep) from error
    except ValueError:
        return  # the app says what is wrong with it
    level, depth = [content], 0
    while level:
        if depth > limits.json_depth:
            raise RefusedBodyError(too_deep)
        if any(isinstance(value, dict) and _names_an_address(value) for value in level):
            raise RefusedBodyError(Refusal(400, "files are uploaded, not fetched from an address"))
        level = [inner for value in level for inner in _inside(value)]
        depth += 1


def counted_upload(scope: Scope, receive: Receive, limits: ServerLimits) -> Receive:
    """The body of an upload, which ends with an exception where it is too large, too slow or of several files."""
    # by what the app parses it with: a header that the two read differently would be counted by another mark
    _, options = parse_options_header(Headers(scope=scope).get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    mark = b"--" + boundary if boundary else b""
    state = {"size": 0, "marks": 0, "ended": False}
    tail = b""
    most = limits.upload_bytes + limits.form_bytes
    end = time.monotonic() + limits.upload_s

    async def counted() -> Message:
        nonlocal tail
        if state["ended"]:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), min(limits.pause_s, max(end - time.monotonic(), 0.0)))
        except TimeoutError as error:
            msg = f"the upload took longer than {limits.upload_s:g} s, or paused for {limits.pause_s:g} s"
            raise HTTPException(408, msg, {"connection": "close"}) from error
        part = message.get("body", b"")
        state["ended"] = message["type"] != "http.request" or not message.get("more_body", False)
        state["size"] += len(part)
        if state["size"] > most:
            raise HTTPException(413, f"more than {most:,} bytes in an upload", {"connection": "close"})
        if mark:
            seen = tail + part
            state["marks"] += seen.count(mark)
            tail = seen[-len(mark) + 1 :]
            # one before each file and one at the end
            if state["marks"] > limits.files + 1:
                raise HTTPException(413, f"at most {limits.files} file in an upload", {"connection": "close"})
        return message

    return counted


def _inside(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _names_an_address(value: dict[str, Any]) -> bool:
    """Whether it is a file, as gradio's components send them, that lies elsewhere."""
    path = value.get("path")
    return isinstance(path, str) and _ADDRESS.match(path) is not None
