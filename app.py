"""The leaderboard in the browser: ``python app.py`` serves the store on http://127.0.0.1:7860."""

from __future__ import annotations

import atexit
import os

import gradio as gr

from leaderboard.pages.site import build
from leaderboard.pages.style import CSS, theme
from leaderboard.pages.viewer import STATIC
from leaderboard.protocol import load_protocol
from leaderboard.queue.jobs import Jobs
from leaderboard.run.service import ScoringProcess
from leaderboard.store.local import Store
from submissions.limits import Limits

DEFAULT_PORT = 7860


def main() -> None:
    """Start the scoring process, so that it is warm for the first submission, and serve until stopped."""
    # gradio reads these when it serves: nothing that a visitor does reaches another machine
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    store = Store()
    process = ScoringProcess(store)
    process.start()
    jobs = Jobs(store, process)
    atexit.register(jobs.close)
    on_a_space = "SPACE_ID" in os.environ
    gr.set_static_paths([STATIC])
    site = build(store, jobs, load_protocol())
    site.queue(default_concurrency_limit=2, max_size=40)
    site.launch(
        server_name="0.0.0.0" if on_a_space else "127.0.0.1",  # noqa: S104 - a Space's proxy is the only way in
        server_port=int(os.environ.get("GRADIO_SERVER_PORT", DEFAULT_PORT)),
        share=False,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        max_file_size=Limits().upload_bytes,
        footer_links=[],
        theme=theme(),
        css=CSS.read_text(),
    )


if __name__ == "__main__":
    main()
