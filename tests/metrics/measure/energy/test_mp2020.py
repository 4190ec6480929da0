"""MP2020 corrections of single crystals against the published values, and which conventions convert."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core.composition import Composition
from pymatgen.entries.compatibility import CompatibilityError, MaterialsProject2020Compatibility
from pymatgen.entries.computed_entries import ComputedStructureEntry

from metrics.crystal import Crystal
from metrics.formula import elements_of
from metrics.measure.energy.mp2020 import (
    HubbardU,
    UncorrectableError,
    _guessed_states,
    mp2020_correction,
    to_convention,
)
from metrics.measure.energy.relax_record import EnergyRecord, convert_record
from metrics.measure.structure.convert import to_structure
from reference_data.files.crystals import CRYSTALS_FILE
from reference_data.reference import open_reference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

# eV per atom of the named element: Wang et al. 2021, Scientific Reports 11, 15496, table 1 (values of the final fit)
OXIDE, PEROXIDE, CHLORIDE, FE_IN_OXIDE = -0.687, -0.465, -0.614, -2.256


CUBE = np.eye(3) * 4.0
DUMBBELL = np.array([[0, 0, 0], [0.5, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.875]])
"""Its last two atoms are 1.5 angstrom apart, as the oxygens of a peroxide."""


def rocksalt(cation: int, anion: int) -> Crystal:
    return Crystal.from_arrays(2.1 * (1 - np.eye(3)), np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), np.array([cation, anion]))


@pytest.mark.parametrize(
    ("crystal", "expected"),
    [
        (rocksalt(11, 17), CHLORIDE),
        (rocksalt(12, 8), OXIDE),
        (rocksalt(26, 8), OXIDE + FE_IN_OXIDE),
        (rocksalt(26, 54), 0.0),  # a noble gas has no electronegativity and no correction
        (Crystal.from_arrays(np.eye(3) * 3, [[0, 0, 0]], [8]), 0.0),  # elements are not corrected
        (Crystal.from_arrays(CUBE, DUMBBELL, [11, 11, 8, 8]), 2 * PEROXIDE),
    ],
    ids=["NaCl", "MgO", "FeO", "FeXe", "O", "Na2O2"],
)
def test_corrections_are_the_published_ones(crystal: Crystal, expected: float) -> None:
    assert mp2020_correction(crystal) == pytest.approx(expected, abs=1e-9)


def test_a_larger_cell_has_a_larger_correction() -> None:
    one = rocksalt(26, 8)
    coords = np.concatenate([(one.frac_coords + np.array([shift, 0, 0])) / [2, 1, 1] for shift in (0, 1)])
    two = Crystal.from_arrays(one.lattice * [[2], [1], [1]], coords, np.tile(one.atomic_numbers, 2))
    assert mp2020_correction(two) == pytest.approx(2 * mp2020_correction(one))


def test_conversion_there_and_back() -> None:
    crystal = rocksalt(12, 8)
    assert to_convention(-11.0, crystal, "pbe_uncorrected", "pbe_mp2020") == pytest.approx(-11.0 + OXIDE)
    assert to_convention(-11.0 + OXIDE, crystal, "pbe_mp2020", "pbe_uncorrected") == pytest.approx(-11.0)
    assert to_convention(-11.0, crystal, "r2scan", "r2scan") == -11.0


@pytest.mark.parametrize("source", ["r2scan", "toy", "own:emt"])
def test_what_cannot_be_compared_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=f"an energy in {source} cannot be converted to pbe_mp2020"):
        to_convention(-1.0, rocksalt(12, 8), source, "pbe_mp2020")
    with pytest.raises(ValueError, match="'pbe' is no energy convention"):
        to_convention(-1.0, rocksalt(12, 8), "pbe", "pbe")


def reordered(crystal: Crystal, order: Sequence[int]) -> Crystal:
    places = list(order)
    return Crystal.from_arrays(crystal.lattice, crystal.frac_coords[places], crystal.atomic_numbers[places])


@pytest.mark.parametrize("noble", [2, 10, 18])
@pytest.mark.parametrize("metal", [23, 24, 25, 26, 27, 28, 42, 74])
def test_noble_gases_beside_a_metal_of_the_u_settings_do_not_hide_the_anion(noble: int, metal: int) -> None:
    """He, Ne and Ar have no electronegativity, so that sorting by it depends on where they stand."""
    coords = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0, 0.25]])
    crystal = Crystal.from_arrays(CUBE, coords, [noble, metal, 8])
    corrections = {mp2020_correction(reordered(crystal, order)) for order in permutations(range(3))}
    without = Crystal.from_arrays(CUBE, coords[1:], [metal, 8])
    assert corrections == {mp2020_correction(without)}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.integers(1, 118), st.sampled_from([2, 8, 9, 10, 14, 16, 18, 26, 29, 46])), min_size=1, max_size=5
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_atoms_does_not_matter(numbers: list[int], random: Random) -> None:
    coords = np.array([[random.random() for _ in range(3)] for _ in numbers])
    crystal = Crystal.from_arrays(CUBE, coords, numbers)
    order = random.sample(range(len(numbers)), len(numbers))
    assert mp2020_correction(reordered(crystal, order)) == mp2020_correction(crystal)


def test_an_element_as_electronegative_as_the_anion_does_not_hide_it() -> None:
    """Cu and Si are equal on Pauling's scale; Er2Cu3Si5 has no guess of oxidation states, so that only this decides."""
    coords = np.arange(30).reshape(10, 3) / 31
    crystal = Crystal.from_arrays(CUBE, coords, [68, 68, 29, 29, 29, 14, 14, 14, 14, 14])
    silicide = MaterialsProject2020Compatibility(check_potcar=False).comp_correction["Si"]
    for order in (range(10), range(9, -1, -1)):
        assert mp2020_correction(reordered(crystal, order)) == pytest.approx(5 * silicide)


