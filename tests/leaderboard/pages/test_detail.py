"""One structure in full, and the reference crystal it matches beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard.board.names import crystal_name
from leaderboard.pages.model.results import card_html, run_html, scores_html
from leaderboard.pages.parts import runs
from leaderboard.pages.parts.lookup import NoReferenceError, reference_crystal
from leaderboard.pages.structures.detail import drawing, fill
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from reference_data.reference import open_reference
from submissions.card import Card
from tests.made_runs import Made, good, publish, refused

if TYPE_CHECKING:
    from leaderboard.store.run import Run
    from reference_data.files.crystals import ReferenceCrystal
    from reference_data.reference import Reference

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def reference() -> Reference:
    return open_reference("starter")


@pytest.fixture(scope="module")
def known(reference: Reference) -> ReferenceCrystal:
    return reference.crystals([0])[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, reference: Reference, known: ReferenceCrystal) -> Run:
    match = {
        "reduced_formula": known.reduced_formula,
        "matched_id": known.id,
        "in_reference": True,
        "identity_rule": "matcher",
    }
    records = [
        good("known", **match),
        good("fine"),
        good(HOSTILE, valid=False, charge_valid=False, charge_rule=HOSTILE),
        refused("bad", "malformed", HOSTILE),
    ]
    card = {"authors": [HOSTILE, "B"], "open_weights": False, "licence": None}
    provenance = {"reference": "starter", "reference_hash": reference.manifest_sha256, "file_name": HOSTILE}
    return publish(tmp_path_factory.mktemp("runs"), Made(HOSTILE, records, card=card, record=provenance))


def test_a_known_structure_is_drawn_beside_its_match(run: Run, known: ReferenceCrystal) -> None:
    shown = drawing(run, "known")
    assert shown.submitted is not None
    assert shown.match is not None
    assert shown.submitted["title"] == "known"
    assert shown.match["title"] == f"{known.id}, starter"
    assert len(shown.match["positions"]) >= known.crystal.n_sites
    assert f"Same as {crystal_name(known.id)}" in shown.words
    assert "decided by StructureMatcher" in shown.words


def test_a_novel_structure_is_drawn_alone(run: Run) -> None:
    shown = drawing(run, "fine")
    assert shown.submitted is not None
    assert shown.match is None
    assert "Valid, unique and novel." in shown.words


def test_a_refused_record_has_words_and_no_drawing(run: Run) -> None:
    shown = drawing(run, "bad")
    assert shown.submitted is None
    assert "Refused: malformed" in shown.words


def test_what_does_not_exist_is_not_drawn(run: Run) -> None:
    assert drawing(run, "no such id").submitted is None
    assert drawing(None, "fine").submitted is None
    assert len(fill(None, None)) == len(fill(run, "known"))


@pytest.mark.parametrize(
    ("name", "sha256", "formula", "said"),
    [
        ("no such set", None, "NaCl", "not built on this machine"),
        ("starter", "0" * 64, "NaCl", "another state of the reference set"),
        ("starter", None, "XeRn99", "has no crystal"),
    ],
)
def test_a_match_that_cannot_be_drawn_says_why(
    reference: Reference, name: str, sha256: str | None, formula: str, said: str
) -> None:
    with pytest.raises(NoReferenceError, match=said):
        reference_crystal(name, sha256 or reference.manifest_sha256, formula, "id")


def test_nothing_of_a_submission_is_markup(run: Run) -> None:
    protocol = load_protocol()
    pages = [
        *(drawing(run, record).words for record in ("known", "fine", HOSTILE, "bad")),
        run_html(run, protocol),
        scores_html(run, protocol),
        card_html(run.record.model),
    ]
    assert all("<script" not in page for page in pages)
    assert "&lt;script&gt;" in card_html(run.record.model)


def test_the_card_shows_what_it_says_and_nothing_else(run: Run) -> None:
    card = card_html(run.record.model)
    assert "Open weights" in card
    assert "no" in card
    assert "Licence" not in card
    assert "names the model and nothing else" in card_html(Card(model="m"))


def test_choices_are_newest_first(run: Run) -> None:
    store = Store(run.path.parents[1])
    publish(store.root, Made("newer", [good("a")], record={"created": "2026-11-22T00:00:00+00:00"}))
    labels = [label for label, _ in runs.choices(store)]
    assert labels == ["newer (1 structure, starter, 2026-11-22)", f"{HOSTILE} (4 structures, starter, 2026-11-20)"]
