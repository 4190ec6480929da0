"""No page has what axe-core calls a serious or critical barrier, light and dark, on a screen and on a telephone."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from leaderboard.pages.site import PAGES
from leaderboard.store.local import Store
from tests.browser import needs_chromium, serving, settle, visit
from tests.made_runs import Made, caesium_chloride, energy, good, publish, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

PACKAGE = "axe_playwright_python"
"""Carries axe-core as it is on npm; of the package itself nothing is used."""
pytestmark = [
    needs_chromium,
    pytest.mark.skipif(find_spec(PACKAGE) is None, reason="needs axe-core, see requirements-dev.txt"),
]
# all of WCAG 2.2 that can be tested, A and AA; the size of targets is not among axe's default rules
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules of those that say something else where the page is dark."""
_LOOK = """async ([type, values]) => {
  const found = await axe.run(document, { resultTypes: ["violations"], runOnly: { type, values } });
  return found.violations.map(({ id, impact, nodes }) =>
    ({ id, impact, nodes: nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)}: ${failureSummary}`) }));
}"""
BARRIERS = {"serious", "critical"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A board of two models, one with energies, one with a refused record."""
    root = tmp_path_factory.mktemp("runs")
    rows = [energy(caesium_chloride(), 0.02, decomposition=[{"formula": "CsCl", "amount": 1.0}])]
    publish(root, Made("alpha", [good("a"), good("b", in_reference=True)], energies=rows))
    publish(root, Made("beta", [good("a"), refused("b", "malformed", "no cell"), good("c", distance_valid=False)]))
    with serving(Store(root)) as url:
        yield url


def barriers(page: Page, *, of_colours: bool = False) -> list[dict[str, Any]]:
    """What axe-core finds on a page that is serious or critical: rule, impact, and each element with the reason."""
    if not page.evaluate("'axe' in window"):
        page.evaluate((files(PACKAGE) / "axe.min.js").read_text())
    rules = ["rule", OF_COLOURS] if of_colours else ["tag", RULES]
    return [violation for violation in page.evaluate(_LOOK, rules) if violation["impact"] in BARRIERS]


def test_axe_sees_a_barrier(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\"><p style=\"color: #ccc\">pale</p>')"
        )
        assert {"image-alt"} <= {barrier["id"] for barrier in barriers(page)}


@pytest.mark.parametrize("tab", PAGES)
def test_no_page_has_a_barrier(browser: Browser, address: str, tab: str) -> None:
    met = {}
    with visit(browser, f"{address}?page={tab}") as page:
        page.wait_for_selector("#board table", state="attached")
        for width, height in ((1400, 1000), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.wait_for_function(
                    "dark => document.body.classList.contains('dark') === dark", arg=scheme == "dark"
                )
                settle(page)
                seen = barriers(page, of_colours=scheme == "dark")
                met.update({f"{width} px, {scheme}": seen} if seen else {})
    assert met == {}
