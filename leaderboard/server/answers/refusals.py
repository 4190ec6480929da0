"""Answers that the server gives before the app is asked: one line of text with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send


class Refusal(NamedTuple):
    """A status and the reason in a line."""

    status: int
    why: str
    headers: Mapping[str, str] | None = None


async def refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a refusal; the connection ends, for what is still on its way is not read."""
    headers = {**(refusal.headers or {}), "connection": "close"}
    await PlainTextResponse(f"{refusal.why}\n", refusal.status, headers)(scope, receive, send)
