"""The board in a browser: what was chosen last is shown, its link restores it, models unfold, tick and explain."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from tests.browser import expect, needs_chromium, serving, visit
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

PROTOCOL = load_protocol()
N = PROTOCOL.n_ranked
pytestmark = needs_chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Five models, one of them with three runs, and a trial."""
    root = tmp_path_factory.mktemp("runs")
    for place, model in enumerate(("one", "two", "three", "four")):
        facts = [good(f"{model}-{i}", in_reference=i >= 2_400 - 300 * place, valid=i >= 100 * place) for i in range(N)]
        publish(root, Made(model, facts, card={"training_sets": ("MP-20",), "paper": "https://example.org/paper"}))
    for n_novel in (300, 600, 900):
        facts = [good(f"s{n_novel}-{i}", in_reference=i >= n_novel) for i in range(N)]
        publish(root, Made("several", facts))
    publish(root, Made("trial", [good(f"t{i}") for i in range(11)]))
    with serving(Store(root)) as url:
        yield url


def names(page: Page) -> list[str]:
    return page.locator("#board tbody a.name").all_inner_texts()


def heading(page: Page, name: str) -> None:
    page.locator(f'#board [data-sort="{name}"]').click()


@pytest.mark.parametrize("wait_ms", [0, 50, 150, 300])
def test_a_heading_clicked_soon_after_the_first_paint_stays_in_force(
    browser: Browser, address: str, wait_ms: int
) -> None:
    with visit(browser, address) as page:
        page.wait_for_selector("#board tbody tr")
        page.wait_for_timeout(wait_ms)
        heading(page, "model")
        expect(page.locator("#board th[aria-sort=ascending]")).to_have_text("Model\u2191")
        page.wait_for_timeout(1_500)  # whatever was asked when the page came has been answered by now
        assert names(page) == sorted(names(page))
        expect(page.locator("#board_sort input")).to_have_value("Model")


