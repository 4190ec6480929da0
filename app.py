"""The leaderboard in the browser: ``python app.py`` serves the store on http://127.0.0.1:7860."""

from __future__ import annotations

import atexit
import os
import socket
import sys
from typing import TYPE_CHECKING

from leaderboard.errors import UsageError
from leaderboard.protocol import load_protocol
from leaderboard.queue.jobs import Jobs
from leaderboard.server.sweep import keep_swept, temporary_folder
from leaderboard.store.kept import KeptStore
from leaderboard.store.open import open_store
from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.server.serve import Pages

DEFAULT_PORT = 7860
MAX_PORT = 65_535
ON_A_SPACE = "SPACE_ID" in os.environ
HOST = "0.0.0.0" if ON_A_SPACE else "127.0.0.1"  # noqa: S104 - a Space's proxy is the only way in


def main() -> int:
    """Serve until stopped; exit status 1 where the port, the folder of runs or a published set cannot be used."""
    try:
        port = _free_port()
        if ON_A_SPACE:  # its disk is empty after each restart
            _fetch_sets()
        jobs = Jobs(KeptStore(open_store()))
        temporary = temporary_folder()
    except (OSError, ValueError, UsageError, ReferenceSetError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    _serve(jobs, port, temporary)
    return 0


def _fetch_sets() -> None:
    """Download the reference sets of the protocol that are published.

    Raises:
        ReferenceSetError: one did not come.

    """
    from leaderboard.run.published_sets import fetch_missing

    fetch_missing(load_protocol().references, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201 - the log of a Space


def _free_port() -> int:
    """The port to serve on.

    Raises:
        ValueError: GRADIO_SERVER_PORT names none.
        OSError: it is in use.

    """
    text = os.environ.get("GRADIO_SERVER_PORT", str(DEFAULT_PORT))
    if not (text.isdecimal() and 0 < int(text) <= MAX_PORT):
        msg = f"GRADIO_SERVER_PORT is {text!r}; expected a whole number from 1 to {MAX_PORT}"
        raise ValueError(msg)
    with socket.socket() as probe:
        # as the server will do it: a port that only waits for its last connections to end is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except OSError as error:
            msg = f"port {text} is in use; set GRADIO_SERVER_PORT to another one"
            raise OSError(msg) from error
    return int(text)


def _serve(jobs: Jobs, port: int, temporary: Path) -> None:
    """Start the scoring process, so that it is warm for the first submission, and serve."""
    # nothing that a visitor does reaches another machine
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ["GRADIO_TEMP_DIR"] = str(temporary)
    keep_swept(temporary)
    # gradio reads the port when it is imported, and a bad one would end that with a traceback
    import gradio as gr

    from leaderboard.board.kept import KeptBoard
    from leaderboard.command_line.gc import keep_clearing
    from leaderboard.pages.parts.viewer import STATIC
    from leaderboard.pages.site import build
    from leaderboard.queue.runner import Runner
    from leaderboard.run.service import ScoringProcess
    from leaderboard.server.board_files import BoardFiles
    from leaderboard.server.health import Health, QueueOf
    from leaderboard.server.routes import BOARD_FILE, HEALTH
    from leaderboard.server.serve import serve

    store = jobs.store
    store.start()
    keep_clearing(jobs)
    process = ScoringProcess(store)
    process.start()
    runner = Runner(jobs, process)
    runner.start()
    atexit.register(runner.close)
    gr.set_static_paths([STATIC])
    protocol = load_protocol()
    boards = KeptBoard(store, protocol)
    pages: Pages = {
        HEALTH: Health(store, QueueOf(jobs, process)).answer,
        BOARD_FILE: BoardFiles(boards, protocol).answer,
    }
    serve(build(store, jobs, protocol, boards), pages, HOST, port)


if __name__ == "__main__":
    sys.exit(main())
