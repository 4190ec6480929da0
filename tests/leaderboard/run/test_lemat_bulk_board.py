"""The public board from end to end: rows in LeMat-Bulk's schema, a set with a corrected hull, energies, a rank.

The crystals are those of the starter set. Their DFT energies are made up, but consistent: what CHGNet says of them,
less the MP2020 correction, so that the corrected hull must be that of CHGNet's energies. One element is off on purpose.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core.composition import Composition

from leaderboard.board.table import board
from leaderboard.board.written import render
from leaderboard.pages.texts.hull_shown import figures_html
from leaderboard.processes import start_engine
from leaderboard.protocol import load_protocol
from leaderboard.run.cached_energies import import_energies
from leaderboard.run.scoring import Resources, Setting, score_file
from leaderboard.store.local import Store
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.energy.mp2020 import mp2020_correction
from metrics.measure.running.cache import Cache
from metrics.measure.running.choice import EngineChoice
from metrics.measure.running.local_engine import LocalEngine
from reference_data.build.build_set import build_set
from reference_data.build.verify import differences
from reference_data.reference import SETS, Reference, open_reference
from submissions.card import Card
from submissions.examples.energies import FILE, example_crystals
from submissions.examples.make import ARCHIVE
from tests.reference_data.lemat_files import lemat_row, write_lemat

if TYPE_CHECKING:
    from leaderboard.store.run import Run
    from reference_data.files.crystals import ReferenceCrystal

STARTER = open_reference("starter")
PREFIXES = ("mp-", "agm", "oqmd-")
OFF, OFF_BY = "Ca", -0.3  # eV/atom: what DFT says of calcium is made lower than what CHGNet says
BY_CHGNET = pd.read_csv(SETS / "starter" / "make" / "energies.csv.gz").set_index("id")
N_EXAMPLES = 81
PROTOCOL = load_protocol().model_copy(update={"n_ranked": N_EXAMPLES})


def chemical_systems() -> set[frozenset[str]]:
    return {frozenset(Composition(reduced_formula_of(crystal)).get_el_amt_dict()) for crystal in example_crystals()}


@pytest.fixture(scope="module")
def known() -> list[ReferenceCrystal]:
    """Crystals of the starter set in the chemical systems of the example, elements included, with an energy."""
    systems = chemical_systems()
    crystals = STARTER.rows_of_formulas(BY_CHGNET["formula"])
    inside = [one for one in crystals if any(set(one.chemical_system.split("-")) <= system for system in systems)]
    return [one for one in inside if energy_by_chgnet(one) is not None]


def energy_by_chgnet(crystal: ReferenceCrystal) -> float | None:
    """Of the form that CHGNet relaxes the crystal to, eV/atom, as the starter set has it."""
    return next((BY_CHGNET["chgnet"][name] for name in crystal.source_ids if name in BY_CHGNET.index), None)


@pytest.fixture(scope="module")
def lemat_bulk(known: list[ReferenceCrystal], tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The set of the public board, built from a local file."""
    folder = tmp_path_factory.mktemp("lemat")
    rows = []
    for number, crystal in enumerate(known):
        energy = energy_by_chgnet(crystal)
        assert energy is not None
        n_sites = crystal.crystal.n_sites
        total = energy * n_sites - mp2020_correction(crystal.crystal)
        if crystal.reduced_formula == OFF:
            total += OFF_BY * n_sites
        rows.append(lemat_row(f"{PREFIXES[number % 2]}{number}", crystal.crystal, energy=total))
    (nickel_oxide, *_) = STARTER.rows_of_formulas(["NiO"])
    # as OQMD computes it, U of Ni is 6.4 eV where the corrections need 6.2
    rows.append(lemat_row("oqmd-1", nickel_oxide.crystal, energy=-40.0))
    write_lemat(rows, folder / "rows.parquet")
    text = (SETS / "lemat-bulk.toml").read_text(encoding="utf-8")
    (folder / "lemat-bulk.toml").write_text(
        text.replace('repository = "LeMaterial/LeMat-Bulk"', 'path = "rows.parquet"'), encoding="utf-8"
    )
    build_set(
        folder / "lemat-bulk.toml", folder / "set", start_engine=partial(LocalEngine, 2), report=lambda _line: None
    )
    return open_reference(folder / "set")


