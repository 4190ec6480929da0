"""The app over HTTP as its pages speak to it, without a browser: its events by what they do, queued or not."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 300.0


class RefusedError(Exception):
    """The server answered with an error; the message begins with its status, 200 for a failed event of the queue."""


@dataclass
class Site:
    """What the page says of itself.

    Attributes:
        config: of gradio.

    """

    config: dict[str, Any]

    def component(self, elem_id: str) -> int:
        """Number of the component of this element id."""
        return int(next(part["id"] for part in self.config["components"] if part["props"].get("elem_id") == elem_id))

    def events_of(self, elem_id: str, trigger: str) -> list[dict[str, Any]]:
        """Events of a component that the server runs, and that need nothing but it."""
        target = self.component(elem_id)
        return [
            event
            for event in self._events()
            if any(source == target and kind == trigger for source, kind in event["targets"])
            and event["inputs"] == [target]
        ]

    def loads(self) -> list[dict[str, Any]]:
        """Events that the page calls when it opens."""
        return [event for event in self._events() if any(kind == "load" for _, kind in event["targets"])]

    def event(self, trigger: str, *, output: str) -> dict[str, Any]:
        """The first event of this trigger that fills a component."""
        filled = self.component(output)
        return next(
            event
            for event in self._events()
            if filled in event["outputs"] and any(kind == trigger for _, kind in event["targets"])
        )

    def submits(self, elem_id: str) -> dict[str, Any]:
        """The event that takes a file and more beside it."""
        target = self.component(elem_id)
        return next(event for event in self._events() if target in event["inputs"] and len(event["inputs"]) > 1)

    def values(self, event: dict[str, Any], **changes: object) -> list[Any]:
        """The inputs of an event as the page has them at first, those of the element ids named changed."""
        parts = {part["id"]: part["props"] for part in self.config["components"]}
        return [
            changes.get(str(parts[number].get("elem_id")), parts[number].get("value")) for number in event["inputs"]
        ]

    def _events(self) -> list[dict[str, Any]]:
        return [event for event in self.config["dependencies"] if event["backend_fn"]]


@dataclass
class Visitor:
    """One browser: a client of its own and a session."""

    client: httpx.AsyncClient
    session: str = field(default_factory=lambda: secrets.token_hex(8))

    async def site(self) -> Site:
        """Read the page's configuration."""
        answer = await self.client.get("/config", timeout=TIMEOUT_S)
        _check(answer.status_code, answer.text)
        return Site(answer.json())

    async def page(self) -> str:
        """Load the page."""
        answer = await self.client.get("/", timeout=TIMEOUT_S)
        _check(answer.status_code, answer.text)
        return answer.text

    async def call(self, event: dict[str, Any], data: list[Any], event_data: object = None) -> list[Any]:
        """Run an event and wait for what it gives.

        Raises:
            RefusedError: it was refused or failed.

        """
        body = {"fn_index": event["id"], "data": data, "event_data": event_data, "session_hash": self.session}
        if event["queue"] is False:
            answer = await self.client.post("/gradio_api/run/predict", json=body, timeout=TIMEOUT_S)
            _check(answer.status_code, answer.text)
            return list(answer.json()["data"])
        joined = await self.client.post("/gradio_api/queue/join", json=body, timeout=TIMEOUT_S)
        _check(joined.status_code, joined.text)
        address = f"/gradio_api/queue/data?session_hash={self.session}"
        async with self.client.stream("GET", address, timeout=TIMEOUT_S) as stream:
            async for line in stream.aiter_lines():
                message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed":
                    if not message["success"]:
                        msg = f"200 {message['output']}"
                        raise RefusedError(msg)
                    return list(message["output"]["data"])
                if message.get("msg") in {"close_stream", "unexpected_error"}:
                    break
        msg = "200 the stream ended without an answer"
        raise RefusedError(msg)

    async def upload(self, name: str, content: bytes) -> dict[str, Any]:
        """Upload a file; what a file component takes."""
        files = {"files": (name, content, "application/octet-stream")}
        answer = await self.client.post("/gradio_api/upload", files=files, timeout=TIMEOUT_S)
        _check(answer.status_code, answer.text)
        return {"path": answer.json()[0], "orig_name": name, "size": len(content), "meta": {"_type": "gradio.FileData"}}


def _check(status: int, text: str) -> None:
    if status >= 400:
        msg = f"{status} {text[:300]}"
        raise RefusedError(msg)
