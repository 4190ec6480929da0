"""How accurate a potential is: the figures by hand, the whole way with a potential that runs anywhere."""

from __future__ import annotations

import json
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ase.calculators.emt import EMT
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from metrics.measure.running.local_engine import LocalEngine
from reference_data.__main__ import main
from reference_data.build.build_set import build_set
from reference_data.errors import ReferenceSetError
from reference_data.files.crystals import CRYSTALS_FILE, write_crystals
from reference_data.potential_accuracy.evaluate import agreements, evaluate_potential
from reference_data.potential_accuracy.record import ACCURACY_FILE, read_accuracies
from reference_data.potential_accuracy.stable_metrics import stable_metrics
from reference_data.reference import Reference, open_reference
from tests.reference_data.build.test_verify import accept
from tests.reference_data.conftest import cif

if TYPE_CHECKING:
    from collections.abc import Sequence

needs_matbench = pytest.mark.skipif(
    find_spec("matbench_discovery") is None, reason="matbench-discovery is part of requirements-stability.txt"
)
DEFINITION = """\
name = "alloys"
title = "Copper and gold by effective medium theory"
licence = "CC0-1.0"
indicative = true
not_for = "Anything but tests."

[[sources]]
kind = "structure_table"
name = "alloys"
title = "Alloys"
licence = "CC0-1.0"
citation = "Nobody, Nowhere (2026)"
doi = ["10.1000/alloys"]
url = "https://example.org"
path = "alloys.csv"
id_column = "id"
energy_per_atom_column = "energy"
energy_convention = "toy"
"""
FACE_CENTRED = [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]
LABELS_ARE_HIGHER_BY = {"cu3au": 0.0, "cuau3": 0.03, "cuau": 0.3}


