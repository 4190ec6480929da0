"""The routes of gradio that the site uses; all others are closed, such as its proxy and what its next version adds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leaderboard.server.answers.refusals import Refusal

if TYPE_CHECKING:
    from starlette.types import Scope

API = "/gradio_api"
UPLOAD = f"{API}/upload"
FILE = f"{API}/file="
HEALTH = "/health"
BOARD_FILE = "/board.{form}"
_BOARD_FILES = ("/board.csv", "/board.json", "/board.parquet")
MCP = f"{API}/mcp"
"""Where assistants speak to the MCP server, by POST alone: its session-less transport sends nothing by itself."""

_PAGE_FILES = (
    "/assets/",
    "/static/",
    "/svelte/",
    "/theme.css",
    "/favicon.ico",
    "/robots.txt",
    "/manifest.json",
    "/pwa_icon",
)
_READ = (
    *_PAGE_FILES,
    "/login/",
    "/logout",
    f"{API}/queue/data",
    f"{API}/call/",
    f"{API}/heartbeat/",
    f"{API}/upload_progress",
    FILE,
)
_READ_EXACTLY = {
    "/",
    HEALTH,
    *_BOARD_FILES,
    "/config",
    *(f"{API}/{name}" for name in ("info", "openapi.json", "app_id", "user", "token", "startup-events")),
}
_WRITE = (f"{API}/run/", f"{API}/api/", f"{API}/call/")
_WRITE_EXACTLY = {MCP, *(f"{API}/{name}" for name in ("queue/join", "upload", "cancel", "reset"))}
_SCHEME = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:|//)")


def closed(scope: Scope) -> Refusal | None:
    """Why a path is not served, or None where it is."""
    method, path = scope["method"], scope["path"]
    if method not in {"GET", "HEAD", "POST", "OPTIONS"}:
        return Refusal(405, f"the method {method[:20]} is not used here", {"allow": "GET, HEAD, POST, OPTIONS"})
    if path.startswith(FILE) and _SCHEME.match(path, len(FILE)):
        return Refusal(403, "files of other machines are not served")
    if path.rstrip("/") == MCP and method != "POST":
        return Refusal(405, "the MCP server is asked by POST; /?page=api says how", {"allow": "POST"})
    prefixes, exact = (_WRITE, _WRITE_EXACTLY) if method == "POST" else (_READ, _READ_EXACTLY)
    plain = path.rstrip("/") or "/"
    is_open = path.startswith(prefixes) or plain in exact or (method == "OPTIONS" and path.startswith(_WRITE))
    return None if is_open else Refusal(404, "there is no such page")


def is_file_of_the_page(path: str) -> bool:
    """Whether a path is one of the ninety files that a page consists of."""
    return path.startswith(_PAGE_FILES)
