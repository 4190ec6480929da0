"""Scores with energies from end to end: effective medium theory on a hull of its own energies, small but real."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from ase.calculators.emt import EMT
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core.composition import Composition
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from leaderboard import score_structures
from leaderboard.__main__ import main
from leaderboard.errors import RunError
from leaderboard.pages.parts.runs import choices
from leaderboard.protocol import load_protocol
from leaderboard.run.scoring import Setting
from leaderboard.score_key import ScoreKey
from leaderboard.store.local import Store
from leaderboard.store.run import Run
from metrics.measure.running.local_engine import LocalEngine
from reference_data.build.build_set import build_set
from reference_data.reference import open_reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# lattice parameters in angstrom (C. Kittel, Introduction to Solid State Physics)
FCC = {"Al": 4.05, "Ni": 3.52, "Cu": 3.61, "Pd": 3.89, "Ag": 4.09, "Pt": 3.92, "Au": 4.08}
DEFINITION = """\
name = "emt"
title = "Face-centred metals and their ordered alloys by effective medium theory"
licence = "CC0-1.0"
indicative = true
not_for = "Anything but tests."

[[hull]]
kind = "total_energies"
name = "emt"
title = "Energies by effective medium theory"
licence = "CC0-1.0"
citation = "Nobody, Nowhere (2026)"
doi = ["10.1016/0039-6028(96)00816-3"]
url = "https://example.org/emt"
path = "energies.csv"
convention = "toy"

