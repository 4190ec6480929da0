"""The charge check: textbook compounds by name, crystals that no chemist would believe, real and permuted ones."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import pyarrow.parquet as pq
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.chemistry.charge import (
    ChargeSettings,
    FailingRule,
    PassingRule,
    measure_charge,
)
from metrics.measure.structure.convert import from_structure
from tests import bench_charge
from tests.conftest import AGREEMENT
from tests.metrics.measure.fingerprint_crystals import lemat_cifs, parsed

if TYPE_CHECKING:
    from collections.abc import Callable

STARTER = Path(__file__).parents[4] / "reference_data/sets/starter/crystals.parquet"
CUBIC = "Fm-3m"


@cache
def starter() -> dict[str, Crystal]:
    """Id -> crystal of the set that ships with the project."""
    columns = ["id", "lattice", "frac_coords", "atomic_numbers"]
    rows = pq.read_table(STARTER, columns=columns).to_pylist()
    return {row["id"]: Crystal.from_arrays(row["lattice"], row["frac_coords"], row["atomic_numbers"]) for row in rows}


def rule_of(crystal: Crystal, settings: ChargeSettings | None = None) -> str:
    facts = measure_charge(crystal, settings or ChargeSettings())
    assert facts["charge_valid"] == (facts["charge_rule"] in get_args(PassingRule))
    return str(facts["charge_rule"])


def made(group: str, lattice: Lattice, **sites: tuple[float, float, float]) -> Crystal:
    """A crystal by space group and Wyckoff positions; a digit after the symbol tells positions apart."""
    symbols = [name.rstrip("0123456789") for name in sites]
    return from_structure(Structure.from_spacegroup(group, lattice, symbols, list(sites.values())))


def rocksalt(cation: str, anion: str, length: float) -> Crystal:
    return made(CUBIC, Lattice.cubic(length), **{cation: (0, 0, 0), anion: (0.5, 0.5, 0.5)})


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("aflow-AB_cF8_225_a_b-NaCl", "oxidation_states"),
        ("aflow-A2B_hP9_152_c_a-SiO2", "oxidation_states"),
        ("known-calcite-NaNO3", "oxidation_states"),
        ("known-ammonium-chloride-H4NCl", "oxidation_states"),
        ("known-magnesium-iron-hydride-Mg2FeH6", "oxidation_states"),
        ("known-rocksalt-hydride-HPd", "oxidation_states"),
        ("known-zincblende-GaAs", "oxidation_states"),
        ("known-calomel-HgCl", "oxidation_states"),
        ("known-potassium-superoxide-KO2", "anion_bonds"),
        ("known-potassium-superoxide-RbO2", "anion_bonds"),
        ("known-potassium-superoxide-CsO2", "anion_bonds"),
        ("known-pyrite-peroxide-NaO2", "anion_bonds"),
        ("known-sodium-peroxide-Na2O2", "anion_bonds"),
        ("known-sodium-azide-NaN3", "anion_bonds"),
        ("known-potassium-azide-KN3", "anion_bonds"),
        ("known-calcium-carbide-CaC2", "anion_bonds"),
        ("known-aluminium-diboride-MgB2", "anion_bonds"),
        ("known-lah6-CaB6", "anion_bonds"),
        ("known-lah6-LaB6", "anion_bonds"),
        ("known-uranium-dodecaboride-YB12", "anion_bonds"),
        ("aflow-A6B_hR7_166_g_a-CaC6", "anion_bonds"),
        ("aflow-AB3_tP8_113_a_ce-BaS3", "anion_bonds"),
        ("known-skutterudite-CoSb3", "anion_bonds"),
        ("aflow-A_cF8_227_a-C", "anion_bonds"),
        ("aflow-A_cP8_198_2a-N2", "anion_bonds"),
        ("aflow-A_oC8_64_f-I", "anion_bonds"),
        ("known-silver-subfluoride-Ag2F", "cation_bonds"),
        ("known-anti-cadmium-chloride-Ca2N", "cation_bonds"),
        ("aflow-AB_cF16_227_a_b-NaTl", "metallic"),
        ("aflow-A2B_cF24_227_d_a-MgCu2", "metallic"),
        ("known-caesium-chloride-CsAu", "metallic"),
    ],
)
def test_a_known_compound_passes_by_the_rule_of_its_class(name: str, rule: str) -> None:
    assert rule_of(starter()[name]) == rule


@pytest.mark.parametrize(
    ("crystal", "rule"),
    [
        # LiC6: Guerard and Herold 1975, Carbon 13, 337; Na8Si46: Kasper et al. 1965, DOI 10.1126/science.150.3704.1713;
        # Cs3O: Tsai, Harris and Lassettre 1956, J. Phys. Chem. 60, 338; Ti2O: Holmberg 1962, Acta Chem. Scand. 16, 1245
        (made("P6/mmm", Lattice.hexagonal(4.305, 3.706), Li=(0, 0, 0), C=(1 / 3, 0, 0.5)), "anion_bonds"),
        (
            made(
                "Pm-3n",
                Lattice.cubic(10.19),
                Na=(0, 0, 0),
                Na2=(0.25, 0.5, 0),
                Si=(0.25, 0, 0.5),
                Si2=(0.185, 0.185, 0.185),
                Si3=(0, 0.306, 0.118),
            ),
            "anion_bonds",
        ),
        (made("P6_3/mcm", Lattice.hexagonal(8.78, 7.52), Cs=(0.25, 0, 0.25), O=(0, 0, 0)), "cation_bonds"),
        (made("P-3m1", Lattice.hexagonal(2.92, 4.71), O=(0, 0, 0), Ti=(1 / 3, 2 / 3, 0.25)), "cation_bonds"),
    ],
    ids=["LiC6", "Na8Si46", "Cs3O", "Ti2O"],
)
def test_a_compound_made_from_its_published_cell_passes(crystal: Crystal, rule: str) -> None:
    assert rule_of(crystal) == rule


@pytest.mark.parametrize(
    ("crystal", "rule"),
    [
        (made(CUBIC, Lattice.cubic(5.9), K=(0, 0, 0), F=(0.25, 0.25, 0.25)), "too_few_electrons"),
        (rocksalt("Na", "O", 4.9), "too_few_electrons"),
        (rocksalt("Zn", "N", 4.5), "too_few_electrons"),
        (
            made(CUBIC, Lattice.cubic(7.0), Ca=(0, 0, 0), Cl=(0.5, 0.5, 0.5), Cl2=(0.25, 0.25, 0.25)),
            "too_few_electrons",
        ),
        (rocksalt("Al", "I", 6.6), "too_many_electrons"),
        # their metal atoms are farther apart than those of subhalides and suboxides
        (rocksalt("Al", "O", 4.2), "too_many_electrons"),
        (rocksalt("Mg", "F", 4.4), "too_many_electrons"),
        (rocksalt("Fe", "F", 4.4), "too_many_electrons"),
        (made(CUBIC, Lattice.cubic(6.9), Cl=(0, 0, 0), Na=(0.25, 0.25, 0.25)), "too_many_electrons"),
        # a noble gas takes no electrons, and cations beside it keep none
        (made("Pm-3m", Lattice.cubic(3.6), Na=(0, 0, 0), Ar=(0.5, 0.5, 0.5)), "too_many_electrons"),
        (made("Pm-3m", Lattice.cubic(4.6), K=(0, 0, 0), Xe=(0.5, 0.5, 0.5)), "too_many_electrons"),
        (rocksalt("Na", "Cl", 4.2), "overbonded"),
        (rocksalt("Na", "Cl", 8.0), "underbonded"),
        (rocksalt("Cs", "Mg", 5.0), "crowded"),
        (made("Pm-3m", Lattice.cubic(20.0), Fe=(0, 0, 0)), "underbonded"),
    ],
    ids=[
        "KF2",
        "NaO",
        "ZnN",
        "CaCl3",
        "AlI",
        "AlO",
        "MgF",
        "FeF",
        "Na2Cl",
        "NaAr",
        "KXe",
        "NaCl crushed",
        "NaCl blown up",
        "CsMg",
        "lone Fe",
    ],
)
def test_what_no_chemist_would_believe_is_refused_with_the_reason(crystal: Crystal, rule: FailingRule) -> None:
    assert rule_of(crystal) == rule


def test_a_peroxide_is_told_from_an_oxide_by_its_bond_alone() -> None:
    """Barium peroxide (Wyckoff 1963: I4/mmm, O-O 1.48 angstrom), and its oxygen atoms evenly apart in the same cell."""
    cell = Lattice.tetragonal(3.81, 6.84)
    assert rule_of(made("I4/mmm", cell, Ba=(0, 0, 0), O=(0, 0, 0.392))) == "anion_bonds"
    assert rule_of(made("I4/mmm", cell, Ba=(0, 0, 0), O=(0, 0.5, 0.25))) == "too_few_electrons"


def test_every_setting_can_refuse_or_admit() -> None:
    """Each threshold decides some crystal: moved one way it refuses what passes, or the other way it admits."""
    names = starter()
    usual = ChargeSettings()
    for name, change in (
        ("known-potassium-superoxide-KO2", {"sharing": 0.1}),
        ("known-potassium-superoxide-KO2", {"weakest_shared": 3.0}),
        ("aflow-AB_cF8_225_a_b-NaCl", {"weakest_bond": 0.5}),
        ("aflow-AB_cF8_225_a_b-NaCl", {"underbonded": 2.0}),
        ("aflow-AB_cF8_225_a_b-NaCl", {"overbonded_factor": 0.5, "overbonded_offset": 0.0}),
        ("aflow-A2B_cF24_227_d_a-MgCu2", {"crowded_factor": 0.1, "crowded_offset": 0.0}),
    ):
        assert measure_charge(names[name], usual)["charge_valid"]
        assert not measure_charge(names[name], replace(usual, **change))["charge_valid"], change
    # tetravalent lead makes 6 % of the states of lead
    plattnerite = made("P4_2/mnm", Lattice.tetragonal(4.95, 3.38), Pb=(0, 0, 0), O=(0.307, 0.307, 0))
    assert rule_of(plattnerite) == "oxidation_states"
    assert rule_of(plattnerite, replace(usual, state_fraction=0.1)) == "too_few_electrons"
    crushed = rocksalt("Na", "Cl", 4.9)
    assert rule_of(crushed, replace(usual, length_tolerance=0.0)) == "overbonded"
    assert rule_of(crushed, replace(usual, length_tolerance=0.12)) == "oxidation_states"


def test_what_cannot_be_decided_says_why() -> None:
    with pytest.raises(UnmeasurableError, match="bond-valence parameters are known for Rf") as caught:
        measure_charge(rocksalt("Rf", "O", 4.6), ChargeSettings())
    assert caught.value.known == {"charge_rule": "undetermined"}
    with pytest.raises(UnmeasurableError, match="the cell is flat"):
        measure_charge(rocksalt("Na", "Cl", 1e-3), ChargeSettings())


def test_atoms_at_one_place_are_overbonded() -> None:
    places = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]])
    assert rule_of(Crystal.from_arrays(3 * np.eye(3), places, [12, 9, 9])) == "overbonded"


def test_real_crystals_pass_and_permuted_ones_fail(record_property: Callable[[str, object], None]) -> None:
    """Bounds outside the figures of docs/charge-validity.md, for a sample."""
    generator = np.random.default_rng(0)
    crystals = [parsed(cif) for cif in list(lemat_cifs("mp").values())[::12]]
    made = bench_charge.controls(crystals, generator)
    shares = {name: bench_charge.accepted(few, bench_charge.verdict) for name, few in made.items()}
    record_property(AGREEMENT, "charge-plausible, %: " + ", ".join(f"{n} {s:.0f}" for n, s in shares.items()))
    assert shares["as they are"] > 90
    assert shares["elements permuted within the crystal"] < 60
    assert shares["elements drawn by their frequency"] < 60


def test_every_rule_occurs_among_real_and_permuted_crystals() -> None:
    generator = np.random.default_rng(1)
    crystals = [crystal for name, crystal in starter().items() if crystal.n_sites <= 20][::40]
    made = bench_charge.controls(crystals, generator).values()
    rules = {bench_charge.verdict(crystal)[1] for few in made for crystal in few}
    assert rules - {"undetermined"} == {*get_args(PassingRule), *get_args(FailingRule)}
