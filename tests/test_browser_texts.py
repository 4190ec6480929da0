"""The texts in a browser: loaded when they are opened, reached by links, and code that a button copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from leaderboard.store.local import Store
from tests.browser import expect, needs_chromium, serving, visit
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("runs")
    publish(root, Made("alpha", [good("a")]))
    with serving(Store(root)) as url:
        yield url


def test_no_text_comes_before_it_is_opened(address: str) -> None:
    first = httpx.get(f"{address}config").text
    for words in ("Elemental reference", "How do I read a result?", "Benchmark of structure matching", "gradio_client"):
        assert words not in first


def test_sections_open_in_place_and_by_links(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}?page=faq") as page:
        expect(page.locator("#about_text h2").first).to_have_text("How do I read a result?")
        expect(page.locator("#about [aria-current]")).to_have_text("Questions")
        page.locator("#about nav.sections").get_by_role("link", name="Structure matching").click()
        expect(page.locator("#about .finding")).to_contain_text("named cases rightly")
        expect(page.locator("#about_text h2")).to_have_count(0)
        assert page.url == f"{address}?page=matching"
        page.locator("#about nav.sections").get_by_role("link", name="What the numbers mean").click()
        page.locator("#about nav.toc").get_by_role("link", name="Protocol", exact=True).click()
        expect(page.locator("#about-protocol")).to_be_focused()
        expect(page.locator("#about-protocol")).to_be_in_viewport()
        link = page.url
        page.get_by_role("tab", name="Board").click()
        expect(page.locator("#board table")).to_be_visible()
        page.get_by_role("tab", name="About").click()
        expect(page.locator("#about-protocol")).to_be_visible()  # as it was left
    assert link == f"{address}?page=about#about-protocol"
    with visit(browser, link) as page:
        expect(page.locator("#about-protocol")).to_be_in_viewport()
        assert page.url == link


def test_code_has_the_address_of_the_site_and_is_copied_by_keyboard(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}?page=api", width=390) as page:
        block = page.locator("#api .code-block").first
        expect(block.locator("code")).to_contain_text(f'Client("{address.rstrip("/")}")')
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        block.get_by_role("button", name="Copy the code: Python, over HTTP").focus()
        page.keyboard.press("Enter")
        expect(block.get_by_role("status")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == block.locator("code").text_content()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