def test_quick_choices_end_with_the_last_one(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.wait_for_selector("#board tbody tr")
        for name in ("novel", "model", "valid", "n_submitted", "unique", "novel"):
            heading(page, name)
        expect(page.locator("#board th[aria-sort] [data-sort=novel]")).to_be_visible()
        page.wait_for_timeout(1_500)
        assert names(page)[0] == "one"
        expect(page.locator("#board_sort input")).to_have_value("Novel")
        expect(page.locator("#board_order input")).to_have_value("Highest first")


def test_models_are_one_row_each_in_the_order_of_their_ranks_and_unfold(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.wait_for_selector("#board tbody tr")
        assert names(page) == ["one", "two", "three", "four", "several"]  # and no trial
        ranks = page.locator("#board td.rank .value").all_inner_texts()
        assert ranks == ["1", "2", "3", "4", "5"]
        unfold = page.locator("#board .unfold")
        assert page.locator("#board tr.run").first.is_hidden()
        unfold.press("Enter")
        expect(page.locator("#board tr.run")).to_have_count(3)
        expect(page.locator("#board tr.run").first).to_be_visible()
        expect(unfold).to_have_attribute("aria-expanded", "true")
        page.get_by_role("button", name="Show all submissions").click()
        expect(page.locator("#board tbody a.name").last).to_have_text("trial")
        expect(page.locator("#board tr.below")).to_have_text("Not ranked")


def test_a_view_has_a_link_that_restores_it(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.wait_for_selector("#board tbody tr")
        page.get_by_role("radio", name="Diversity").check()
        expect(page.locator("#board [data-sort=diversity_vendi]")).to_be_visible()
        page.locator("#board_search input, #board_search textarea").fill("o")
        expect(page.locator("#board tbody a.name")).to_have_count(3)
        heading(page, "diversity_elements")
        page.wait_for_function("location.search.includes('diversity_elements')")
        link, shown = page.url, names(page)
    with visit(browser, link) as page:
        expect(page.locator("#board th[aria-sort] [data-sort=diversity_elements]")).to_be_visible()
        expect(page.locator("#board tbody a.name")).to_have_text(shown)
        expect(page.get_by_role("radio", name="Diversity")).to_be_checked()
        assert page.url == link


def test_a_link_that_names_what_is_not_there_says_so(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}?page=board&sort=beauty") as page:
        expect(page.get_by_role("alert")).to_contain_text("This link leads nowhere: sort: there is no 'beauty'")
        expect(page.locator("#board tbody a.name")).to_have_count(5)


def test_ticked_models_are_compared(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.wait_for_selector("#board tbody tr")
        button = page.locator("#board [data-compare]")
        expect(button).to_be_disabled()
        for name in ("Compare two", "Compare four"):
            page.get_by_role("checkbox", name=name).check()
        heading(page, "model")  # ticks outlive another order
        expect(page.locator("#board th[aria-sort] [data-sort=model]")).to_be_visible()
        expect(button).to_have_text("Compare 2 ticked")
        button.click()
        expect(page.locator("#compare")).to_contain_text("four against two")


def test_a_heading_explains_itself_to_pointer_and_keyboard(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.wait_for_selector("#board tbody tr")
        tip = page.locator("#tip-valid")
        expect(tip).to_be_hidden()
        page.locator("#board [data-sort=valid]").hover()
        expect(tip).to_contain_text("higher is better")
        page.keyboard.press("Escape")
        page.mouse.move(0, 0)
        expect(tip).to_be_hidden()
        page.locator("#board [data-sort=readable]").focus()
        page.keyboard.press("Tab")  # into the tooltip of its heading, to the definition
        page.keyboard.press("Tab")
        expect(page.locator("#board [data-sort=valid]")).to_be_focused()
        expect(tip).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator("#board th[aria-sort] [data-sort=valid]")).to_be_focused()


def test_the_citation_is_copied(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.wait_for_selector("#board tbody tr")
        page.locator("#board summary", has_text="Cite").click()
        expect(page.locator("#board .code-block")).to_contain_text("@software{lematerial")
        page.get_by_role("button", name="Copy the citation").press("Enter")
        expect(page.locator("#board .code-block [role=status]")).to_have_text(re.compile("Copied|Selected"))


def test_columns_are_picked_one_by_one(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.wait_for_selector("#board tbody tr")
        page.get_by_role("button", name="Pick columns").click()
        page.locator('#board_columns [data-column="smact_valid"]').check()
        expect(page.locator("#board [data-sort=smact_valid]")).to_be_visible()
        expect(page.locator("#board [data-sort=novel]")).to_be_visible()


def test_head_and_models_stay_while_the_rest_scrolls(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}?page=board&columns=all", height=500) as page:
        page.wait_for_selector("#board [data-sort=diversity_vendi]")
        box = page.locator("#board .scroll.wide")
        box.evaluate("element => element.scrollTo(1500, 150)")
        corner = page.locator("#board thead th.model").bounding_box()
        frame = box.bounding_box()
        assert corner
        assert frame
        assert abs(corner["x"] - frame["x"]) < 2
        assert frame["y"] - 2 < corner["y"] < frame["y"] + 80
        # the bar to scroll with lies inside the window
        assert frame["y"] + frame["height"] <= page.evaluate("document.documentElement.scrollHeight")
        assert frame["height"] <= 500
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_what_is_shown_is_a_file(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}?page=board&columns=novel&sort=novel&order=Lowest%20first") as page:
        page.wait_for_selector("#board th[aria-sort=ascending] [data-sort=novel]")
        link = page.locator("#board .board-foot a", has_text="CSV").get_attribute("href")
        assert link
    parts = urlsplit(address)
    with urlopen(f"{parts.scheme}://{parts.netloc}/{link}") as answer:  # noqa: S310 - our server
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
    assert [row["model"] for row in rows] == ["several", "four", "three", "two", "one"]
    assert [float(row["novel"]) for row in rows] == pytest.approx([0.24, 0.6, 0.72, 0.84, 0.96])
