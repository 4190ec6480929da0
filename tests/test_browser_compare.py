"""Runs side by side and scatters of two scores as a visitor meets them, on a telephone too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from leaderboard.store.local import Store
from metrics.crystal import Crystal
from tests.browser import expect, needs_chromium, serving, visit
from tests.made_runs import Made, energy, good, publish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

HOSTILE = "<img src=x onerror=alert(1)>"
TELEPHONE = 390
FIGURES = ("shares", "hull", "systems", "density", "elements")

pytestmark = needs_chromium

# boxes that lie over each other by more than a pixel, of labels and of numbers inside one row or one figure
OVERLAPS = """([within, labels, numbers]) => [...document.querySelectorAll(within)].flatMap((part) => {
  const boxes = (selector) => [...part.querySelectorAll(selector)].map((one) => one.getBoundingClientRect())
    .filter((box) => box.width > 0 && box.height > 0);
  return boxes(labels).flatMap((label) => boxes(numbers).filter((number) =>
    label.left < number.right - 1 && number.left < label.right - 1 &&
    label.top < number.bottom - 1 && number.top < label.bottom - 1).map((number) => [label.x, label.y, number.x]));
})"""


def cell(length: float) -> Crystal:
    return Crystal.from_arrays(length * np.eye(3), np.zeros((1, 3)), [55])


def records(model: str, n_novel: int, n: int = 200) -> list[dict[str, Any]]:
    """Records of which two are a crystal of every model: one that is known, one that is novel."""
    made = [good(f"{model}-{i}", in_reference=i >= n_novel, valid=i % 2 == 0) for i in range(n)]
    made[0] |= {"canonical_bawl_keys": ["Cs:1:x"], "amd": [1.0, 2.0], "volume_per_atom": 8.0}
    made[-1] |= {"matched_id": "known-caesium-Cs"}
    return made


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two models with energies, another run of one of them, and one whose name tries to be markup."""
    root = tmp_path_factory.mktemp("runs")
    for model, n_novel, day, height in (("alpha", 60, 18, -0.1), ("beta", 150, 19, 0.05), ("beta", 155, 20, 0.05)):
        made = records(model, n_novel)
        crystals = {f"{model}-0": cell(4.0)}
        publish(
            root,
            Made(
                model,
                made,
                crystals=crystals,
                energies=[energy(crystals[f"{model}-0"], height)],
                record={"created": f"2026-11-{day}T12:00:00+00:00"},
            ),
        )
    publish(root, Made(HOSTILE, records(HOSTILE, 100)))
    publish(root, Made("gamma", records("gamma", 3, n=9)))
    return Store(root)


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(store) as url:
        yield url


def drawn(page: Page, names: tuple[str, ...]) -> None:
    for name in names:
        page.wait_for_selector(f"#{name} .main-svg")
        expect(page.locator(f"#{name}")).to_have_attribute("role", "img")
        assert page.locator(f"#{name}").get_attribute("aria-label")
        # the tool bar would lie over the figure
        expect(page.locator(f"#{name} .modebar")).to_be_hidden()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (TELEPHONE, "dark")])
def test_models_are_compared_side_by_side(browser: Browser, address: str, width: int, scheme: str) -> None:
    with visit(browser, f"{address}?compare=alpha,beta", width=width, scheme=scheme) as page:
        row = page.locator("#compare tr[data-score=novel]").first
        # 60 and 155 of 200 records: 47.5 points apart
        expect(row).to_contain_text("30.0")
        expect(row).to_contain_text("+47.5 better")
        expect(page.locator("#compare .compared")).to_contain_text("beta, run 2 of 2 against alpha: better in Novel")
        drawn(page, tuple(f"plot_compare_{name}" for name in FIGURES))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for detail in page.locator("#compare details summary").all():
            detail.click()
        rows = ["table.stacked tbody tr", "th", "td .value, td .interval, td em"]
        assert page.evaluate(OVERLAPS, rows) == []
        figures = ['[id^="plot_compare_"]', ".ytick text, .xtick text", ".scatterlayer .point"]
        assert page.evaluate(OVERLAPS, figures) == []


