"""A web server on this machine for the tests that download: byte ranges, redirects, and connections that break."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class FileServer:
    """What it holds and how it behaves.

    Attributes:
        files: content by path.
        redirects: where a path leads.
        ends_after: bytes after which the first answer for each path breaks off.
        requests: path, range and authorization of every request.
        address: of the server, once it runs.

    """

    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    ends_after: int | None = None
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    address: str = ""


@contextmanager
def running(held: FileServer) -> Iterator[FileServer]:
    """Serve until the end of the block."""

    class Handler(_Handler):
        server_of_files = held

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        held.address = f"http://127.0.0.1:{server.server_port}"
        yield held
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server_of_files: FileServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        held = self.server_of_files
        held.requests.append((self.path, self.headers.get("Range"), self.headers.get("Authorization")))
        if self.path in held.redirects:
            self._head(302, 0, Location=held.redirects[self.path])
            return
        content = held.files.get(self.path)
        if content is None:
            self._head(404, 0)
            return
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        if start >= len(content) > 0:
            self._head(416, 0)
            return
        if wanted:
            of = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._head(206, len(content) - start, **{"Content-Range": of})
        else:
            self._head(200, len(content))
        is_first = sum(path == self.path for path, *_ in held.requests) == 1
        end = held.ends_after if is_first and held.ends_after is not None else len(content)
        self.wfile.write(content[start:end])
        self.close_connection = end < len(content)

    def _head(self, status: int, n_bytes: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(n_bytes), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
