"""What every request passes before the app sees it."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING

from leaderboard.server.answers.headers import with_headers
from leaderboard.server.answers.refusals import Refusal, refuse
from leaderboard.server.bodies import RefusedBodyError, check_json, counted_upload, replay, whole_body
from leaderboard.server.hosts import Hosts, address_of, without_forged_headers, wrong_host, wrong_origin
from leaderboard.server.rate import Rate
from leaderboard.server.routes import UPLOAD, closed, is_file_of_the_page

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from leaderboard.server.limits import ServerLimits


class Guard:
    """The app behind its doors, itself an ASGI app.

    Args:
        app: asked about what passes.
        hosts: whom the server takes itself for.
        limits: how much one may send and ask.
        uploads: folder that uploads are written to.

    """

    def __init__(self, app: ASGIApp, hosts: Hosts, limits: ServerLimits, uploads: Path) -> None:
        """Nobody has asked yet."""
        self._app, self._hosts, self._limits, self._uploads = app, hosts, limits, uploads
        self._rate = Rate(limits)
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no page opens a web socket
            await send({"type": "websocket.close", "code": 1008})
            return
        scope, send = without_forged_headers(scope, self._hosts), with_headers(send, scope["path"])
        address = address_of(scope, self._hosts)
        self._open[address] += 1
        try:
            await self._answer(address, scope, receive, send)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    async def _answer(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(address, scope)
        if refusal is None and scope["method"] == "POST":
            if scope["path"].rstrip("/") == UPLOAD:
                refusal = self._no_room()
                receive = counted_upload(scope, receive, self._limits)
            else:
                try:
                    body = await whole_body(receive, self._limits)
                    check_json(body, self._limits)
                    receive = replay(body, receive)
                except RefusedBodyError as error:
                    refusal = error.refusal
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refuse(refusal, scope, receive, send)

    def _refusal(self, address: str, scope: Scope) -> Refusal | None:
        refusal = wrong_host(scope, self._hosts) or closed(scope) or wrong_origin(scope, self._hosts)
        if refusal is None and self._open[address] > self._limits.open_of_one:
            return Refusal(429, f"more than {self._limits.open_of_one:,} open requests from one address")
        if refusal is None and not is_file_of_the_page(scope["path"]):
            refusal = self._rate.too_often(address)
        return refusal

    def _no_room(self) -> Refusal | None:
        """Why no upload is taken, or None where there is room for the largest one; what is old goes by the clock."""
        free = shutil.disk_usage(self._uploads).free
        if free - self._limits.upload_bytes >= self._limits.free_bytes:
            return None
        return Refusal(507, f"this server's disk is full: {free:,} bytes are free; please try again later")
