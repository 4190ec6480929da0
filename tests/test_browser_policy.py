"""No page asks for what the content security policy forbids, and none needs it: in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import CHROMIUM, FLAGS, PATIENCE_MS
from tests.made_runs import Made, caesium_chloride, energy, good, publish, refused
from tests.serving import served

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, see requirements-dev.txt")
expect = playwright.expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.serving import Served

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: none of its commands is on the path")

_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI || event.sourceFile}`);
});
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app over a run with energies and one without."""
    folder = tmp_path_factory.mktemp("policy")
    rows = [energy(caesium_chloride(), 0.02, decomposition=[{"formula": "CsCl", "amount": 1.0}])]
    publish(folder / "runs", Made("alpha", [good("a"), good("b")], energies=rows))
    publish(folder / "runs", Made("beta", [good("a"), refused("b", "malformed", "no cell")]))
    with served(folder / "runs", folder / "log", GRADIO_TEMP_DIR=str(folder / "temporary")) as server:
        yield server
    assert "Traceback" not in server.log.read_text()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = chromium.new_context()
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(_WATCH)
        expect.set_options(timeout=PATIENCE_MS)
        yield context.new_page()
        chromium.close()


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("/", "#board tbody tr"),
        ("/?model=alpha", "#model_figures figure"),
        ("/?model=alpha", "#model_drawing .canvas"),
        ("/?compare=alpha,beta", "#plot_compare_shares .main-svg"),
        ("/?reference=starter&find=Ca-Ti-O", "#plot_hull .main-svg"),
        ("/?reference=starter&find=O2Ti", "#reference_drawing .canvas"),
        ("/?job=0123456789abcdef0123456789abcdef", "#submit_status .notice"),
        ("/?page=matching", "#about .finding"),
        ("/?page=faq", "#about_text h2"),
    ],
)
def test_a_page_keeps_to_the_policy(page: Page, server: Served, link: str, shown: str) -> None:
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.goto(f"{server.url}{link}")
    page.wait_for_selector(shown, state="attached")
    if shown.endswith(".canvas"):  # drawn when it comes in sight
        page.locator(f"{shown}:not([data-atoms='0'])").scroll_into_view_if_needed()
        page.wait_for_selector(f"{shown}[data-drawn]")
    assert page.evaluate("window.violations") == []
    assert [text for text in messages if "Content Security Policy" in text] == []


@pytest.mark.parametrize("tab", ["API", "About"])
def test_a_tab_keeps_to_the_policy(page: Page, server: Served, tab: str) -> None:
    page.goto(server.url)
    page.wait_for_selector("#board tbody tr")
    page.get_by_role("tab", name=tab).click()
    expect(page.get_by_role("tabpanel").filter(visible=True)).to_be_visible()
    assert page.evaluate("window.violations") == []


def test_the_policy_is_there_and_keeps_other_machines_out(page: Page, server: Served) -> None:
    page.goto(server.url)
    page.wait_for_selector("#board tbody tr")
    page.evaluate("fetch('https://example.org/').catch(() => null)")
    page.evaluate(
        "new Promise((done) => { const i = new Image(); i.onerror = done; i.src = 'https://example.org/a.png'; })"
    )
    assert {entry.partition(":")[0] for entry in page.evaluate("window.violations")} == {"connect-src", "img-src"}
