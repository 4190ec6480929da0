"""The app as a real server and a browser that visits it, for the tests that meet it as a visitor does."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, see requirements-dev.txt")
expect = playwright.expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Dialog, Page

    from leaderboard.store.local import Store

ROOT = Path(__file__).parents[1]
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
START_S = 120.0

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: none of its commands is on the path")

# caesium chloride, a = 4.12 angstrom; with a = 1.2 its atoms are 1.04 angstrom apart
CIF = """data_{name}
_cell_length_a {a}
_cell_length_b {a}
_cell_length_c {a}
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Cs1 Cs 0 0 0
Cl1 Cl 0.5 0.5 0.5
"""


@contextmanager
def serving(store: Store) -> Iterator[str]:
    """Where ``python app.py`` serves the store."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "GRADIO_SERVER_PORT": str(port), "LEADERBOARD_RUNS": str(store.root)}
    log = store.root / "app.log"
    with (
        log.open("w") as output,
        subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT) as app,
    ):
        url = f"http://127.0.0.1:{port}/"
        end = time.monotonic() + START_S
        while not answers(url):
            assert app.poll() is None, log.read_text()
            assert time.monotonic() < end, f"no answer within {START_S} s: {log.read_text()}"
            time.sleep(0.2)
        yield url
        app.terminate()
    assert errors(log.read_text()) == []


def errors(log: str) -> list[str]:
    """Errors in what the server wrote, but for what gradio says when a visitor leaves before it has answered."""
    entries = re.split(r"^(?=[A-Z]+: )", log, flags=re.MULTILINE)
    return [entry for entry in entries if "Traceback" in entry and not _has_left(entry)]


def _has_left(entry: str) -> bool:
    return "in sse_stream" in entry and "CancelledError" in entry


def answers(url: str) -> bool:
    """Whether the page is there."""
    try:
        with urllib.request.urlopen(url) as response:  # noqa: S310 - our own server, always http
            return bool(response.status == 200)
    except urllib.error.URLError:
        return False


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
    context.close()
    assert wrong == []


def upload(page: Page, path: Path) -> None:
    """Choose a file on the page Submit."""
    page.locator("#submission_file input[type=file]").set_input_files(path)
    expect(page.locator("#submission_file table")).to_be_visible()
