"""The app as a visitor meets it: a real server, a real browser, a real submission; nothing leaves the machine."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from leaderboard.__main__ import main
from leaderboard.board.table import board
from leaderboard.pages.reference import reference_search
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from leaderboard.store.run import Run
from reference_data.reference import open_reference
from tests.browser import expect, needs_chromium, serving, upload, visit
from tests.made_runs import Made, caesium_chloride, energy, good, publish, refused
from tests.small_cif import CIF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

HOSTILE = "<img src=x onerror=alert(1)>"
SCORING_MS = 180_000.0
ALL = "?page=board&show=all"
"""Behind the address: submissions of few structures too."""

PROTOCOL = load_protocol()
pytestmark = needs_chromium


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two ranked models, one that is not, and one whose names try to be markup."""
    root = tmp_path_factory.mktemp("runs")
    n = PROTOCOL.n_ranked
    for model, n_novel in (("alpha", 1_200), ("beta", 1_800)):
        publish(root, Made(model, [good(f"{model}-{i}", in_reference=i >= n_novel) for i in range(n)]))
    publish(root, Made("gamma", [good("a"), refused("b", "malformed", "no cell"), good("c", in_reference=True)]))
    publish(root, Made(HOSTILE, [good(HOSTILE), refused(f"{HOSTILE}2", "malformed", HOSTILE)]))
    return Store(root)


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(store) as url:
        yield url


def models(page: Page) -> list[str]:
    page.wait_for_selector("#board tbody tr")
    return [name.strip() for name in page.locator("#board tbody a.name").all_inner_texts()]


def until_models(page: Page, expected: list[str]) -> None:
    expect(page.locator("#board tbody a.name")).to_have_text(expected)


def choose(page: Page, elem_id: str, option: str) -> None:
    page.locator(f"#{elem_id} input").click()
    page.get_by_role("option", name=option, exact=True).click()


def test_the_board_shows_the_store(browser: Browser, address: str, store: Store) -> None:
    with visit(browser, f"{address}{ALL}") as page:
        expect(page.locator("#board")).to_contain_text("gamma")
        table = board(store, PROTOCOL).wide.sort_values("vun", ascending=False, kind="stable")
        is_ranked = table["rank"].notna()
        assert models(page) == [*table.loc[is_ranked, "model"], *table.loc[~is_ranked, "model"]]
        first = page.locator("#board tbody tr", has_text="beta")
        # 1,800 of 2,500 records
        expect(first).to_contain_text("72.0")
        expect(first.locator("td.rank .value")).to_have_text("1")
        expect(page.locator("#board tbody tr", has_text="gamma")).to_contain_text("not ranked: 3 structures")


def test_the_board_sorts_searches_and_filters(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}{ALL}") as page:
        expect(page.locator("#board")).to_contain_text("gamma")
        choose(page, "board_sort", "Model")
        choose(page, "board_order", "Lowest first")
        until_models(page, ["alpha", "beta", HOSTILE, "gamma"])  # ranked ones first, either way
        page.locator("#board [data-sort=model]").click()  # the heading turns the order
        until_models(page, ["beta", "alpha", "gamma", HOSTILE])
        page.get_by_role("button", name="Filters, potential, shading").click()
        choose(page, "board_show", "ranked")
        until_models(page, ["beta", "alpha"])
        page.locator("#board_search input, #board_search textarea").fill("ALPH")
        until_models(page, ["alpha"])


def test_a_model_has_a_page_and_a_link(browser: Browser, address: str, store: Store) -> None:
    with visit(browser, f"{address}{ALL}") as page:
        page.locator("#board a", has_text="gamma").click()
        expect(page.locator("#model_head h2")).to_have_text("gamma")
        link = page.url
    run = next(run for run in store.runs() if run.model == "gamma")
    assert link.partition("?model=")[2] == run.id
    with visit(browser, link) as page:
        expect(page.locator("#model_head h2")).to_have_text("gamma")
        expect(page.locator("#model_structures")).to_contain_text("Refused: malformed (no cell)")
        # caesium chloride: eight corners and the centre
        expect(page.locator("#model_drawing .canvas")).to_have_attribute("data-atoms", "9")
        page.locator("#model_drawing").scroll_into_view_if_needed()
        expect(page.locator("#model_drawing .canvas")).to_have_attribute("data-drawn", "a")
        assert colours(page.locator("#model_drawing canvas").screenshot()) > 20
        page.locator("#model_structures [data-id=b]").click()
        expect(page.locator("#model_words")).to_contain_text("Refused: malformed")
        expect(page.locator("#model_drawing .canvas")).to_have_attribute("data-atoms", "0")
        expect(page.locator("#model_figures")).to_contain_text("Structures left after each condition")