def test_a_crystal_without_a_correction_is_one_failed_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        msg = "Invalid U value"
        raise CompatibilityError(msg)

    monkeypatch.setattr(MaterialsProject2020Compatibility, "get_adjustments", refuses)
    crystal = rocksalt(12, 8)
    with pytest.raises(UncorrectableError, match="no MP2020 correction of MgO: CompatibilityError: Invalid U value"):
        mp2020_correction(crystal)
    record = EnergyRecord(
        crystal.sha256,
        "sevennet-0",
        "",
        "",
        relaxed=False,
        status="ok",
        energy=-11.0,
        energy_convention="pbe_uncorrected",
    )
    converted = convert_record(record, crystal, "pbe_mp2020")
    assert (converted.status, converted.energy, converted.energy_per_atom) == ("failed", None, None)
    assert converted.detail == "no MP2020 correction of MgO: CompatibilityError: Invalid U value"


STARTER = open_reference("starter")
KINDS = {
    "oxides of the U elements": "NiO FeO CoO MnO VO2 V2O3 Cr2O3 MoO2 WO2 WO3 Fe2O3",
    "fluorides of the U elements": "NiF2 FeF2 CoF2 MnF2 VF3 VF2 CrF3 MoF3 WF6 FeF3",
    "peroxides, superoxides": "Na2O2 BaO2 Li2O2 KO2 NaO2 CsO2 RbO2 SrO2 CaO2",
    "sulfides, polysulfides, sulfates": "FeS2 ZnS PbS NiS MnS FeS CaSO4 BaSO4 MoS2",
    "other anions": "CaF2 NaCl KBr KI GaN TiN ZnSe CdTe Mg2Si AlSb MgH2 LiH TiH2 Li3N",
    "no anion": "FeAl Ni3Al FeTi CoAl Cr3Si Fe3C MnAu MoNi4 WC Fe V W",
    "several anions": "LaOF BiOCl KHF2 LiOH NH4Cl SiS2 CaIF MgBrF Na3SCl",
}