def test_crystals_in_common_lead_to_their_structures(browser: Browser, address: str, store: Store) -> None:
    run = next(run for run in store.runs() if run.model == "alpha")
    with visit(browser, f"{address}?compare=alpha,beta") as page:
        found = page.locator("#compare_crystals table.found tbody tr")
        expect(found).to_have_count(2)
        # the novel one first, and of both runs the lower distance from the hull
        expect(found.first).to_contain_text("no, novel")
        expect(found.first).to_contain_text("-0.100")
        link = f"?model={run.id}&structure=alpha-0"
        expect(found.first.get_by_role("link").first).to_have_attribute("href", link)
        expect(page.locator("#compare_crystals .finding")).to_contain_text(
            "2 crystals are in more than one of the runs; 1 of them novel, 1 novel and stable."
        )


def test_what_is_compared_is_a_link_and_more_than_four_are_named(browser: Browser, address: str, store: Store) -> None:
    with visit(browser, address) as page:
        page.wait_for_selector("table.board tbody tr")
        page.get_by_role("tab", name="Compare").click()
        expect(page.locator("#compare table.compare").first).to_be_visible()  # the two at the top of the board
        page.locator("#compare_choice input").click()
        page.get_by_role("option", name="gamma").click()
        expect(page.locator("#compare")).to_contain_text("different numbers of structures")
        link = page.url
    with visit(browser, link) as page:
        expect(page.locator("#compare thead").first).to_contain_text("gamma")
    names = ",".join(run.id for run in sorted(store.runs(), key=lambda run: run.model == "gamma"))
    with visit(browser, f"{address}?compare={names}") as page:
        expect(page.locator("#compare_note")).to_contain_text("At most four runs are compared at once")
        expect(page.locator("#compare_note")).to_contain_text("without gamma")
        expect(page.locator("#compare_series li")).to_have_count(4)
        expect(page.locator("#compare_series")).to_contain_text(HOSTILE)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (TELEPHONE, "dark")])
def test_two_scores_are_set_against_each_other(browser: Browser, address: str, width: int, scheme: str) -> None:
    with visit(browser, f"{address}?page=scatter&x=novel&y=vun", width=width, scheme=scheme) as page:
        expect(page.locator("#scatter_caption")).to_contain_text("On the front: beta; no other model is better")
        drawn(page, ("plot_scatter", "plot_scatter_history"))
        expect(page.locator("#scatter_record")).to_contain_text("VUN has no ranked model here")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERLAPS, ["#plot_scatter", ".annotation-text", ".scatterlayer .point"]) == []
        page.locator("#scatter_table summary").click()
        rows = ["table.stacked tbody tr", "th", "td .value, td .interval"]
        assert page.evaluate(OVERLAPS, rows) == []
        page.locator("#scatter_table").get_by_role("link", name="beta").first.click()
        expect(page.locator("#model_head")).to_contain_text("beta")


def test_a_scatter_is_a_link_and_one_that_names_nothing_is_answered(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.wait_for_selector("table.board tbody tr")
        page.get_by_role("tab", name="Scatter").click()
        page.wait_for_selector("#plot_scatter .main-svg")
        page.locator("#scatter_y input").click()
        page.get_by_role("option", name="Unique", exact=True).click()
        expect(page.locator("#scatter_table thead").first).to_contain_text("Unique")
        link = page.url
        assert "page=scatter" in link
        assert "y=unique" in link
    with visit(browser, link) as page:
        expect(page.locator("#scatter_table thead").first).to_contain_text("Unique")
        expect(page.locator("#scatter_y input")).to_have_value("Unique")
    with visit(browser, f"{address}?page=scatter&x=nothing") as page:
        expect(page.locator("#said")).to_contain_text("no score here is called 'nothing'")