def colours(png: bytes) -> int:
    """Number of different colours of a picture: an empty canvas has one."""
    from PIL import Image  # noqa: PLC0415 - comes with gradio; only this test looks at pixels

    with Image.open(io.BytesIO(png)) as image:
        counts = image.convert("RGB").getcolors(maxcolors=image.width * image.height)
    return len(counts or [])


def test_a_reference_set_is_explored(browser: Browser, address: str) -> None:
    reference = open_reference("starter")
    n_silica = len(reference_search.matching_rows(reference, "Si-O"))
    n_perovskites = len(reference_search.matching_rows(reference, "Ca-Ti-O-*"))
    with visit(browser, f"{address}?reference=starter&find=O2Ti") as page:
        rows = page.locator("#reference_crystals tbody tr")
        expect(rows.filter(has_text="TiO2")).to_have_count(3)  # rutile, anatase and brookite
        rows.filter(has_text="136").locator("button").click()
        expect(page.locator("#reference_words")).to_contain_text("P42/mnm (136)")
        # rutile's cell: two titanium and four oxygen atoms, and the images of those on its faces
        expect(page.locator("#reference_drawing .canvas")).to_have_attribute("data-atoms", "15")
        page.locator("#reference_elements [data-id=Ca]").click()
        expect(page.locator("#reference_search textarea, #reference_search input")).to_have_value("Ca-O-Ti-*")
        expect(rows).to_have_count(n_perovskites)
        assert page.url.endswith("?reference=starter&find=Ca-O-Ti-*")
        expect(page.locator("#hull_phases")).to_contain_text("Ca-O-Ti and its subsystems")
        page.wait_for_selector("#plot_hull .main-svg")
        page.locator("#reference_search textarea, #reference_search input").fill("Si-O")
        expect(rows).to_have_count(n_silica)
        page.locator("#reference_search textarea, #reference_search input").fill("TiO\u2082")  # pasted from a paper
        expect(rows).to_have_count(3)
        assert page.url.endswith("?reference=starter&find=TiO%E2%82%82")
    with visit(browser, address, width=390, height=844) as page:
        page.locator("button.overflow-menu button, .overflow-menu > button").first.click()
        page.get_by_role("tab", name="Reference").or_(page.get_by_role("button", name="Reference")).first.click()
        expect(page.locator("#reference_crystals .pager")).to_contain_text("1 to 25 of 4,747")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_long_tables_come_in_pages(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}?model=beta") as page:
        pager = page.locator("#model_structures .pager")
        expect(pager).to_contain_text("1 to 50 of 2,500")
        pager.get_by_text("Next").click()
        expect(pager).to_contain_text("51 to 100 of 2,500")
        choose(page, "model_show", "known")
        expect(pager).to_contain_text("1 to 50 of 700")
        page.locator("#model_search input, #model_search textarea").fill("beta-1999")
        expect(pager).to_contain_text("1 to 1 of 1")


def test_nothing_of_a_submission_becomes_markup(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}{ALL}") as page:
        expect(page.locator("#board")).to_contain_text(HOSTILE)
        page.locator("#board a", has_text=HOSTILE).click()
        expect(page.locator("#model_head h2")).to_have_text(HOSTILE)
        expect(page.locator("#model_words h3")).to_contain_text(HOSTILE)
        assert page.locator("img[src=x]").count() == 0


