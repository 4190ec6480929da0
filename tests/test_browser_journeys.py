"""What visitors come for, from the first page to the answer, by what pages call things and not by how they are built.

Submitting a file, leaving, and coming back by the link is in ``test_browser_queue.py``: there the app is killed, too.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from tests.browser import expect, needs_chromium, serving, settle, visit
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

pytestmark = needs_chromium
N = load_protocol().n_ranked
NOVEL = {"alpha": 0.9, "beta": 0.6}
"""Shares of the structures that are novel."""
VALID = {"alpha": 0.5, "beta": 1.0}
"""Shares that are valid: the others have atoms that are too close."""
FOCUS = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const name = element.getAttribute("aria-label") || element.innerText || element.value || "";
  return { tag: element.tagName, role: element.getAttribute("role"), name: name.trim(),
           seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 };
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two ranked models: alpha is ahead in novelty, and beta in what ranks, since it has more valid structures."""
    root = tmp_path_factory.mktemp("runs")
    for model, share in NOVEL.items():
        is_valid = [at < VALID[model] * N for at in range(N)]
        # the novel ones are spread alike over valid and invalid ones
        is_known = [(at * 7) % 10 >= 10 * share for at in range(N)]
        records = [
            good(f"{model}-{at}", in_reference=known, valid=valid, distance_valid=valid)
            for at, (known, valid) in enumerate(zip(is_known, is_valid, strict=True))
        ]
        publish(root, Made(model, records))
    with serving(Store(root)) as url:
        yield url


def board(page: Page) -> Locator:
    """The board's table, once it is drawn."""
    table = page.get_by_role("tabpanel", name="Board").get_by_role("table").first
    expect(table.get_by_role("link", name="alpha")).to_be_visible()
    return table


def order(page: Page) -> list[str]:
    names = board(page).get_by_role("link").all_inner_texts()
    return [name for name in names if name in NOVEL]


def until_order(page: Page, *models: str) -> None:
    page.wait_for_function(
        "models => { const names = [...document.querySelectorAll('#board tbody a')].map((a) => a.innerText.trim())"
        ".filter((name) => models.includes(name)); return names.join() === models.join(); }",
        arg=list(models),
    )


