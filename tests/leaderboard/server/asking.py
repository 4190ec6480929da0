"""Requests to an ASGI app in this process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp


def ask(app: ASGIApp, method: str = "GET", path: str = "/", **options: object) -> httpx.Response:
    """One request; ``headers`` without a host get that of this machine."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, client=(str(options.pop("client", "127.0.0.1")), 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
            return await client.request(method, path, **options)  # type: ignore[arg-type]

    return asyncio.run(asked())


async def pieces(*parts: bytes, pause_s: float = 0.0) -> AsyncIterator[bytes]:
    """A body that comes in pieces, without a length in its headers."""
    for part in parts:
        yield part
        await asyncio.sleep(pause_s)
