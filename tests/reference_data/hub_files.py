"""A stand-in for the Hub: the endpoints that downloading a dataset asks for, over folders of this machine.

It answers as the Hub does, in what the client relies on: the commit of a revision, files with byte ranges, and errors
with the header that says which they are. The client is the real one.
"""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMIT = "c0ffee" + "0" * 34
_REVISION = re.compile(r"/api/datasets/(?P<repository>[^/]+/[^/]+)/revision/(?P<revision>[^/?]+)")
_FILE = re.compile(r"/datasets/(?P<repository>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")


@dataclass
class Hub:
    """What the stand-in holds and how it behaves.

    Attributes:
        repositories: folder of each dataset by its id.
        gated: ids of those that nobody may read.
        pause_s: after every block that is sent.
        block_bytes: size of a block.
        knows_ranges: whether it sends parts of files.
        ends_after: bytes of a file after which the connection is cut, once for each file that is longer.
        requests: path and range of every request for a file.
        address: of the stand-in, once it runs.

    """

    repositories: dict[str, Path]
    gated: set[str] = field(default_factory=set)
    pause_s: float = 0.0
    block_bytes: int = 65_536
    knows_ranges: bool = True
    ends_after: int | None = None
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""
    _cut: set[str] = field(default_factory=set)

    def cuts(self, path: str, n_bytes: int) -> bool:
        """Whether the connection is cut in this request."""
        if self.ends_after is None or path in self._cut or n_bytes <= self.ends_after:
            return False
        self._cut.add(path)
        return True


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """Serve until the end of the block."""

    class Handler(_Handler):
        served = hub

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hub.address = f"http://127.0.0.1:{server.server_port}"
        yield hub
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    served: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if asked := _REVISION.fullmatch(self.path):
            self._revision(**asked.groupdict())
        elif asked := _FILE.fullmatch(self.path):
            self._file(**asked.groupdict())
        else:
            self._error(404, "EntryNotFound")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _revision(self, repository: str, revision: str) -> None:
        if not self._may_read(repository):
            return
        if revision not in {"main", COMMIT}:
            self._error(404, "RevisionNotFound")
            return
        content = json.dumps({"id": repository, "sha": COMMIT, "siblings": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _file(self, repository: str, revision: str, path: str) -> None:
        self.served.requests.append((path, self.headers.get("Range")))
        if not self._may_read(repository):
            return
        file = self.served.repositories[repository] / path
        if revision != COMMIT or not file.is_file():
            self._error(404, "EntryNotFound")
            return
        content = file.read_bytes()
        start = 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and self.served.knows_ranges:
            start = int(wanted[1])
            if start >= len(content):
                self._error(416, "")
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self._send(path, content[start:])

    def _send(self, path: str, content: bytes) -> None:
        hub = self.served
        end = hub.ends_after if hub.cuts(path, len(content)) else None
        try:
            for at in range(0, len(content[:end]), hub.block_bytes):
                self.wfile.write(content[:end][at : at + hub.block_bytes])
                self.wfile.flush()
                time.sleep(hub.pause_s)
        except (BrokenPipeError, ConnectionResetError):
            pass  # whoever asked is gone, as the tests mean it
        if end is not None:
            self.close_connection = True

    def _may_read(self, repository: str) -> bool:
        if repository in self.served.gated:
            self._error(403, "GatedRepo")
            return False
        if repository not in self.served.repositories:
            self._error(404, "RepoNotFound")
            return False
        return True

    def _error(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()