def by_pymatgen(crystal: Crystal, hubbards: dict[str, float] | None = None) -> float:
    """What the scheme itself gives an entry; U is that of the Materials Project's settings unless it is stated."""
    scheme = MaterialsProject2020Compatibility(check_potcar=False)
    structure = to_structure(crystal)
    elements = sorted(structure.composition.elements, key=lambda element: element.X)
    prescribed = scheme.u_settings.get(elements[-1].symbol, {})
    hubbards = hubbards or {one.symbol: prescribed[one.symbol] for one in elements if one.symbol in prescribed}
    parameters = {"run_type": "GGA+U" if hubbards else "GGA", "hubbards": hubbards}
    return sum(
        each.value for each in scheme.get_adjustments(ComputedStructureEntry(structure, 0, parameters=parameters))
    )


@pytest.mark.filterwarnings("ignore:Failed to guess oxidation states")
@pytest.mark.parametrize("formulas", KINDS.values(), ids=list(KINDS))
def test_corrections_of_real_crystals_are_pymatgens(formulas: str) -> None:
    wanted = {Composition(formula).reduced_formula for formula in formulas.split()}
    crystals = [known for known in STARTER.rows_of_formulas(wanted) if known.crystal.n_sites <= 40]
    assert len({known.reduced_formula for known in crystals}) > len(wanted) / 2
    for known in crystals:
        assert mp2020_correction(known.crystal) == pytest.approx(by_pymatgen(known.crystal), abs=1e-9), known.id


def test_guessed_oxidation_states_are_pymatgens() -> None:
    table = pq.read_table(STARTER.folder / CRYSTALS_FILE, columns=["reduced_formula"])
    formulas = sorted({formula for formula in table["reduced_formula"].to_pylist() if len(elements_of(formula)) > 1})
    for formula in formulas[::12]:
        reduced = tuple(elements_of(formula).items())
        if sum(amount for _, amount in reduced) > 20:
            assert _guessed_states(reduced) == {}
        else:
            guesses = Composition(dict(reduced)).oxi_state_guesses(max_sites=-20)
            assert _guessed_states(reduced) == (guesses[0] if guesses else {}), formula


# U in eV of oxides in the Open Quantum Materials Database: S. Kirklin et al., npj Comput. Mater. 1, 15010 (2015)
OQMD: HubbardU = {"O": {"V": 3.1, "Cr": 3.5, "Mn": 3.8, "Fe": 4.0, "Co": 3.3, "Ni": 6.4, "Cu": 4.0, "U": 4.0}}


@pytest.mark.parametrize(
    ("crystal", "why"),
    [
        (rocksalt(28, 8), "NiO was computed with U of Ni 6.4 eV, MP2020 needs Ni 6.2 eV"),
        (rocksalt(29, 8), "CuO was computed with U of Cu 4 eV, MP2020 needs no element"),
        (rocksalt(42, 8), "MoO was computed with U of no element, MP2020 needs Mo 4.38 eV"),
        (rocksalt(28, 9), "NiF was computed with U of no element, MP2020 needs Ni 6.2 eV"),
        (rocksalt(28, 16), None),
        (rocksalt(12, 8), None),
    ],
    ids=["NiO", "CuO", "MoO", "NiF", "NiS", "MgO"],
)
def test_energies_with_other_u_values_are_not_corrected(crystal: Crystal, why: str | None) -> None:
    if why is None:
        assert mp2020_correction(crystal, OQMD) == mp2020_correction(crystal) != 0
        return
    with pytest.raises(UncorrectableError) as refused:
        mp2020_correction(crystal, OQMD)
    assert (refused.value.reason, str(refused.value)) == ("other_hubbard_u", why)
    symbols = {element.symbol for element in to_structure(crystal).composition}
    anion = (symbols & {"O", "F"}).pop()
    hubbards = {metal: value for metal, value in OQMD.get(anion, {}).items() if metal in symbols}
    with pytest.raises(CompatibilityError, match="Invalid U value"):
        by_pymatgen(crystal, hubbards or {"Zn": 0.0})
