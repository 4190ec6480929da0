"""The page of a model as a visitor meets it: its place, its structures by reason, one of them by its link, its file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from leaderboard.pages.structures.choices import Choice
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from metrics.crystal import Crystal
from submissions.read import parse, split
from tests.browser import CHROMIUM, FLAGS, expect, needs_chromium, serving, visit
from tests.made_runs import Made, caesium_chloride, energy, good, publish, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from leaderboard.store.run import Run

PROTOCOL = load_protocol()
pytestmark = needs_chromium
CROWDED = Crystal.from_arrays(2 * np.eye(3), [[0.0] * 3, [0.5] * 3], [55, 17])
SHARED = "model_of-somebody_sample-batch0-"
RECORDS = [
    good(f"{SHARED}0000"),
    good(f"{SHARED}0001", distance_valid=False, valid=False),
    good(f"{SHARED}0002", unique=False, duplicate_of=f"{SHARED}0000"),
    good(f"{SHARED}0003", unknown_reasons="supply_risk: no Herfindahl-Hirschman index is known of H"),
    refused(f"{SHARED}0004", "malformed", "no cell"),
    *(good(f"{SHARED}{number:04d}", charge_valid=False, charge_rule="crowded", valid=False) for number in range(5, 80)),
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    root = tmp_path_factory.mktemp("runs")
    n = PROTOCOL.n_ranked
    ranked = {
        name: Made(model, [good(f"{name}-{i}", in_reference=i >= n_novel) for i in range(n)])
        for name, model, n_novel in (("first", "alpha", 2_000), ("second", "beta", 1_000), ("again", "beta", 1_010))
    }
    energies = [energy(caesium_chloride(), 0.02, decomposition=[{"formula": "CsCl", "amount": 1.0}])]
    crystals = {f"{SHARED}0001": CROWDED}
    newest = {"created": "2026-11-25T00:00:00+00:00"}
    small = Made("small", RECORDS, crystals=crystals, energies=energies, record=newest)
    return {name: publish(root, made) for name, made in {**ranked, "small": small}.items()}


@pytest.fixture(scope="module")
def address(runs: dict[str, Run]) -> Iterator[str]:
    with serving(Store(runs["small"].path.parents[1])) as url:
        yield url


def rows(page: Page) -> list[str]:
    return [link.get_attribute("data-id") or "" for link in page.locator("#model_structures a[data-id]").all()]


def choose(page: Page, elem_id: str, option: str) -> None:
    page.locator(f"#{elem_id} input").click()
    page.get_by_role("option", name=option, exact=True).click()


def test_the_page_opens_on_the_first_of_the_board_and_goes_from_run_to_run(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.wait_for_selector("#board tbody tr")
        page.get_by_role("tab", name="Model").click()
        head = page.locator("#model_head")
        expect(head.locator("h2")).to_have_text("alpha")  # not the newest
        expect(head).to_contain_text("Rank 1 of 2 models, 95% range 1.")
        expect(head.get_by_role("link", name="Compare with beta, rank 2")).to_be_visible()
    with visit(browser, f"{address}?model=beta") as page:
        head = page.locator("#model_head")
        expect(head).to_contain_text("Run 2 of 2 of this model")
        head.get_by_role("link", name="1", exact=True).click()
        expect(head).to_contain_text("Run 1 of 2 of this model")
        expect(page.locator("#model_figures figure").first).to_contain_text("structures are valid, unique and novel")


def test_why_was_a_structure_invalid(browser: Browser, address: str, runs: dict[str, Run]) -> None:
    with visit(browser, f"{address}?model=small") as page:
        table = page.locator("#model_structures")
        expect(table.locator("a[data-id]")).to_have_count(50)
        heights = {round(row.bounding_box()["height"]) for row in table.locator("tbody tr").all()[:5]}  # type: ignore[index]
        assert len(heights) == 1  # one line each
        expect(table.locator("a[data-id]").nth(1)).to_have_text("\u20260001")
        expect(table.locator("tbody tr").nth(3)).not_to_contain_text("supply")
        choose(page, "model_reason", "minimum distance (1)")
        expect(table.locator("a[data-id]")).to_have_count(1)
        expect(table).to_contain_text("Minimum distance: Cs and Cs 2.00 \u00c5 apart, at least 2.95 \u00c5 needed")
        table.locator("a[data-id]").click()
        expect(page.locator("#model_words h3")).to_contain_text(f"{SHARED}0001")
        expect(page.locator("#model_words .reasons")).to_contain_text("Cs and Cs 2.00 \u00c5 apart")
        expect(table.locator("tr.chosen a[aria-current=true]")).to_have_count(1)
        choice = Choice(reason="minimum distance", chosen=f"{SHARED}0001")
        page.wait_for_url(f"**{choice.link(runs['small'].id).removeprefix('?')}")
        link = page.url
    with visit(browser, link) as page:
        expect(page.locator("#model_words h3")).to_contain_text(f"{SHARED}0001")
        assert rows(page) == [f"{SHARED}0001"]
        expect(page.locator("#model_reason input")).to_have_value("minimum distance (1)")


def test_a_link_opens_a_structure_wherever_it_stands_and_says_what_there_is_not(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}?model=small&sort=E above hull&structure={SHARED}0060") as page:
        expect(page.locator("#model_words h3")).to_contain_text(f"{SHARED}0060")
        expect(page.locator("#model_structures .pager")).to_contain_text("51 to 80 of 80")
        expect(page.locator("#model_structures tr.chosen a")).to_have_text("\u20260060")
    for wrong, said in (
        ("structure=gone", "this run has no structure 'gone'"),
        ("show=nicest", "structures cannot be shown by 'nicest'; the choices are: all, valid, unique and novel"),
    ):
        with visit(browser, f"{address}?model=small&{wrong}") as page:
            expect(page.locator("#said [role=alert]")).to_contain_text(said)


def test_a_duplicate_leads_to_the_structure_that_it_is(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}?model=small&structure={SHARED}0002") as page:
        words = page.locator("#model_words")
        expect(words).to_contain_text(f"Duplicate of {SHARED}0000")
        words.locator("p.same a").first.click()
        expect(words.locator("h3")).to_contain_text(f"{SHARED}0000")
        expect(words.locator("p.same a")).to_have_text(f"{SHARED}0002")
        expect(words.locator("a", has_text="CsCl")).to_have_attribute("href", "?reference=starter&find=CsCl")


def test_files_are_made_when_they_are_asked_for(browser: Browser, address: str, tmp_path: Path) -> None:
    with visit(browser, f"{address}?model=small&structure={SHARED}0001") as page:
        with page.expect_download() as download:
            page.locator("#model_drawing").locator("xpath=../..").locator("a.cif").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        [record] = split(path)
        assert np.allclose(parse(record).lattice, CROWDED.lattice)
        with page.expect_download() as download:
            page.locator("#model_csv").click()
        assert "Cs and Cs 2.00 \u00c5 apart" in Path(download.value.path()).read_text()


def test_on_a_telephone_the_structure_comes_to_the_visitor_and_back(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}?model=small", width=390, height=844) as page:
        page.locator("#model_structures a[data-id]").nth(7).click()
        heading = page.locator("#model_words h3")
        expect(heading).to_contain_text(f"{SHARED}0007")
        expect(heading).to_be_focused()
        expect(heading).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("button", name="Back to the table").click()
        expect(page.locator("#model_structures tr.chosen a")).to_be_focused()
        expect(page.locator("#model_structures tr.chosen a")).to_be_in_viewport()


def test_a_drawing_is_turned_by_arrow_keys_and_named_by_its_formula(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}?model=small") as page:
        canvas = page.locator("#model_drawing .canvas")
        expect(canvas).to_have_attribute("data-atoms", "9")
        expect(canvas).to_have_attribute("aria-label", re.compile(f"3D drawing of CsCl, {SHARED}0000"))
        canvas.scroll_into_view_if_needed()
        expect(canvas).to_have_attribute("data-drawn", f"{SHARED}0000")
        canvas.focus()
        before = canvas.screenshot()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowUp")
        assert canvas.screenshot() != before


def test_without_webgl_the_page_says_so_and_the_file_is_there(browser: Browser, address: str) -> None:
    flat = browser.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-3d-apis"])
    with visit(flat, f"{address}?model=small") as page:
        canvas = page.locator("#model_drawing .canvas")
        canvas.scroll_into_view_if_needed()
        expect(canvas).to_have_text(
            "This browser draws no WebGL, so the structure is not shown in 3D; its CIF can be downloaded."
        )
        expect(page.locator("a.cif").first).to_be_visible()
    flat.close()


def test_no_figure_is_covered_by_a_toolbar(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}?reference=starter") as page:
        page.wait_for_selector("#plot_reference_groups .main-svg")
        assert page.locator(".modebar").count() > 0
        assert not any(bar.is_visible() for bar in page.locator(".modebar").all())
