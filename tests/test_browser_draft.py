"""What is typed into the card stays in the browser until it is submitted; a run is downloaded as a bundle."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from leaderboard.records import RunRecord
from leaderboard.store.local import Store
from submissions.card import card_from_fields
from tests.browser import expect, needs_chromium, serving, upload, visit
from tests.made_runs import Made, good, publish
from tests.small_cif import CIF

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

SCORING_MS = 180_000.0
TYPED = {"model": "draft of a model", "authors": "A. Author; B. Author", "sampling_settings": "1,000 steps\nguidance 2"}

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = tmp_path_factory.mktemp("runs")
    publish(root, Made("alpha", [good("a"), good("b", in_reference=True)]))
    return Store(root)


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(store) as url:
        yield url


def box(page: Page, field: str) -> Locator:
    return page.locator(f"#card_{field} input, #card_{field} textarea").first


def until_loaded(page: Page) -> None:
    """The board is what takes longest; gradio logs an answer that nobody waits for any more as an error."""
    page.locator("#board tbody tr").first.wait_for(state="attached")


def open_form(page: Page) -> None:
    until_loaded(page)
    page.get_by_role("tab", name="Submit").click()
    page.locator("#card_more > button").click()
    expect(box(page, "authors")).to_be_visible()


def drafted(page: Page) -> object:
    return page.evaluate("JSON.parse(localStorage.getItem('card-draft'))")


def test_a_draft_survives_a_reload_and_not_its_submission(
    browser: Browser, address: str, store: Store, tmp_path: Path
) -> None:
    submission = tmp_path / "mine.zip"
    with zipfile.ZipFile(submission, "w") as archive:
        archive.writestr("good.cif", CIF.format(name="good", a=4.12))
    with visit(browser, address) as page:
        open_form(page)
        expect(box(page, "model")).to_have_value("")
        for field, text in TYPED.items():
            box(page, field).fill(text)
        box(page, "open_weights").click()
        page.get_by_role("option", name="yes", exact=True).click()
        upload(page, submission)
        page.wait_for_function("JSON.parse(localStorage.getItem('card-draft'))?.open_weights === 'true'")
        page.reload()
        open_form(page)
        for field, text in TYPED.items():
            expect(box(page, field)).to_have_value(text)
        expect(box(page, "open_weights")).to_have_value("yes")
        expect(page.locator("#submission_file table")).to_have_count(0)  # the file is never kept
        draft = drafted(page)
        assert isinstance(draft, dict)
        assert "mine.zip" not in str(draft)
        page.locator("#submit_button").click()
        expect(page.locator("#submit_status")).to_contain_text("Choose a file")
        assert drafted(page) == draft  # what was not submitted is still there
        upload(page, submission)
        page.locator("#submit_button").click()
        expect(page.locator("#submit_status")).to_contain_text("is scored", timeout=SCORING_MS)
        page.wait_for_function("localStorage.getItem('card-draft') === null")
        page.reload()
        open_form(page)
        expect(box(page, "model")).to_have_value("")
    (record,) = [RunRecord.model_validate_json(file.read_bytes()) for file in store.root.glob("private/*/*/run.json")]
    assert record.model == card_from_fields({**TYPED, "open_weights": True})


@pytest.mark.parametrize("kept", ["{", "null", "[]", '{"model": 3, "authors": {"a": 1}}'])
def test_a_draft_that_is_none_leaves_the_form_empty(browser: Browser, address: str, kept: str) -> None:
    with visit(browser, address) as page:
        until_loaded(page)
        page.evaluate("(kept) => localStorage.setItem('card-draft', kept)", kept)
        page.reload()
        open_form(page)
        expect(box(page, "model")).to_have_value("")
        expect(box(page, "authors")).to_have_value("")


def test_a_run_is_downloaded_as_a_bundle(browser: Browser, address: str, store: Store) -> None:
    (run,) = [run for run in store.runs() if run.model == "alpha"]
    with visit(browser, f"{address}?model={run.id}") as page:
        expect(page.locator("#model_head h2")).to_have_text("alpha")
        expect(page.locator("#model_structures tbody tr")).to_have_count(2)
        with page.expect_download() as download:
            page.locator("#model_bundle").click()
        assert download.value.suggested_filename == f"run-{run.path.parent.name}-{run.path.name}.zip"
        with zipfile.ZipFile(download.value.path()) as archive:
            assert archive.read("scores.json") == (run.path / "scores.json").read_bytes()
