"""A stand-in of the Hub on this machine: the endpoints of a dataset repository that ``huggingface_hub`` calls.

It was written from the code of the client (2.4.0) and from what is publicly known of the answers: a commit on top of
another commit than the newest is refused with 412, too many with 429 and ``Retry-After``. It is no proof that the Hub
itself answers the same; it has no Xet storage, no redirects and one branch.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REPOSITORY, TOKEN = "maintainers/results", "hf_stand_in"
PAGE = 7
"""Files of one page of the tree; the Hub gives a thousand."""
CUT = 0
"""In place of a status: the connection ends without an answer."""


@dataclass
class Fault:
    """What goes wrong with the next requests whose address has a part.

    Attributes:
        part: of the address, and the method before it.
        status: of the answer, or CUT.
        times: so many requests.
        headers: of the answer.
        afterwards: the request is carried out all the same.
        call: called before the answer.

    """

    part: str
    status: int
    times: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    afterwards: bool = False
    call: Callable[[], None] | None = None


class StandIn:
    """A repository with one file, as the Hub makes it, served at ``endpoint``."""

    def __init__(self, *, large: str = "") -> None:
        """Start to serve.

        Args:
            large: ending of the names of files that are kept as large ones.

        """
        self.large = large
        self.files: dict[str, bytes] = {".gitattributes": b"*.parquet filter=lfs"}
        self.commits = [self._next_hash("")]
        self.trees = {self.commits[0]: dict(self.files)}
        self.objects: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.requests: Counter[str] = Counter()
        self.added: Counter[str] = Counter()
        self.lock = threading.RLock()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def ours(self) -> dict[str, bytes]:
        """Files of the repository but the one it began with."""
        return {path: content for path, content in self.files.items() if path != ".gitattributes"}

    def write(self, files: Mapping[str, bytes | None]) -> None:
        """A commit of somebody else; None deletes."""
        with self.lock:
            self._commit(files)

    def info(self) -> dict[str, Any]:
        return {"id": REPOSITORY, "sha": self.commits[-1], "private": True, "tags": [], "siblings": []}

    def tree(self, revision: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = [{"type": "directory", "oid": "0" * 40, "size": 0, "path": "actions"}]
        for path, content in sorted(self.trees[revision].items()):
            entry: dict[str, Any] = {"type": "file", "oid": blob_sha1(content), "size": len(content), "path": path}
            if self._is_large(path):
                sha256 = hashlib.sha256(content).hexdigest()
                entry |= {"oid": "1" * 40, "lfs": {"oid": sha256, "size": len(content), "pointerSize": 130}}
            entries.append(entry)
        return entries

    def preupload(self, body: Mapping[str, Any]) -> dict[str, Any]:
        def answer(path: str) -> dict[str, Any]:
            mode = "lfs" if self._is_large(path) else "regular"
            known = {"oid": blob_sha1(self.files[path])} if path in self.files and mode == "regular" else {}
            return {"path": path, "uploadMode": mode, "shouldIgnore": False, **known}

        return {"files": [answer(file["path"]) for file in body["files"]]}

    def commit(self, lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        header = next(line["value"] for line in lines if line["key"] == "header")
        parent = header.get("parentCommit")
        if parent is not None and parent != self.commits[-1]:
            return 412, {"error": "A commit has happened since. Please refresh and try again."}
        files: dict[str, bytes | None] = {}
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.objects[value["oid"]]
            elif line["key"] == "deletedFile":
                files[value["path"]] = None
        self._commit(files)
        address = f"{self.endpoint}/datasets/{REPOSITORY}/commit/{self.commits[-1]}"
        return 200, {"success": True, "commitOid": self.commits[-1], "commitUrl": address}

    def large_files(self, body: Mapping[str, Any]) -> dict[str, Any]:
        objects = []
        for wanted in body["objects"]:
            known = wanted["oid"] in self.objects
            upload = {"upload": {"href": f"{self.endpoint}/large/{wanted['oid']}"}}
            objects.append({**wanted, **({} if known else {"actions": upload})})
        return {"transfer": "basic", "objects": objects}

    def _commit(self, files: Mapping[str, bytes | None]) -> None:
        for path, content in files.items():
            if content is None:
                del self.files[path]
            else:
                self.files[path] = content
                self.added[path] += 1
        self.commits.append(self._next_hash(self.commits[-1] + repr(sorted(files))))
        self.trees[self.commits[-1]] = dict(self.files)

    def _next_hash(self, text: str) -> str:
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def _is_large(self, path: str) -> bool:
        return bool(self.large) and path.endswith(self.large)


def blob_sha1(content: bytes) -> str:
    """As git names the content of a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: StandIn
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that is called
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self._fault()
        if fault is None or fault.afterwards:
            with self.hub.lock:
                status, content, headers = self._answer(body)
        if fault is not None:
            if fault.call is not None:
                fault.call()
            if fault.status == CUT:
                self.close_connection = True
                return
            status, content, headers = fault.status, {"error": f"made to fail with {fault.status}"}, dict(fault.headers)
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(sent)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(sent)

    def _fault(self) -> Fault | None:
        with self.hub.lock:
            self.hub.requests[f"{self.command} {urlsplit(self.path).path}"] += 1
            for fault in self.hub.faults:
                if fault.times > 0 and fault.part in f"{self.command} {self.path}":
                    fault.times -= 1
                    return fault
        return None

    def _answer(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        address = urlsplit(self.path)
        path, hub = unquote(address.path), self.hub
        if path.startswith("/large/"):
            hub.objects[path.removeprefix("/large/")] = body
            answer: tuple[int, Any, dict[str, str]] = 200, {}, {}
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}" or REPOSITORY not in path:
            answer = 401, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
        elif path in {f"/api/datasets/{REPOSITORY}", f"/api/datasets/{REPOSITORY}/revision/main"}:
            answer = 200, hub.info(), {}
        elif tree := re.fullmatch(rf"/api/datasets/{REPOSITORY}/tree/(\w+)", path):
            entries, start = hub.tree(tree[1]), int(parse_qs(address.query).get("cursor", ["0"])[0])
            following = f"{hub.endpoint}{address.path}?recursive=True&cursor={start + PAGE}"
            more = {"Link": f'<{following}>; rel="next"'} if start + PAGE < len(entries) else {}
            answer = 200, entries[start : start + PAGE], more
        elif path == f"/api/datasets/{REPOSITORY}/preupload/main":
            answer = 200, hub.preupload(json.loads(body)), {}
        elif path == f"/api/datasets/{REPOSITORY}/commit/main":
            answer = *hub.commit([json.loads(line) for line in body.splitlines()]), {}
        elif path == f"/datasets/{REPOSITORY}.git/info/lfs/objects/batch":
            answer = 200, hub.large_files(json.loads(body)), {}
        else:
            file = re.fullmatch(rf"/datasets/{REPOSITORY}/resolve/(\w+)/(.+)", path)
            content = hub.trees[file[1]].get(file[2]) if file else None
            answer = 404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"}
            if content is not None:
                answer = 200, content, {"ETag": f'"{blob_sha1(content)}"'}
        return answer
