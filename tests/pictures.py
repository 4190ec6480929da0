"""Pictures of the app over the runs that ship with the code, taken in Chromium.

``python -m tests.pictures`` writes ``docs/board.png``, which the README shows; with ``--all FOLDER`` it takes a picture
of each page instead, from top to bottom, on a screen and a telephone, light and dark.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import argparse
import io
import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from leaderboard.baselines.bundled import publish_bundled
from leaderboard.pages.site import PAGES
from leaderboard.published.shipped import publish_shipped
from leaderboard.store.local import Store
from tests.browser import chromium, serving, settle, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BOARD = Path(__file__).parents[1] / "docs" / "board.png"
SCREEN, TELEPHONE = (1400, 900), (390, 844)
COLOURS = 128
"""Of a picture: a board has few, and a palette takes a third of the bytes."""


def take_board(browser: Browser, url: str) -> None:
    """Write the README's picture: what a visitor sees first."""
    width, height = SCREEN
    with visit(browser, url, width=width, height=height) as page:
        _until_drawn(page)
        _write(page.screenshot(), BOARD)


def take_all(browser: Browser, url: str, folder: Path) -> None:
    """Write a picture of each page, size and scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    for tab, (width, height), scheme in itertools.product(PAGES, (SCREEN, TELEPHONE), ("light", "dark")):
        path = folder / f"{tab}-{width}-{scheme}.png"
        with visit(browser, f"{url}?page={tab}", width=width, height=height, scheme=scheme) as page:
            _until_drawn(page)
            _write(page.screenshot(full_page=True), path)
        print(path)


def _until_drawn(page: Page) -> None:
    page.wait_for_selector("#board tbody tr", state="attached")
    settle(page)
    page.evaluate("document.fonts.ready")


def _write(png: bytes, path: Path) -> None:
    with Image.open(io.BytesIO(png)) as picture:
        # no dithering: what has one colour keeps it
        reduced = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        reduced.save(path, optimize=True)


def main() -> None:
    """Serve the runs and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="a picture of each page")
    folder: Path | None = parser.parse_args().all
    with tempfile.TemporaryDirectory() as runs:
        store = Store(Path(runs))
        publish_bundled(store)
        publish_shipped(store)
        with serving(store) as url, chromium() as browser:
            if folder is None:
                take_board(browser, url)
                print(BOARD)
            else:
                take_all(browser, url, folder)


if __name__ == "__main__":
    main()