def test_a_submission_is_scored_and_listed(
    browser: Browser, address: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = tmp_path / "mine.zip"
    with zipfile.ZipFile(submission, "w") as archive:
        archive.writestr("good.cif", CIF.format(name="good", a=4.12))
        archive.writestr("crowded.cif", CIF.format(name="crowded", a=1.2))
        archive.writestr("broken.cif", "data_broken\n_cell_length_a nonsense\n")
    with visit(browser, address) as page:
        page.get_by_role("tab", name="Submit").click()
        status = page.locator("#submit_status")
        page.locator("#submit_button").click()
        expect(status).to_contain_text("Choose a file of structures")
        upload(page, submission)
        expect(page.locator("#submit_contents")).to_contain_text("3 structures found in 3 files", timeout=SCORING_MS)
        page.locator("#submit_button").click()
        expect(status).to_contain_text("model: missing")
        page.locator("#card_model input, #card_model textarea").fill("delta")
        page.locator("#submit_button").click()
        expect(status).to_contain_text("mine.zip of delta is scored.", timeout=SCORING_MS)
        rows = page.locator("#submit_structures tbody tr")
        expect(rows).to_have_count(3)
        expect(rows.filter(has_text="crowded")).to_contain_text("Minimum distance: Cs and Cs 1.20 \u00c5 apart")
        expect(rows.filter(has_text="broken")).to_contain_text("Refused: ")
        with page.expect_download() as download:
            page.locator("#submit_csv").click()
        assert "crowded" in Path(download.value.path()).read_text()
        page.reload()  # the link remembers the submission
        expect(status).to_contain_text("mine.zip of delta is scored.", timeout=SCORING_MS)
        assert not any(run.model == "delta" for run in store.runs())  # a private check so far
        page.locator("#submit_publish").click()
        expect(status).to_contain_text("to publish, agree that")
        page.locator("#submit_consent input").check()
        page.locator("#submit_publish").click()
        expect(status).to_contain_text("mine.zip of delta is on the board.")
        page.get_by_role("tab", name="Board").click()
        # scored against this machine's version of the set, of which nothing else is there
        expect(page.locator("#board")).to_contain_text("delta")
    run = next(run for run in store.runs() if run.model == "delta")
    assert sorted(run.columns()["id"]) == ["broken", "crowded", "good"]
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    assert main(["score", str(submission), "--potentials", "none", "--out", str(tmp_path / "offline")]) == 0
    assert Run(tmp_path / "offline").scores == run.scores  # the command line gives the same numbers
    with visit(browser, address) as page:
        page.get_by_role("tab", name="Submit").click()
        upload(page, submission)
        page.locator("#card_model input, #card_model textarea").fill("epsilon")
        page.locator("#submit_button").click()
        expect(page.locator("#submit_status")).to_contain_text("You submitted this file before")


def test_a_file_that_cannot_be_read_is_refused_in_the_page(browser: Browser, address: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty.zip"
    empty.write_bytes(b"")
    with visit(browser, address) as page:
        page.get_by_role("tab", name="Submit").click()
        upload(page, empty)
        page.locator("#card_model input, #card_model textarea").fill("empty")
        page.locator("#submit_button").click()
        expect(page.locator("#submit_status [role=alert]")).to_contain_text("was not scored: empty")


def test_a_run_with_energies_shows_its_stability(browser: Browser, address: str, store: Store) -> None:
    crystal = caesium_chloride()
    relaxed = {"lattice": (4.2 * np.eye(3)).tolist(), "frac_coords": crystal.frac_coords.tolist()}
    cell = json.dumps({**relaxed, "atomic_numbers": crystal.atomic_numbers.tolist()})
    rows = [
        energy(crystal, 0.02, decomposition=[{"formula": "CsCl", "amount": 1.0}]),
        energy(crystal, 0.01, relaxed=True, status="converged", cell=cell),
    ]
    publish(store.root, Made("with energies", [good("a")], energies=rows))
    with visit(browser, f"{address}?model=with energies", width=390, height=844) as page:
        expect(page.locator("#plot_e_above_hull")).to_contain_text("1 of 1 structures lie at most 0.1 eV/atom above")
        expect(page.locator("#plot_stable")).to_contain_text("Stable (CHGNet, as submitted)")
        expect(page.locator("#model_structures")).to_contain_text("0.020")
        expect(page.locator("#model_words")).to_contain_text("CHGNet, relaxed")
        expect(page.locator("#model_relaxed .canvas")).to_have_attribute("data-atoms", "9")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        choose(page, "energy_view", "CHGNet, relaxed")
        expect(page.locator("#plot_e_above_hull")).to_contain_text("CHGNet, relaxed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_board_fits_a_telephone(browser: Browser, address: str, scheme: str) -> None:
    with visit(browser, address, width=390, height=844, scheme=scheme) as page:
        assert models(page)  # of this machine's version of the set, once a test has scored against it
        # the table scrolls inside its own box, the page does not scroll sideways
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness = sum(map(int, re.findall(r"\d+", background)[:3])) / 3
        assert (brightness < 128) == (scheme == "dark")