[[sources]]
kind = "structure_table"
name = "metals"
title = "Face-centred metals"
licence = "CC0-1.0"
citation = "Nobody, Nowhere (2026)"
doi = ["10.1000/metals"]
url = "https://example.org/metals"
path = "metals.parquet"
id_column = "id"
"""


def fcc(symbol: str, a: float | None = None) -> Structure:
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(a or FCC[symbol]), [symbol], [[0.0, 0.0, 0.0]])


def alloy(one: str, other: str, stretch: float = 1.0) -> Structure:
    """L1_0: layers of one metal and the other."""
    a = (FCC[one] + FCC[other]) / 2 * stretch
    lattice = Lattice.tetragonal(a / 2**0.5, a)
    return Structure(lattice, [one, other], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])


def emt_energy_per_atom(structure: Structure) -> float:
    atoms = AseAtomsAdaptor.get_atoms(structure)
    atoms.calc = EMT()
    return float(atoms.get_potential_energy()) / len(structure)  # type: ignore[no-untyped-call] # ase is not typed


REFERENCE = {f"fcc-{symbol}": fcc(symbol) for symbol in FCC} | {
    f"{one}{other}": alloy(one, other) for one, other in combinations(("Ni", "Cu", "Au"), 2)
}
SUBMITTED = [
    alloy("Cu", "Au", stretch=1.02),
    alloy("Cu", "Au", stretch=1.06),
    alloy("Pd", "Pt"),
    fcc("Cu", 3.7),
    Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0.0] * 3, [0.5] * 3]),
]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("emt")
    (folder / "emt.toml").write_text(DEFINITION)
    energies = [
        {"id": name, "formula": structure.reduced_formula, "energy_per_atom": emt_energy_per_atom(structure)}
        for name, structure in REFERENCE.items()
    ]
    pd.DataFrame(energies).to_csv(folder / "energies.csv", index=False)
    metals = [{"id": name, "cif": str(structure.to(fmt="cif"))} for name, structure in REFERENCE.items()]
    pd.DataFrame(metals).to_parquet(folder / "metals.parquet")
    build_set(folder / "emt.toml", folder / "set", start_engine=partial(LocalEngine, 2), report=lambda _line: None)
    return folder / "set"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("store")
        patch.setenv("LEADERBOARD_RUNS", str(folder))
        yield folder


@pytest.fixture(scope="module")
def scored(reference: Path, runs: Path) -> Run:
    out = runs / "relaxed"
    score_structures(SUBMITTED, reference=reference, potentials=["emt"], relax=True, jobs=2, out=out)
    return Run(out)


def energies(run: Run) -> pd.DataFrame:
    table = run.energies()
    assert table is not None
    return table


def values(run: Run, name: str) -> dict[str | None, Any]:
    return {score.variant: score.value for score in run.scores.scores if score.name == name}


def test_distances_are_pymatgens(scored: Run) -> None:
    diagram = PhaseDiagram(
        [
            PDEntry(structure.composition, emt_energy_per_atom(structure) * len(structure))
            for structure in REFERENCE.values()
        ]
    )
    table = energies(scored)
    for sha256, structure in zip(scored.structures()["sha256"], SUBMITTED[:4], strict=False):
        (row,) = table[(table["sha256"] == sha256) & ~table["relaxed"]].to_dict("records")
        entry = PDEntry(structure.composition, emt_energy_per_atom(structure) * len(structure))
        _, expected = diagram.get_decomp_and_e_above_hull(entry, allow_negative=True)
        assert row["e_above_hull"] == pytest.approx(expected, abs=1e-8)
        assert row["energy_convention"] == "toy"
        shares = {Composition(part["formula"]).reduced_formula: part["amount"] for part in row["decomposition"]}
        assert sum(shares.values()) == pytest.approx(1.0)


def test_what_the_potential_does_not_know_has_a_reason_and_counts_against(scored: Run) -> None:
    table = energies(scored)
    unknown = table[table["status"] == "unknown_element"]
    assert len(unknown) == 2
    assert unknown["detail"].str.contains("Na").all()
    (stable,) = (score for score in scored.scores.scores if score.key == ScoreKey("stable", "emt/unrelaxed"))
    assert (stable.n_counted, stable.n_unknown) == (4, 1)


def test_relaxing_lowers_the_energy_and_stands_beside_as_submitted(scored: Run) -> None:
    assert set(values(scored, "vsun_msun")) == {"emt/unrelaxed", "emt/relaxed"}
    assert set(values(scored, "converged")) == {"emt/relaxed"}
    assert values(scored, "converged")["emt/relaxed"] == 4 / 5
    wide = energies(scored).dropna(subset=["energy"]).pivot_table(index="sha256", columns="relaxed", values="energy")
    assert len(wide) == 4
    assert (wide[True] <= wide[False] + 1e-9).all()


def test_structural_scores_do_not_depend_on_the_tier(scored: Run, reference: Path, runs: Path) -> None:
    structural = score_structures(SUBMITTED, reference=reference, potentials=[], jobs=1, out=runs / "structural")
    with_energies = tuple(score for score in scored.scores.scores if score.variant is None)
    assert structural.scores == with_energies
    assert Run(runs / "structural").energies() is None
    assert structural.run_key != scored.scores.run_key


def test_what_is_known_is_not_computed_again(scored: Run, reference: Path, runs: Path) -> None:
    score_structures(SUBMITTED, reference=reference, potentials=["emt"], relax=True, jobs=1, out=runs / "again")
    # the seconds that each record took are those of the first run
    pd.testing.assert_frame_equal(energies(Run(runs / "again")), energies(scored))


def test_single_points_are_published_before_the_relaxations(
    reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    gold = tmp_path / "gold.cif"
    gold.write_text(str(fcc("Au", 4.2).to(fmt="cif")))
    arguments = ["score", str(gold), "--reference", str(reference), "--potentials", "emt", "--relax", "--jobs", "1"]
    assert main([*arguments, "--publish", "--out", str(tmp_path / "out")]) == 0
    assert sorted(run.record.relaxed for run in Store().runs()) == [False, True]
    day = Store().runs()[0].record.day
    labels = {label for label, _ in choices(Store())}
    assert labels == {f"gold (1 structure, emt, EMT{tier}, {day})" for tier in ("", " relaxed")}


def test_a_run_by_another_potential_than_the_protocols_is_custom(scored: Run) -> None:
    assert scored.record.custom
    assert scored.record.checkpoints.keys() == {"emt"}


def test_a_set_without_a_fitting_hull_is_refused_with_those_that_have_one(reference: Path) -> None:
    with pytest.raises(
        RunError, match=r"no hull for chgnet \(its hulls: toy; chgnet needs one of pbe_mp2020, own:chgnet"
    ):
        Setting.of(load_protocol(), reference, ("chgnet",))
    with pytest.raises(RunError, match="no potential 'magic'; there are: "):
        Setting.of(load_protocol(), reference, ("magic",))
    with pytest.raises(RunError, match="named twice"):
        Setting.of(load_protocol(), reference, ("emt", "emt"))


def test_the_hull_has_the_convention_of_the_set(reference: Path) -> None:
    assert open_reference(reference).conventions == ("toy",)
