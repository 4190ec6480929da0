"""The site as a whole: it is built without what measures, and its texts explain every score and every refusal."""

from __future__ import annotations

import os
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.baselines.bundled import publish_bundled
from leaderboard.board.score_docs import definitions
from leaderboard.pages.texts import about, guide
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from submissions.refusal import Reason
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from leaderboard.board.score_docs import Definition

ROOT = Path(__file__).parents[3]
ABOUT, GUIDE = about.page(load_protocol()), guide.page(load_protocol())

BUILD = """
import sys
from pathlib import Path
from gradio.components import Textbox
from submissions.card import Card
from leaderboard.board.kept import KeptBoard
from leaderboard.pages import site
from leaderboard.pages.model.figures import figures_html
from leaderboard.pages.parts import lookup
from leaderboard.pages.reference import reference_search
from leaderboard.pages.structures import detail, section
from leaderboard.protocol import load_protocol
from leaderboard.queue.jobs import Jobs
from leaderboard.store.local import Store

store = Store()
jobs = Jobs(store)
protocol = load_protocol()
blocks = site.build(store, jobs, protocol, KeptBoard(store, protocol))
run = store.runs()[0]
section.fill(run)
figures_html(run)
assert detail.drawing(run, "a").submitted
assert reference_search.crystal_of(lookup.opened("starter"), 0)[1]
assert jobs.get('0' * 32) is None
boxes = [block for block in blocks.blocks.values() if isinstance(block, Textbox)]
assert len(boxes) > len(Card.model_fields) / 2
assert not [box.elem_id for box in boxes if not box.max_length], "a box for any number of characters"
print(sorted({"torch", "pymatgen", "spglib", "numba", "smact"} & set(sys.modules)))
"""


def test_a_site_that_has_drawn_a_run_has_not_loaded_what_measures_and_bounds_its_boxes(tmp_path: Path) -> None:
    publish_bundled(Store(tmp_path))  # whose bounds stand under the board
    publish(tmp_path, Made("m", [good("a")]))
    done = subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=ROOT,
        env={**os.environ, "LEADERBOARD_RUNS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("definition", definitions(load_protocol()), ids=lambda definition: definition.name)
def test_about_defines_every_score_as_the_documentation_does(definition: Definition) -> None:
    start = ABOUT.index(f'id="score-{definition.name}"')
    entry = ABOUT[start : ABOUT.index("</dd></div></dl></dd>", start)]
    assert definition.paragraphs
    for words in (definition.label, *definition.paragraphs, *definition.terms, *definition.terms.values()):
        assert escape(words) in entry


@pytest.mark.parametrize("reason", Reason)
def test_the_guide_lists_every_reason_to_refuse(reason: Reason) -> None:
    assert f"<code>{reason.value}</code>" in GUIDE
    assert escape(reason.remedy) in GUIDE


def test_about_names_the_protocol() -> None:
    protocol = load_protocol()
    assert protocol.hash in ABOUT
    assert protocol.status in ABOUT
    assert f"{protocol.n_ranked:,}" in ABOUT
