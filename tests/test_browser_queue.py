"""A submission in a browser that is closed while the app is killed: the link leads back to the result."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from leaderboard.store.local import Store
from tests.browser import expect, needs_chromium, upload, visit
from tests.served import App
from tests.small_cif import CIF

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

SCORING_MS = 180_000.0

pytestmark = needs_chromium


def test_a_visitor_who_comes_back_after_the_app_was_killed_finds_the_result(browser: Browser, tmp_path: Path) -> None:
    submission = tmp_path / "mine.zip"
    with zipfile.ZipFile(submission, "w") as archive:
        archive.writestr("good.cif", CIF.format(name="good", a=4.12))
        archive.writestr("crowded.cif", CIF.format(name="crowded", a=1.2))
    with App(tmp_path / "runs") as app:
        with visit(browser, app.url) as page:
            page.get_by_role("tab", name="Submit").click()
            upload(page, submission)
            page.locator("#card_model input, #card_model textarea").fill("delta")
            page.locator("#submit_button").click()
            link = page.locator("#submit_status a", has_text="this link")
            expect(link).to_be_visible(timeout=SCORING_MS)
            address = f"{app.url}/{link.get_attribute('href')}"
            assert page.url.endswith(str(link.get_attribute("href")))
        app.kill()
        app.start()
        with visit(browser, address) as page:
            expect(page.locator("#submit_status")).to_contain_text("mine.zip of delta is scored.", timeout=SCORING_MS)
            rows = page.locator("#submit_structures tbody tr")
            expect(rows).to_have_count(2)
            expect(rows.filter(has_text="crowded")).to_contain_text(
                "Minimum distance: Cs and Cs 1.20 \u00c5 apart, at least 2.95 \u00c5 needed"
            )
            assert Store(tmp_path / "runs").runs() == []
            page.locator("#submit_consent input").check()
            page.locator("#submit_publish").click()
            expect(page.locator("#submit_link a")).to_have_text("delta")
            # CSV, parquet, JSON, bundle
            expect(page.locator("#submit_result .downloads button:visible")).to_have_count(4)
            page.locator("#submit_withdraw").click()
            expect(page.locator("#submit_publishing")).to_be_visible()
            assert Store(tmp_path / "runs").runs() == []
            page.locator("#submit_consent input").check()
            page.locator("#submit_publish").click()
            page.locator("#submit_renew").click()
            expect(page.locator("#submit_status")).to_contain_text("it takes the place of delta")
            expect(page.locator("#card_model input, #card_model textarea")).to_have_value("delta")
