"""The app as a real server and a browser that visits it, for the tests that meet it as a visitor does."""

from __future__ import annotations

import re
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.serving import served

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, see requirements-dev.txt")
expect = playwright.expect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Page, Request

    from leaderboard.store.local import Store

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 60_000.0
_LOOK_MS, _QUIET_LOOKS = 100.0, 5
_IN_FLIGHT: dict[Page, set[Request]] = {}
"""What each open page waits for."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: none of its commands is on the path")


@contextmanager
def serving(store: Store) -> Iterator[str]:
    """Where ``python app.py`` serves the store; at the end it has written of no error."""
    with served(store.root, store.root / "app.log") as app:
        yield f"{app.url}/"
    assert errors(app.log.read_text()) == []


def errors(log: str) -> list[str]:
    """Errors in what the server wrote, but for what gradio says when a visitor leaves before it has answered."""
    entries = re.split(r"^(?=[A-Z]+: )", log, flags=re.MULTILINE)
    return [entry for entry in entries if "Traceback" in entry and not _has_left(entry)]


def _has_left(entry: str) -> bool:
    return "in sse_stream" in entry and "CancelledError" in entry


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@contextmanager
def visit(browser: Browser, url: str, *, width: int = 1280, height: int = 900, scheme: str = "light") -> Iterator[Page]:
    """A visit that fails on a script that ran, an error of the page, or a request to another machine."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    in_flight = _IN_FLIGHT[page] = set()

    def ended(request: Request) -> None:
        in_flight.discard(request)

    page.on("request", lambda request: None if _is_stream(request) else in_flight.add(request))
    page.on("requestfinished", ended)
    page.on("requestfailed", ended)
    wrong: list[str] = []
    here = re.compile(r"^(https?://127\.0\.0\.1[:/]|data:|blob:|about:)")
    page.on("request", lambda request: wrong.extend([] if here.match(request.url) else [request.url]))
    page.on("pageerror", lambda error: wrong.append(str(error)))

    def refuse(dialog: Dialog) -> None:
        wrong.append(f"dialog {dialog.message}")
        dialog.dismiss()

    page.on("dialog", refuse)
    page.goto(url)
    yield page
    del _IN_FLIGHT[page]
    context.close()
    assert wrong == []


def settle(page: Page) -> None:
    """Wait until the page has asked for nothing for half a second, and everything that it asked for is there."""
    quiet, end = 0, time.monotonic() + PATIENCE_MS / 1_000
    while quiet < _QUIET_LOOKS:
        assert time.monotonic() < end, [request.url for request in _IN_FLIGHT[page]]
        page.wait_for_timeout(_LOOK_MS)
        quiet = 0 if _IN_FLIGHT[page] else quiet + 1


def _is_stream(request: Request) -> bool:
    """Whether an answer goes on for as long as the page is open."""
    return "/heartbeat/" in request.url


def upload(page: Page, path: Path) -> None:
    """Choose a file on the page Submit."""
    page.locator("#submission_file input[type=file]").set_input_files(path)
    expect(page.locator("#submission_file table")).to_be_visible()
