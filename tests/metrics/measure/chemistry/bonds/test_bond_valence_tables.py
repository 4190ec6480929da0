"""The tables against those that pymatgen reads from the same files."""

from __future__ import annotations

from pymatgen.core.bond_valence import BV_PARAMS, ELECTRONEG, ICSD_BV_DATA, PRIOR_PROB

from metrics.measure.chemistry.bonds.bond_valence_tables import ELECTRONEGATIVE, observed_states, parameters


def test_parameters_are_those_of_pymatgen() -> None:
    assert parameters() == {element.Z: (of["r"], of["c"]) for element, of in BV_PARAMS.items()}
    assert {element.Z for element in ELECTRONEG} == ELECTRONEGATIVE


def test_observed_states_are_those_of_pymatgen() -> None:
    expected: dict[int, list[tuple[float, ...]]] = {}
    for species, sums in ICSD_BV_DATA.items():
        if species.oxi_state and sums["std"] > 0:
            numbers = (species.oxi_state, sums["mean"], sums["std"], PRIOR_PROB[species])
            expected.setdefault(species.Z, []).append(numbers)
    assert {number: list(states) for number, states in observed_states().items()} == expected
