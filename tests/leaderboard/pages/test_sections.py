"""The texts of About: each is made when it is opened, and says what the code and the data say."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from leaderboard.matching_benchmark.result import STARTER_RESULT
from leaderboard.pages.site import PAGES
from leaderboard.pages.texts.sections import DOCS, contents, sections, without_title
from leaderboard.pages.texts.structure_matching import DECIDES, conclusion, page
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store

PROTOCOL = load_protocol()
ROOT = Path(__file__).parents[3]
NAMES = list(sections(Store(), PROTOCOL))
FAQ = (DOCS / "faq.md").read_text(encoding="utf-8")


def result() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(STARTER_RESULT.read_text())
    return content


@pytest.mark.parametrize("name", NAMES)
def test_a_section_has_a_text_under_a_heading_and_leads_to_all_others(name: str, tmp_path: Path) -> None:
    known = sections(Store(tmp_path), PROTOCOL)
    text = known[name].make()
    assert ("## " if known[name].is_markdown else "<h2") in text
    assert ">None<" not in text
    assert re.findall(r'\?page=(\w+)"', contents(known, name)) == NAMES
    assert contents(known, name).count("aria-current") == 1


def test_every_page_that_is_linked_exists() -> None:
    known = sections(Store(), PROTOCOL)
    linked = {name for section in known.values() for name in re.findall(r"\?page=(\w+)", section.make())}
    assert linked
    assert linked <= {*PAGES, *NAMES}
    assert set(PAGES) >= {"about", "guide", "faq", "matching", "reported"}


def test_contents_of_about_lead_to_places_that_are_there() -> None:
    about = sections(Store(), PROTOCOL)["about"].make()
    places = re.findall(r'href="#([^"]+)"', about)
    assert len(places) > 20
    assert {place for place in places if f'id="{place}"' not in about} == set()


def test_the_questions_name_the_numbers_that_the_code_has() -> None:
    assert f"exactly {PROTOCOL.n_ranked:,} structures" in FAQ
    described = (ROOT / "README.md").read_text(encoding="utf-8")
    # from the paper that README.md and docs/calibration.md cite, and the size of the set that ships
    for figure in ("19.6% of 1,963", "3.9%", "4,747"):
        assert figure in FAQ
        assert figure in described


def test_in_the_app_no_link_of_a_document_leads_to_a_file(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("# Title\n\nSee [b](b.md).\n\n## One\n\n[b](b.md#c) and [paper](https://doi.org/10.1/a)\n")
    assert without_title(document) == "## One\n\nb and [paper](https://doi.org/10.1/a)\n"
    assert all(link.startswith("https://") for link in re.findall(r"\]\(([^)]+)\)", without_title(DOCS / "faq.md")))


def test_the_page_of_matching_concludes_from_the_numbers() -> None:
    settings = [change for change in result()["changes"] if change["kind"] == "setting"]
    said = conclusion(result())
    assert f"in every one of {len(settings)} other choices of cell or setting" in said
    n_cases = sum(case["same"] is not None for case in result()["cases"])
    assert f"answers {n_cases} of {n_cases} named cases rightly" in said
    assert page(result()).index(said) < page(result()).index("Methods")
    worse = copy.deepcopy(result())
    hardest = next(change for change in worse["changes"] if change["kind"] == "setting")
    hardest["methods"][DECIDES]["share"] = 0.99996
    worse["cases"][0]["answers"][DECIDES] = not worse["cases"][0]["same"]
    said = conclusion(worse)
    # not all of them, so never 100%
    assert f"at least 99.9% of crystals in each of {len(settings)}" in said
    assert f"(fewest: {hardest['name']})" in said
    assert f"answers {n_cases - 1} of {n_cases} named cases rightly" in said
    without = {**result(), "methods": [one for one in result()["methods"] if one["name"] != DECIDES]}
    assert conclusion(without) == ""