@pytest.fixture(scope="module")
def scored(lemat_bulk: Reference, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The example, scored as the protocol says, but that a rank needs no more structures than it has."""
    store = Store(tmp_path_factory.mktemp("runs"))
    with Cache(store.cache) as cache:
        import_energies(FILE, cache)
    setting = Setting.of(PROTOCOL, lemat_bulk.folder)
    with start_engine(EngineChoice(jobs=2)) as engine:
        run = score_file(ARCHIVE, Card(model="example"), setting, Resources(engine, store, lambda _progress: None))
    return store.publish(run.path)


def test_the_set_has_one_hull_of_corrected_energies_and_counts_what_is_left_out(lemat_bulk: Reference) -> None:
    assert lemat_bulk.conventions == ("pbe_mp2020",)
    assert differences(lemat_bulk.folder) == []
    by_name = {record.name: record for record in lemat_bulk.manifest.sources}
    assert by_name["oqmd"].energies_left_out == {"other_hubbard_u": 1}
    assert by_name["oqmd"].energies_converted == 0
    assert by_name["materials-project"].energies_left_out == {}
    # the crystal is there, the hull has nothing of it
    (oxide,) = lemat_bulk.rows_of_formulas(["NiO"])
    assert (oxide.energy_convention, oxide.e_above_hull) == (None, None)
    assert "Ni-O" not in set(lemat_bulk.hull_tables("pbe_mp2020").systems["chemical_system"])


def test_the_manifest_says_how_far_the_elements_by_chgnet_are_off(lemat_bulk: Reference) -> None:
    (record,) = (one for one in lemat_bulk.manifest.hulls[0].elements or () if one.potential == "chgnet")
    assert record.largest == OFF
    assert record.by_element[OFF] == pytest.approx(-OFF_BY, abs=1e-3)
    others = [difference for symbol, difference in record.by_element.items() if symbol != OFF]
    assert max(map(abs, others)) < 1e-3  # the energies of the others are CHGNet's own
    assert record.mean_difference == pytest.approx(-OFF_BY / record.n_elements, abs=1e-3)
    assert "compared with the pbe_mp2020 energies of the elements" in record.note


def test_the_legend_quotes_figures_of_this_hull_alone(lemat_bulk: Reference) -> None:
    figures = figures_html(str(lemat_bulk.folder), PROTOCOL)
    assert f"by more than {PROTOCOL.max_elemental_difference:g}: {OFF} {-OFF_BY:+.2f}." in figures
    assert "has not been measured" in figures


def test_distances_are_those_from_the_hull_of_the_energies_before_the_corrections_were_taken_off(
    scored: Run, known: list[ReferenceCrystal]
) -> None:
    formulas = [Composition(one.reduced_formula) for one in known]
    entries = [
        PDEntry(formula, energy * formula.num_atoms)
        for formula, energy in zip(formulas, map(energy_by_chgnet, known), strict=True)
        if energy is not None
    ]
    energies = scored.energies()
    assert energies is not None
    compared = 0
    for crystal in example_crystals():
        (row,) = energies[energies["sha256"] == crystal.sha256].to_dict("records")
        composition = Composition(reduced_formula_of(crystal))
        symbols = set(composition.get_el_amt_dict())
        if OFF in symbols or pd.isna(row["e_above_hull"]):
            continue
        of_system = [entry for entry in entries if set(entry.composition.get_el_amt_dict()) <= symbols]
        candidate = PDEntry(composition, row["energy_per_atom"] * composition.num_atoms)
        _, expected = PhaseDiagram(of_system).get_decomp_and_e_above_hull(candidate, allow_negative=True)
        # the set stores energies of cells, the table of the starter set has six decimals
        assert row["e_above_hull"] == pytest.approx(expected, abs=1e-5), composition
        compared += 1
    assert compared > 50


def test_what_holds_the_element_that_is_off_is_not_trusted(scored: Run) -> None:
    energies = scored.energies()
    assert energies is not None
    bound = PROTOCOL.max_elemental_difference
    by_sha256 = {crystal.sha256: Composition(reduced_formula_of(crystal)) for crystal in example_crystals()}
    n_off = 0
    for row in energies.to_dict("records"):
        symbols = set(by_sha256[row["sha256"]].get_el_amt_dict())
        if OFF in symbols:
            n_off += 1
            assert row["elements_trusted"] is False
            assert f"Ca {-OFF_BY:+.3f} eV/atom, at most {bound:g} is allowed" in row["elements_detail"]
        elif "Rf" in symbols:  # no potential knows it
            assert pd.isna(row["elements_trusted"])
            assert "how far Rf by the potential differs" in row["elements_detail"]
        else:
            assert row["elements_trusted"] is True
    assert n_off > 3


def test_the_board_is_ranked_by_the_score_with_energies(scored: Run) -> None:
    assert not scored.record.custom
    table = board(Store(scored.path.parents[1]), PROTOCOL)
    (row,) = table.runs.to_dict("records")
    assert (row["rank"], row["ranked_by"], row["indicative"]) == (1, PROTOCOL.energy_rankings[-1].column, False)
    assert pd.isna(row["not_ranked"])
    assert render(table, "md", PROTOCOL).startswith("| Rank (95%) |")
