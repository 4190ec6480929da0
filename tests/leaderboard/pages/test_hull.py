"""The hull of a chemical system of a set, and the structures of a run laid over it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from leaderboard.board.names import hull_name
from leaderboard.pages.reference.hull_data import parts, submitted, system_hull
from leaderboard.pages.reference.overlays import overlays, rows_of
from leaderboard.pages.reference.plots_hull import TERNARY
from leaderboard.pages.reference.reference_facts import hulls_html
from leaderboard.pages.reference.reference_hull import NOTHING, drawn_hull, largest_system
from leaderboard.store.local import Store
from metrics.crystal import Crystal
from tests.made_hulls import ABOVE, CONVENTION, OWN, VERTICES, made_reference
from tests.made_runs import Made, energy, good, publish

if TYPE_CHECKING:
    from reference_data.reference import Reference

ROOT = Path(__file__).parents[3]
HOSTILE = "<script>alert(1)</script>"
IN_TITANIA = {"reduced_formula": "TiO2", "chemical_system": "O-Ti"}


def rutile(a: float) -> Crystal:
    """A cell of titanium dioxide; its size tells one from another."""
    return Crystal.from_arrays(a * np.eye(3), np.array([[0.0] * 3, [0.3, 0.3, 0.0], [0.7, 0.7, 0.0]]), [22, 8, 8])


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return made_reference(tmp_path_factory.mktemp("sets") / "made")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, reference: Reference) -> Store:
    root = tmp_path_factory.mktemp("runs")
    crystals = {name: rutile(4 + number / 10) for number, name in enumerate(("new", HOSTILE, "old", "failed"))}
    records = [
        good("new", **IN_TITANIA),
        good(HOSTILE, **IN_TITANIA),
        good("old", **IN_TITANIA, in_reference=True),
        good("failed", **IN_TITANIA),
        good("elsewhere", chemical_system="Cl-Cs"),
    ]
    distances = {"new": 0.02, HOSTILE: -0.05, "old": 0.3, "failed": None}
    energies = [
        energy(crystals[name], above, formation_energy_per_atom=None if above is None else VERTICES["TiO2"] + above)
        for name, above in distances.items()
    ]
    provenance = {"reference_hash": reference.manifest_sha256}
    publish(root, Made("made", records, record=provenance, crystals=crystals, energies=energies))
    publish(root, Made("structural", records, record=provenance))
    publish(root, Made("another state", records, crystals=crystals, energies=energies))
    return Store(root)


def test_the_parts_of_a_system_are_all_its_subsets() -> None:
    assert parts(["Ca", "O", "Ti"]) == ["Ca", "O", "Ti", "Ca-O", "Ca-Ti", "O-Ti", "Ca-O-Ti"]
    assert len(parts([f"X{number}" for number in range(8)])) == 2**8 - 1


def test_a_system_holds_its_vertices_and_the_crystals_above_them(reference: Reference) -> None:
    hull = system_hull(reference, CONVENTION, ["Ca", "O", "Ti"])
    assert {phase.reduced_formula for phase in hull.diagram.vertices} == set(VERTICES)
    assert hull.n_entries == len(VERTICES)
    crystals = reference.rows_of_formulas(ABOVE)
    assert sorted(phase.name for phase in hull.diagram.others) == sorted(crystal.id for crystal in crystals)
    assert not hull.cut
    by_formula = {phase.reduced_formula: phase for phase in hull.diagram.vertices}
    assert by_formula["CaTiO3"].fractions == pytest.approx((0.2, 0.6, 0.2))
    smaller = system_hull(reference, CONVENTION, ["O", "Ti"])
    assert {phase.reduced_formula for phase in smaller.diagram.vertices} == {"O2", "Ti", "TiO2", "Ti2O3"}


def test_energies_of_another_convention_are_not_drawn(reference: Reference) -> None:
    hull = system_hull(reference, OWN, ["O", "Ti"])
    assert {phase.reduced_formula for phase in hull.diagram.vertices} == {"O2", "Ti", "TiO2"}
    assert hull.diagram.others == []


def test_runs_with_energies_on_this_hull_can_be_laid_over_it(store: Store, reference: Reference) -> None:
    drawable = overlays(store, reference, CONVENTION)
    assert [overlay.label for overlay in drawable] == ["made (5 structures), CHGNet, as submitted"]
    assert overlays(store, reference, OWN) == []
    rows = rows_of(store, drawable[0].key)
    assert rows is not None
    new, known = submitted(*rows, ["O", "Ti"])
    assert [(phase.name, phase.e_above_hull) for phase in new] == [("new", 0.02), (HOSTILE, -0.05)]
    assert [(phase.name, phase.e_above_hull) for phase in known] == [("old", 0.3)]
    assert submitted(*rows, ["Ca", "Ti"]) == ([], [])
    for nothing in (None, NOTHING, "no run@chgnet/unrelaxed", drawable[0].key + "/relaxed"):
        assert rows_of(store, nothing) is None


def test_a_drawn_system_has_a_figure_and_a_table(store: Store, reference: Reference) -> None:
    key = overlays(store, reference, CONVENTION)[0].key
    plot, page = drawn_hull(store, reference, CONVENTION, "Ti-O", key)
    assert plot is not None
    assert "TiO<sub>2</sub>" in page
    assert "A sparse hull" in page
    # laid over it, the lowest first
    assert page.index("&lt;script&gt;") < page.index(">new<") < page.index(">old<")
    assert "<script" not in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Name 1 to 8 elements"),
        ("H-He-Li-Be-B-C-N-O-F", "Name 1 to 8 elements"),
        ("nonsense", "neither a formula nor"),
        ("Ti-Xe", "no entry of the element Xe"),
    ],
)
def test_a_system_without_a_hull_is_a_sentence(store: Store, reference: Reference, query: str, said: str) -> None:
    plot, page = drawn_hull(store, reference, CONVENTION, query, NOTHING)
    assert plot is None
    assert said in page


def test_one_element_and_more_than_three_are_tables(store: Store, reference: Reference) -> None:
    plot, page = drawn_hull(store, reference, CONVENTION, "Ti", NOTHING)
    assert plot is None
    assert "1 of 1 entries" in page


def test_the_first_system_shown_can_be_drawn(reference: Reference) -> None:
    largest = largest_system(reference, CONVENTION)
    assert 1 < largest.count("-") + 1 <= TERNARY
    # two of its formulas, more than any other system of VERTICES
    assert largest == "O-Ti"


def test_the_hulls_are_listed_with_their_counts(reference: Reference) -> None:
    listed = hulls_html(reference.manifest)
    assert hull_name(CONVENTION) in listed
    assert hull_name(OWN) in listed
    assert "0.123 for 4 measured compounds, median -0.045" in listed


def test_drawing_a_hull_loads_neither_numba_nor_pymatgen(reference: Reference, store: Store) -> None:
    code = (
        "import sys; from pathlib import Path; from reference_data.reference import open_reference;"
        "from leaderboard.pages.reference.reference_hull import drawn_hull; from leaderboard.store.local import Store;"
        f"r = open_reference({str(reference.folder)!r});"
        f"assert drawn_hull(Store(Path({str(store.root)!r})), r, {CONVENTION!r}, 'Ca-O-Ti', 'none')[0] is not None;"
        "print(sorted({'torch', 'pymatgen', 'spglib', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr
