"""The app as a process of its own, and a visitor who speaks HTTP to it as the pages in a browser do."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx

from leaderboard.run import service

ROOT = Path(__file__).parents[1]
START_S = 600.0
ANSWER_S = 300.0


class App:
    """``python app.py`` over a folder of runs, on a port of its own; use it as a context manager.

    Args:
        root: folder of runs.
        port: where it listens; a free one where none is given. The same one after a restart keeps every link.
        environment: further variables.

    """

    def __init__(self, root: Path, port: int | None = None, environment: dict[str, str] | None = None) -> None:
        self.root = root
        self.port = port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = root.parent / "app.log"
        self._environment = {
            **os.environ,
            **(environment or {}),
            "GRADIO_SERVER_PORT": str(self.port),
            "LEADERBOARD_RUNS": str(root),
        }
        self._process: subprocess.Popen[bytes] | None = None
        # one for all looks: each client reads the certificates of the system again
        self._client = httpx.Client(timeout=START_S)

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.kill()
        self._client.close()

    def start(self) -> None:
        """Start it and wait until it answers; like whoever watches over servers, start it again where it ends."""
        end = time.monotonic() + START_S
        while not self._answers():
            assert time.monotonic() < end, f"no answer within {START_S} s: {self.log.read_text()}"
            if self._process is None or self._process.poll() is not None:
                with self.log.open("ab") as output:
                    self._process = subprocess.Popen(
                        [sys.executable, "app.py"],
                        cwd=ROOT,
                        env=self._environment,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                    )
            time.sleep(0.1)

    def kill(self) -> None:
        """End it at once, as ``kill -9`` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def kill_scoring(self) -> bool:
        """End its scoring process at once; whether there was one."""
        wanted = [b"-m", service.__name__.encode(), str(self.root.resolve()).encode()]
        killed = False
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (folder / "cmdline").read_bytes().split(b"\0")[1:4] == wanted:
                    os.kill(int(folder.name), signal.SIGKILL)
                    killed = True
        return killed

    def _answers(self) -> bool:
        try:
            return self._client.get(self.url).is_success
        except httpx.TransportError:
            return False


class Visitor:
    """Somebody with the site open; use it as a context manager.

    Args:
        app: the site.

    """

    def __init__(self, app: App) -> None:
        self._client = httpx.Client(base_url=f"{app.url}/gradio_api", timeout=ANSWER_S)
        self._session = secrets.token_hex(6)
        config = self._client.get(f"{app.url}/config").json()
        self._components = {part["id"]: part for part in config["components"]}
        self._events = config["dependencies"]

    def __enter__(self) -> Self:
        """Hand out the visitor."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave."""
        self._client.close()

    def submit(self, path: Path, model: str) -> str:
        """Upload a file and press the button; the id of the submission, or AssertionError with what the page says."""
        with path.open("rb") as file:
            (uploaded,) = self._client.post("/upload", files={"files": file}).raise_for_status().json()
        sent = {"path": uploaded, "orig_name": path.name, "meta": {"_type": "gradio.FileData"}}
        values: dict[str, object] = {"submission_file": sent, "card_model": model}
        event = self._event(
            lambda event: self._named("submission_file") in event["inputs"] and len(event["outputs"]) > 4
        )
        job, *shown = self._run(event, values)
        assert job, shown[2]
        return str(job)

    def look(self, job: str) -> str:
        """What the page says of a submission."""
        event = self._event(lambda event: event["targets"] and event["targets"][0][1] == "tick")
        return str(self._run(event, {"submit_job": job})[2])

    def press(self, button: str, job: str, **values: object) -> str:
        """Press one of the buttons beside a submission; what the page says then."""
        event = self._event(lambda event: [self._named(button), "click"] in event["targets"])
        return str(self._run(event, {"submit_job": job, **values})[2])

    def board(self) -> str:
        """The board with all submissions, as a visitor gets it who asks for all."""
        event = self._event(lambda event: self._named("board") in event["outputs"])
        return str(self._run(event, {"board_show": "all"})[event["outputs"].index(self._named("board"))])

    def _run(self, event: dict[str, Any], values: dict[str, object]) -> list[Any]:
        asked = {"data": self._values(event, values), "fn_index": event["id"], "session_hash": self._session}
        answer = self._client.post("/run/predict", json=asked)
        assert answer.is_success, answer.text
        data: list[Any] = answer.json()["data"]
        return data

    def _values(self, event: dict[str, Any], values: dict[str, object]) -> list[object]:
        """Inputs of an event: those named, the others as the page has them at first."""
        given = []
        for number in event["inputs"]:
            properties = self._components[number]["props"]
            given.append(values.get(properties.get("elem_id") or "", properties.get("value")))
        return given

    def _named(self, elem_id: str) -> int:
        return next(int(number) for number, part in self._components.items() if part["props"].get("elem_id") == elem_id)

    def _event(self, condition: Any) -> dict[str, Any]:  # noqa: ANN401 - a lambda over gradio's own JSON
        return next(event for event in self._events if condition(event))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
