"""The whole way of a submission: checked privately, left, found again by its link, its name corrected, published."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from leaderboard.store.local import Store
from tests.browser import expect, needs_chromium, serving, upload, visit
from tests.made_runs import Made, good, publish
from tests.small_cif import CIF

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from leaderboard.store.run import Run

SCORING_MS = 180_000.0
HEAR = """() => {
    window.heard = [];
    const said = "#submit_stage [role=status]";
    const isSaid = (node) => node.nodeType === Node.ELEMENT_NODE && (node.matches(said) || node.querySelector(said));
    const changes = (change) => change.target.parentElement?.closest(said) || change.target.closest?.(said)
        || [...change.addedNodes].some(isSaid);
    new MutationObserver((all) => {
        if (all.some(changes)) window.heard.push(document.querySelector(said).textContent);
    }).observe(document.querySelector("#submit_stage"), {childList: true, subtree: true, characterData: true});
}"""
"""Notes what a screen reader is given to say, as often as it is given."""

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """With a run against the set that submissions are scored against, so that the board does not change its set."""
    root = tmp_path_factory.mktemp("runs")
    publish(root, Made("alpha", [good("a")]))
    return Store(root)


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(store) as url:
        yield url


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.cif", CIF.format(name="good", a=4.12))
        archive.writestr("crowded.cif", CIF.format(name="crowded", a=1.2))
    return path


def listed(store: Store) -> list[Run]:
    """What was published beside the run that was there."""
    return [run for run in store.runs() if run.model != "alpha"]


def model_box(page: Page) -> Locator:
    return page.locator("#card_model input, #card_model textarea").first


def test_from_a_private_check_to_the_board_with_a_name_corrected_on_the_way(
    browser: Browser, address: str, store: Store, submission: Path
) -> None:
    with visit(browser, address) as page:
        page.get_by_role("tab", name="Submit").click()
        upload(page, submission)
        model_box(page).fill("delat")
        page.evaluate(HEAR)
        page.locator("#submit_button").click()
        status = page.locator("#submit_status")
        expect(status).to_contain_text("mine.zip of delat is scored.", timeout=SCORING_MS)
        heard = page.evaluate("window.heard")
        link = page.url
    # each stage is said once, however often the page looked in the meantime
    assert heard[-1] == "mine.zip of delat is scored."
    assert len(heard) == len(set(heard))
    assert "?job=" in link
    with visit(browser, link) as page:
        status = page.locator("#submit_status")
        expect(status).to_contain_text("mine.zip of delat is scored.")
        assert listed(store) == []
        page.locator("#submit_correct").click()
        expect(model_box(page)).to_have_value("delat")
        model_box(page).fill("delta")
        upload(page, submission)
        page.locator("#submit_button").click()
        expect(status).to_contain_text("mine.zip of delta is scored.", timeout=SCORING_MS)
        expect(page.locator("#submit_scores h2")).to_have_text("delta")
        assert page.url == link
        assert listed(store) == []
        page.locator("#submit_consent input").check()
        page.locator("#submit_publish").click()
        expect(page.locator("#submit_link a")).to_have_text("delta")
    (run,) = listed(store)
    assert (run.model, run.record.model.model) == ("delta", "delta")
    with visit(browser, address) as page:
        page.get_by_role("tab", name="Submit").click()
        upload(page, submission)
        model_box(page).fill("epsilon")
        page.locator("#submit_button").click()
        expect(page.locator("#submit_status [role=alert]")).to_contain_text("to change its card, withdraw it first")
    assert [run.model for run in listed(store)] == ["delta"]


def test_after_an_error_the_keyboard_is_at_the_message(browser: Browser, address: str, submission: Path) -> None:
    with visit(browser, address) as page:
        page.get_by_role("tab", name="Submit").click()
        upload(page, submission)
        page.locator("#submit_button").click()
        message = page.locator("#submit_status [role=alert]")
        expect(message).to_be_focused()
        expect(message).to_contain_text("model: missing")
        expect(model_box(page)).to_have_attribute("aria-invalid", "true")
        said_by = model_box(page).get_attribute("aria-describedby")
        expect(page.locator(f"#{said_by}")).to_contain_text("model: missing")
        model_box(page).fill("named")
        page.locator("#submit_button").click()
        expect(page.locator("#submit_consent input")).to_be_visible(timeout=SCORING_MS)
        assert model_box(page).get_attribute("aria-invalid") is None
        page.locator("#submit_publish").click()
        expect(page.locator("#submit_status [role=alert]")).to_be_focused()
        expect(page.locator("#submit_status [role=alert]")).to_contain_text("to publish, agree that")
