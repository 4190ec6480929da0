"""Stability on the pages: distributions, shares, one structure's energies, its relaxed cell, accuracy, downloads."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np
import pyarrow.parquet as pq
import pytest

from leaderboard.board.names import view_name
from leaderboard.pages.model import energies, energy_charts
from leaderboard.pages.parts.energy_views import distances, energies_of, facts, of_structure, views_of
from leaderboard.pages.parts.markup import UNKNOWN
from leaderboard.pages.structures import downloads, panel
from leaderboard.pages.structures.choices import Choice, select
from leaderboard.pages.structures.detail import drawing
from leaderboard.pages.structures.energies_detail import energies_html
from leaderboard.pages.structures.structures import page_html
from leaderboard.pages.texts.potential_accuracy import accuracy_html, sentence
from leaderboard.score_key import ScoreKey
from metrics.crystal import Crystal
from metrics.scores.sun import SPARSE_HULL_ENTRIES
from metrics.table import frame, read_parquet
from reference_data.potential_accuracy.record import Agreement, PotentialAccuracy, write_accuracy
from tests.made_hulls import made_reference
from tests.made_runs import COLUMNS, Made, energy, good, publish, refused

if TYPE_CHECKING:
    from leaderboard.store.run import Run

HOSTILE = "<script>alert(1)</script>"
CHECKPOINT = "c" * 64
ABOVE = {"new": 0.02, "below": -0.05, "old": 0.3, "copy": 0.02, "failed": None, "far": 7.0}
"""E above hull (eV/atom) by record; the copy is the same structure as the new one."""
VIEWS = ["chgnet/unrelaxed", "chgnet/unrelaxed/own", "ensemble(chgnet+sevennet-0)/unrelaxed", "chgnet/relaxed"]


def cell(a: float) -> Crystal:
    """Caesium chloride; its lattice parameter tells one structure from another."""
    return Crystal.from_arrays(a * np.eye(3), np.array([[0.0] * 3, [0.5] * 3]), [55, 17])


CRYSTALS = {name: cell(4 + place / 10) for place, name in enumerate(ABOVE)} | {"copy": cell(4)}
RELAXED = cell(4.2)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    records = [
        good("new", chemical_system="Cl-Cs"),
        good("below"),
        good("old", in_reference=True),
        good("copy", unique=False, duplicate_of="new"),
        good("failed"),
        good("far"),
        refused("bad", "malformed", "no cell"),
    ]
    phases = [{"formula": "CsCl", "amount": 0.75}, {"formula": "Cs2O", "amount": 0.25}]
    as_submitted = [
        energy(
            CRYSTALS[name],
            above,
            checkpoint_sha256=CHECKPOINT,
            formation_energy_per_atom=None if above is None else -2.0,
            detail=HOSTILE if above is None else None,
            decomposition=phases,
        )
        for name, above in ABOVE.items()
        if name != "copy"
    ]
    on_chgnet_hull = energy(
        CRYSTALS["new"], 0.04, energy_convention="own:chgnet", n_hull_entries=SPARSE_HULL_ENTRIES - 1
    )
    together = energy(
        CRYSTALS["new"], 0.03, potential="ensemble(chgnet+sevennet-0)", e_above_hull_std=0.01, n_members=2
    )
    relaxed = energy(
        CRYSTALS["new"],
        0.01,
        relaxed=True,
        status="converged",
        n_steps=12,
        rmsd=0.123,
        cell=json.dumps(
            {
                "lattice": RELAXED.lattice.tolist(),
                "frac_coords": RELAXED.frac_coords.tolist(),
                "atomic_numbers": RELAXED.atomic_numbers.tolist(),
            }
        ),
    )
    made = Made("made", records, crystals=CRYSTALS, energies=[*as_submitted, on_chgnet_hull, together, relaxed])
    return publish(tmp_path_factory.mktemp("runs"), made)


@pytest.fixture(scope="module")
def structural(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return publish(tmp_path_factory.mktemp("runs"), Made("structural", [good("a")]))


def test_the_structures_say_which_of_duplicates_is_lowest_in_energy(tmp_path: Path) -> None:
    crystals = {"first": cell(4.0), "lower": cell(4.1)}
    records = [good("first"), good("lower", unique=False, duplicate_of="first")]
    energies = [energy(crystals["first"], 0.2), energy(crystals["lower"], 0.1)]
    run = publish(tmp_path, Made("twice", records, crystals=crystals, energies=energies))
    rows = facts(run.path)
    assert rows["unique"].tolist() == [False, True]
    html = page_html(rows, Choice(), variant=VIEWS[0])
    assert "Duplicate of lower" in html
    assert "Duplicate of first" not in html
    assert "Of duplicates the lowest in energy counts." in html


def test_views_come_in_order_and_join_by_content(run: Run) -> None:
    assert [key.variant for key in views_of(run.path)] == VIEWS
    above = distances(run.path, VIEWS[0]).set_axis(run.columns()["id"]).dropna().to_dict()
    assert above == {name: value for name, value in ABOVE.items() if value is not None}
    assert distances(run.path, VIEWS[0]).isna().sum() == 2  # failed, and the refused record
    assert energies_of(run.path, "no such view") is None
    assert of_structure(run.path, None) == []


def test_a_run_without_energies_shows_none(structural: Run) -> None:
    assert views_of(structural.path) == ()
    assert "e_above_hull" not in facts(structural.path)
    section = energies.fill(structural)
    assert isinstance(section[0], gr.Column)
    assert not section[0].visible
    assert len(section) == len(energies.fill(None))
    assert energies_html(structural.path, "any", "starter") == ""
    assert "E above hull" not in str(panel.fill(structural, Choice())[-2])
    assert len(select(facts(structural.path), Choice("on or below the hull"))) == 0


def test_the_distribution_counts_each_structure_once_and_marks_what_is_off_the_scale(run: Run) -> None:
    html = energies.drawn_distribution(run.path, VIEWS[0])
    assert "unique and novel: 3" in html
    assert "known, duplicate or undecided: 2" in html
    titles = re.findall(r'<i class="(s\d(?: beyond)?)" [^>]*title="([^"]*)"', html)
    assert titles == [
        ("s0", "-0.06 to -0.04 eV/atom: 1 structures, unique and novel: 3"),
        ("s0", "0.02 to 0.04 eV/atom: 1 structures, unique and novel: 3"),
        ("s0 beyond", "0.98 eV/atom and above: 1 structures, unique and novel: 3"),
        ("s1", "0.02 to 0.04 eV/atom: 1 structures, known, duplicate or undecided: 2"),
        ("s1", "0.30 to 0.32 eV/atom: 1 structures, known, duplicate or undecided: 2"),
    ]
    assert "\u2264 -0.3" in html
    assert "\u2265 1.0" in html
    # below, new and its copy lie within 0.1 eV/atom; the median of -0.05, 0.02, 0.02, 0.3, 7 is 0.02
    assert "3 of 7 structures lie at most 0.1 eV/atom above the hull, 2 of them unique and novel" in html
    assert "the median is 0.020 eV/atom; 2 structures have no energy." in html


def test_shares_have_their_intervals_from_the_scores(run: Run) -> None:
    html = energy_charts.shares(run.scores.scores)
    scores = {score.key: score.estimate for score in run.scores.scores}
    # one of seven lies on or below the hull, two within 0.1 eV/atom of it
    for name, label, share in (("stable", "Stable", 1 / 7), ("metastable", "Metastable", 2 / 7)):
        score = scores[ScoreKey(name, VIEWS[0])]
        assert score is not None
        row = next(part for part in html.split("<li>") if f">{label} (CHGNet, as submitted)<" in part)
        assert f"{100 * share:.1f}%</span>" in row
        width, low, interval = map(float, re.findall(r"(?:width|left):([\d.]+)%", row))
        assert low / width == pytest.approx(score.low / share, abs=0.01)
        assert interval / width == pytest.approx((score.high - score.low) / share, abs=0.01)


@pytest.mark.parametrize(
    ("shown", "ids"),
    [("on or below the hull", ["below"]), ("at most 0.1 eV/atom above the hull", ["new", "below", "copy"])],
)
def test_the_table_filters_and_sorts_by_energy(run: Run, shown: str, ids: list[str]) -> None:
    assert select(facts(run.path), Choice(shown))["id"].tolist() == ids
    rows = select(facts(run.path), Choice(shown, order="E above hull"))
    assert rows["e_above_hull"].is_monotonic_increasing
    page = page_html(rows, Choice(), variant=VIEWS[0])
    assert "-0.050" in page
    assert "E above hull in eV/atom: CHGNet, as submitted." in page


def test_one_structure_says_what_each_potential_says(run: Run) -> None:
    words = drawing(run, "new").words
    assert [words.count(f">{view_name(variant)} <") for variant in VIEWS] == [1] * len(VIEWS)
    assert not any(variant in words for variant in VIEWS)
    assert "CHGNet, as submitted, CHGNet hull" in words
    assert '<a href="?reference=starter&amp;find=Cs2O">Cs<sub>2</sub>O</a> 25' in words
    assert "0.030 \u00b1 0.010" in words
    assert words.count("sparse hull") == 1
    assert "converged, 12 steps, RMSD 0.123 \u00c5" in words
    assert '<a href="?reference=starter&amp;find=Cl-Cs">Convex hull of Cl-Cs</a>' in words
    # the same structure has the same energies, whatever it is called
    assert energies_html(run.path, CRYSTALS["copy"].sha256, "starter") == energies_html(
        run.path, CRYSTALS["new"].sha256, "starter"
    )


def test_what_has_no_energy_says_why(run: Run) -> None:
    words = drawing(run, "failed").words
    assert "failed: &lt;script&gt;" in words
    assert "<script" not in words


def test_a_structure_says_whether_its_elements_are_trusted_and_an_earlier_run_says_nothing_of_it(
    tmp_path: Path,
) -> None:
    why = "elements by the potential differ from those of pbe_mp2020 by W +0.195 eV/atom, at most 0.12 is allowed"
    rows = [
        energy(CRYSTALS["new"], 0.02, elements_trusted=True),
        energy(CRYSTALS["old"], 0.02, elements_trusted=False, elements_detail=why),
    ]
    made = publish(tmp_path, Made("m", [good("new"), good("old")], crystals=CRYSTALS, energies=rows))
    assert "<dd>trusted</dd>" in energies_html(made.path, CRYSTALS["new"].sha256, "starter")
    assert f"<dd>{why}</dd>" in energies_html(made.path, CRYSTALS["old"].sha256, "starter")
    earlier = publish(tmp_path, Made("n", [good("new")], crystals=CRYSTALS, energies=rows[:1]))
    file = earlier.path / "energies.parquet"
    pq.write_table(pq.read_table(file).drop(["elements_trusted", "elements_detail"]), file)
    page = energies_html(earlier.path, CRYSTALS["new"].sha256, "starter")
    assert f"<dt>Elements</dt><dd>{UNKNOWN}</dd>" in page
    assert "0.020" in page


def test_the_relaxed_structure_is_drawn_beside_the_submitted_one(run: Run) -> None:
    shown = drawing(run, "new")
    assert shown.submitted is not None
    assert shown.relaxed is not None
    assert shown.relaxed["title"] == "relaxed by CHGNet, RMSD 0.123 \u00c5"
    assert shown.submitted["axes"][0][0] == pytest.approx(4.0)
    assert shown.relaxed["axes"][0][0] == pytest.approx(4.2)
    assert drawing(run, "below").relaxed is None


def test_downloads_hold_the_distance_of_every_view(run: Run) -> None:
    as_csv, as_parquet, as_json = (
        Path(written(run)) for written in (downloads.as_csv, downloads.as_parquet, downloads.as_json)
    )
    names = [f"e_above_hull@{variant}" for variant in VIEWS]
    table = read_parquet(as_parquet)
    assert list(table.columns) == [*run.columns().columns, *names]
    assert table[names[0]].tolist()[:4] == [ABOVE[name] for name in ("new", "below", "old", "copy")]
    with as_csv.open(newline="") as stream:
        headings = next(csv.reader(stream))
    assert headings[-len(VIEWS) - 1 : -1] == [f"E above hull (eV/atom): {view_name(variant)}" for variant in VIEWS]
    content = json.loads(as_json.read_text())
    assert content["structures"][1][names[0]] == ABOVE["below"]
    energies_table = run.energies()
    assert energies_table is not None
    assert len(content["energies"]) == len(energies_table)


def test_charts_of_no_energies_say_so() -> None:
    rows = frame([refused("a", "malformed", "")], COLUMNS).assign(e_above_hull=np.nan)
    assert "No structure has an energy." in energy_charts.distribution(rows, VIEWS[0])
    assert "No share is known." in energy_charts.shares([])


def agreement(threshold: float, precision: float | None) -> Agreement:
    return Agreement(threshold, precision, 0.85, 0.79, 1.4, 73, 27, 40, 13)


ACCURACY = PotentialAccuracy(
    "chgnet", CHECKPOINT, "pbe_mp2020", "", "s", 0, 900, 500, 499, {"failed": 1}, 0.041, 0.06, -0.02, ()
)


@pytest.mark.parametrize(
    ("checkpoint", "convention", "known"),
    [(CHECKPOINT, "pbe_mp2020", True), ("d" * 64, "pbe_mp2020", False), (CHECKPOINT, "r2scan", False)],
)
def test_accuracy_counts_for_this_checkpoint_these_energies_and_this_set(
    tmp_path: Path, checkpoint: str, convention: str, *, known: bool
) -> None:
    reference = made_reference(tmp_path / "set")
    provenance = {"reference": str(reference.folder), "reference_hash": reference.manifest_sha256}
    row = energy(CRYSTALS["new"], 0.1, checkpoint_sha256=CHECKPOINT)
    run = publish(tmp_path / "runs", Made("m", [good("new")], record=provenance, crystals=CRYSTALS, energies=[row]))
    assert "has not been measured" in accuracy_html(run)
    accuracy = replace(
        ACCURACY,
        checkpoint_sha256=checkpoint,
        convention=convention,
        manifest_sha256=reference.manifest_sha256,
        agreements=(agreement(0.0, 0.734),),
    )
    write_accuracy(accuracy, reference.folder)
    page = accuracy_html(run)
    assert ("0.73" in page) == known
    assert ("has not been measured" in page) != known


def test_accuracy_is_a_sentence() -> None:
    known = replace(ACCURACY, agreements=(agreement(0.0, 0.734), agreement(0.1, 0.9)))
    assert sentence(known, "mp") == (
        "Of 100 compounds of mp that CHGNet calls stable, 73 are; of 100 stable ones it finds 85. "
        "Its E above hull is off by 0.041 eV/atom on average."
    )
    unknown = replace(ACCURACY, agreements=(agreement(0.0, None),))
    assert sentence(unknown, "mp").startswith("The sample of mp does not tell")