def test_which_model_is_best_for_novelty(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        assert order(page) == ["beta", "alpha"]
        page.get_by_role("radio", name="Novelty").check()
        settle(page)  # the columns are others, at other places
        board(page).get_by_role("button", name="Novel", exact=True).click()
        until_order(page, "alpha", "beta")
        expect(board(page).get_by_role("row").filter(has=page.get_by_role("link", name="alpha"))).to_contain_text(
            "90.0"
        )
        board(page).get_by_role("link", name="alpha").click()
        expect(page.get_by_role("heading", name="alpha", exact=True)).to_be_visible()


def test_why_was_a_structure_invalid(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        board(page).get_by_role("link", name="alpha").click()
        panel = page.get_by_role("tabpanel", name="Model")
        expect(panel.get_by_title("alpha-0", exact=True)).to_be_visible()  # the table is there
        panel.get_by_role("textbox", name="Search").fill(f"alpha-{N - 1}")
        # of its id the table shows what is not common to all
        row = panel.get_by_role("row").filter(has=page.get_by_title(f"alpha-{N - 1}"))
        expect(row).to_contain_text(re.compile("distance", re.IGNORECASE))
        row.get_by_role("link").first.click()
        said = page.locator("#model_words")
        expect(said.get_by_role("heading", name=f"alpha-{N - 1}")).to_be_visible()
        expect(said).to_contain_text(re.compile("distance", re.IGNORECASE))


def test_two_models_are_compared(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        table = board(page)
        for model in NOVEL:
            table.get_by_role("checkbox", name=f"Compare {model}").check()
        page.get_by_role("button", name="Compare 2 ticked").click()
        compared = page.get_by_role("tabpanel", name="Compare")
        novel = (
            compared.get_by_role("row").filter(has=page.get_by_role("rowheader", name=re.compile(r"^Novel\b"))).first
        )
        # 0.9 and 0.6 of the structures
        for text in ("90.0", "60.0", "30.0"):
            expect(novel).to_contain_text(text)
        link = page.url
    with visit(browser, link) as page:
        expect(page.get_by_role("tabpanel", name="Compare").get_by_role("table").first).to_contain_text("alpha")
        settle(page)
        assert page.url == link
        page.get_by_role("tab", name="Board").click()
        page.wait_for_url(address)


def test_what_is_shown_is_downloaded(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        board(page).get_by_role("button", name="Novel", exact=True).click()
        until_order(page, "alpha", "beta")
        with page.expect_download() as table:
            page.get_by_role("link", name="CSV", exact=True).click()
        with page.expect_download() as document:
            page.get_by_role("link", name="JSON", exact=True).click()
        with Path(table.value.path()).open(newline="") as file:
            assert [row["model"] for row in csv.DictReader(file)] == ["alpha", "beta"]
        assert {"alpha", "beta"} <= _texts(json.loads(Path(document.value.path()).read_text()))


def _texts(content: Any) -> set[str]:  # noqa: ANN401 - of JSON
    """All texts in a document."""
    if isinstance(content, str):
        return {content}
    inside = content.values() if isinstance(content, dict) else content if isinstance(content, list) else []
    return set().union(*(_texts(inner) for inner in inside))


def test_a_link_opens_the_same_view(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        board(page)
        page.get_by_role("radio", name="Diversity").check()
        settle(page)
        board(page).get_by_role("button", name="Space group coverage").click()
        expect(page.get_by_role("combobox", name="Sort by")).to_have_value("Space group coverage")
        page.get_by_role("textbox", name="Search").first.fill("bet")
        expect(board_links(page)).to_have_text(["beta"])
        page.wait_for_url(re.compile("search=bet"))
        link = page.url
    for width in (1280, 390):
        with visit(browser, link, width=width, height=844) as page:
            expect(board_links(page)).to_have_text(["beta"])
            expect(page.get_by_role("radio", name="Diversity")).to_be_checked()
            expect(page.get_by_role("combobox", name="Sort by")).to_have_value("Space group coverage")
            expect(page.get_by_role("textbox", name="Search").first).to_have_value("bet")


def board_links(page: Page) -> Locator:
    """The names of models on the board."""
    panel = page.get_by_role("tabpanel", name="Board")
    return panel.get_by_role("table").first.get_by_role("rowheader").get_by_role("link", name=re.compile("alpha|beta"))


def press_until(page: Page, key: str, name: str, most: int = 60) -> None:
    """Press a key until what has the focus is called so; whatever has it on the way is seen to have it."""
    for _ in range(most):
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        assert focus["seen"] or focus["tag"] == "BODY", focus
        if focus["name"] == name:
            return
    pytest.fail(f"{most} times {key} do not lead to {name}")


def test_by_keyboard_alone(browser: Browser, address: str) -> None:
    """To the best model in novelty and its page, and back, with no pointer."""
    with visit(browser, address) as page:
        board(page)
        press_until(page, "Tab", "Skip to content", most=1)
        page.keyboard.press("Enter")
        assert page.evaluate(FOCUS)["role"] == "tabpanel"
        page.keyboard.press("Tab")  # the tabs are behind
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("radio", name="Novelty")).to_be_checked()
        press_until(page, "Tab", "Novel")
        page.keyboard.press("Enter")
        until_order(page, "alpha", "beta")
        page.wait_for_function("document.activeElement.innerText?.trim().startsWith('Novel')")  # of the new table
        press_until(page, "Tab", "alpha")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="alpha", exact=True)).to_be_visible()
        press_until(page, "Shift+Tab", "Model")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        assert page.evaluate(FOCUS) == {"tag": "BUTTON", "role": "tab", "name": "Board", "seen": True}
        page.keyboard.press("Enter")
        board(page)


def test_tabs_that_do_not_fit_are_reached_by_keyboard(browser: Browser, address: str) -> None:
    with visit(browser, address, width=390, height=844) as page:
        board(page)
        page.get_by_role("tab", name="Board").focus()
        page.keyboard.press("End")
        more = page.get_by_role("button", name="More tabs")
        expect(more).to_be_focused()
        page.keyboard.press("Enter")
        expect(more).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("ArrowUp")
        assert page.evaluate(FOCUS)["name"] == "About"
        page.keyboard.press("Escape")
        expect(more).to_be_focused()
        expect(more).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        expect(page.get_by_role("tabpanel", name="About")).to_be_visible()


@pytest.mark.parametrize("tab", ["board", "submit"])
def test_no_element_keeps_the_focus(browser: Browser, address: str, tab: str) -> None:
    """The Tab key goes from the beginning of a page to its end, and is seen to."""
    with visit(browser, f"{address}?page={tab}") as page:
        page.get_by_role("tab", selected=True, name=re.compile(tab, re.IGNORECASE)).wait_for()
        page.evaluate(
            "window.trace = []; document.addEventListener('focusin', (event) => window.trace.push(event.target));"
        )
        for _ in range(150):
            page.keyboard.press("Tab")
            if page.evaluate("window.trace.length > 3 && window.trace.at(-1).className === 'skip'"):
                break
        else:
            pytest.fail("the end is not reached")
        assert page.evaluate("window.trace.every((element, at) => element !== window.trace[at + 1])")