@pytest.fixture(scope="module")
def alloys(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Elements labelled by the potential itself, compounds labelled higher by known amounts."""
    folder = tmp_path_factory.mktemp("alloys")
    made: dict[str, Sequence[str]] = {
        "cu": ["Cu"] * 4,
        "au": ["Au"] * 4,
        "cu3au": ["Au", "Cu", "Cu", "Cu"],
        "cuau3": ["Cu", "Au", "Au", "Au"],
        "cuau": ["Cu", "Cu", "Au", "Au"],
    }
    rows = []
    for name, symbols in made.items():
        # Vegard's law between 3.61 (Cu) and 4.08 angstrom (Au)
        structure = Structure(Lattice.cubic(3.61 + 0.47 * symbols.count("Au") / 4), symbols, FACE_CENTRED)
        atoms = AseAtomsAdaptor.get_atoms(structure)
        calculator = EMT()
        calculator.calculate(atoms)
        energy = calculator.results["energy"] / 4 + LABELS_ARE_HIGHER_BY.get(name, 0.0)
        rows.append((name, cif(structure), repr(float(energy))))
    pd.DataFrame(rows, columns=["id", "cif", "energy"]).to_csv(folder / "alloys.csv", index=False)
    (folder / "alloys.toml").write_text(DEFINITION, encoding="utf-8")
    build_set(folder / "alloys.toml", folder / "alloys", start_engine=partial(LocalEngine, 1), report=print)
    return open_reference(folder / "alloys")


def everything_in_the_package() -> set[Path]:
    package = find_spec("matbench_discovery")
    assert package is not None
    return set(Path(str(package.origin)).parent.rglob("*"))


@needs_matbench
def test_the_figures_of_four_structures_by_hand_and_nothing_is_left_in_the_package() -> None:
    before = everything_in_the_package()
    (figures,) = stable_metrics([0.0, -0.1, 0.2, 0.3], [-0.1, 0.1, 0.3, None], [0.0])
    # one of two stable ones is found, none is called so wrongly; half are stable, so chance finds half as many
    assert (figures["TP"], figures["FN"], figures["FP"], figures["TN"]) == (1, 1, 0, 2)
    assert (figures["Precision"], figures["Recall"], figures["DAF"]) == (1.0, 0.5, 2.0)
    assert figures["F1"] == pytest.approx(2 / 3)
    assert figures["MAE"] == pytest.approx((0.1 + 0.2 + 0.1) / 3)
    assert everything_in_the_package() == before


@pytest.mark.parametrize(
    ("label", "predicted", "counts"),
    [
        ([-0.1, -0.2], [-0.1, 0.1], (1, 0, 0, 1)),  # none is unstable
        ([0.1, 0.2], [-0.1, None], (0, 1, 1, 0)),  # none is stable
        ([-0.1, 0.2], [0.1, -0.1], (0, 1, 0, 1)),  # no stable one is called so
    ],
)
def test_what_cannot_be_divided_is_unknown(
    label: list[float], predicted: list[float | None], counts: tuple[int, ...]
) -> None:
    (agreement,) = agreements(label, predicted, [0.0])
    four = (agreement.true_positive, agreement.false_positive, agreement.true_negative, agreement.false_negative)
    assert four == counts
    assert agreement.precision is agreement.recall is agreement.f1 is agreement.daf is None


@needs_matbench
def test_the_differences_are_those_put_into_the_labels(alloys: Reference) -> None:
    accuracy = evaluate_potential(alloys, "emt", start_engine=partial(LocalEngine, 1), report=print)
    assert (accuracy.n_labelled, accuracy.n_sampled, accuracy.n_answered, accuracy.unanswered) == (3, 3, 3, {})
    # the potential lies lower by 0, 0.03 and 0.3
    assert accuracy.mae == pytest.approx(0.11, abs=1e-6)
    assert accuracy.median_difference == pytest.approx(-0.03, abs=1e-6)
    assert accuracy.rmse == pytest.approx(((0.03**2 + 0.3**2) / 3) ** 0.5, abs=1e-6)
    for agreement in accuracy.agreements:
        assert (
            agreement.true_positive + agreement.false_positive + agreement.true_negative + agreement.false_negative == 3
        )
    assert read_accuracies(alloys.folder) == {f"emt:{accuracy.checkpoint_sha256}": accuracy}
    # the file decides no score: the set is still the same
    assert open_reference(alloys.folder).manifest_sha256 == alloys.manifest_sha256


@needs_matbench
def test_a_compound_that_has_no_place_on_the_hull_is_no_label(alloys: Reference, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in alloys.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    table = pq.read_table(folder / CRYSTALS_FILE)
    rows = table.to_pylist()
    next(row for row in rows if row["id"] == "cuau")["e_above_hull"] = None
    write_crystals([pa.Table.from_pylist(rows, schema=table.schema)], folder / CRYSTALS_FILE)
    accept(folder)
    assert (
        evaluate_potential(open_reference(folder), "emt", start_engine=partial(LocalEngine, 1), report=print).n_labelled
        == 2
    )


@needs_matbench
def test_the_command_line_takes_a_smaller_sample_of_the_same_order(
    alloys: Reference, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate-potential", str(alloys.folder), "--potential", "emt", "--n", "2", "--jobs", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["n_sampled"] == 2


@pytest.mark.parametrize(
    ("potential", "message"),
    [
        ("nothing", "no potential 'nothing'; there are: chgnet"),
        ("chgnet", "has hulls of toy; expected one of pbe_mp2020"),
    ],
)
def test_a_potential_that_cannot_be_compared_is_refused(alloys: Reference, potential: str, message: str) -> None:
    if potential == "chgnet" and find_spec("chgnet") is None:
        pytest.skip("chgnet is part of requirements-stability.txt")
    with pytest.raises(ReferenceSetError, match=message):
        evaluate_potential(alloys, potential, start_engine=partial(LocalEngine, 1), report=print)


def test_a_broken_file_says_so(tmp_path: Path) -> None:
    assert read_accuracies(tmp_path) == {}
    (tmp_path / ACCURACY_FILE).write_text('{"emt:0": {"potential": "emt"}}')
    with pytest.raises(ReferenceSetError, match=r"potential_accuracy\.json cannot be read"):
        read_accuracies(tmp_path)
