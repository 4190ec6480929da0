"""The site behind its doors, on a port."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import gradio as gr
import uvicorn
from fastapi import FastAPI
from gradio.routes import App
from starlette.routing import Mount

from leaderboard.pages.api.functions import TOOLS
from leaderboard.pages.parts.style import css, head, theme
from leaderboard.server.answers.compression import Compressed
from leaderboard.server.answers.kept import Remembered
from leaderboard.server.connections import impatient
from leaderboard.server.guard import Guard
from leaderboard.server.hosts import hosts_of
from leaderboard.server.limits import ServerLimits
from leaderboard.server.sessions import Sessions
from leaderboard.server.sweep import temporary_folder
from leaderboard.server.tools import keep_tools

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from leaderboard.server.hosts import Hosts

    Pages = Mapping[str, Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]]

GRACE_S = 3
"""So long open connections have to end when the server is stopped."""
MAX_WAITING = 500
"""Events that take long, such as drawing the page of a model, and wait for a thread."""
AT_ONCE = 2
SESSIONS = 2_000
"""Visitors whose state is kept: a megabyte each at most."""


def mounted(site: gr.Blocks, pages: Pages, limits: ServerLimits, tools: Collection[str] = TOOLS) -> FastAPI:
    """The site, and beside it pages that are no part of it; ``tools`` are the functions of its MCP server."""
    site.queue(default_concurrency_limit=AT_ONCE, max_size=MAX_WAITING)
    site.state_session_capacity = SESSIONS
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for path, answer in pages.items():
        outer.add_route(path, answer, methods=["GET", "HEAD"])
    app: FastAPI = gr.mount_gradio_app(
        outer,
        site,
        path="/",
        show_error=False,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=True,
        max_file_size=limits.upload_bytes,
        footer_links=[],
        theme=theme(),
        css=css(),
        head=head(),
    )
    # only of a site that was launched, as gradio calls it, does it look whether a file of an event was uploaded to it
    site.has_launched = True
    _gradio_app(app).state_holder = Sessions(site)
    keep_tools(site, tools)
    return app


def _gradio_app(app: FastAPI) -> App:
    """The site that is mounted in it."""
    return next(route.app for route in app.routes if isinstance(route, Mount) and isinstance(route.app, App))


def guarded(app: ASGIApp, hosts: Hosts, limits: ServerLimits) -> ASGIApp:
    """An app behind its doors."""
    return Guard(Compressed(Remembered(app)), hosts, limits, temporary_folder())


class _Server(uvicorn.Server):
    """Ends the streams of open pages when it is stopped, which would go on for ever."""

    def __init__(self, config: uvicorn.Config, streams_end: asyncio.Event) -> None:
        super().__init__(config)
        self._streams_end = streams_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._streams_end.set()
        await super().shutdown(sockets)


def serve(site: gr.Blocks, pages: Pages, host: str, port: int, limits: ServerLimits | None = None) -> None:
    """Serve until SIGINT or SIGTERM ends it."""
    limits = limits or ServerLimits()
    app = mounted(site, pages, limits)
    config = uvicorn.Config(
        guarded(app, hosts_of(), limits),
        host=host,
        port=port,
        http=impatient(limits.header_s),
        ws="none",
        lifespan="on",  # a site whose queue did not start is none
        log_level="warning",
        server_header=False,
        h11_max_incomplete_event_size=limits.header_bytes,
        limit_concurrency=limits.connections,
        timeout_keep_alive=limits.keep_alive_s,
        timeout_graceful_shutdown=GRACE_S,
    )
    # uvicorn raises the signal again once it has ended, and whatever is registered to be done at exit is done
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with suppress(KeyboardInterrupt):
        _Server(config, _gradio_app(app).stop_event).run()
