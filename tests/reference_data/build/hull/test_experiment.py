"""Formation energies beside measured ones: the table is what thermochemistry knows, and each formula counts once."""

from __future__ import annotations

import pandas as pd
import pytest

from reference_data.build.hull.experiment import compare_with_experiment, measured_formation_energies


def test_measured_formation_energies_are_those_of_the_tables_of_thermochemistry() -> None:
    measured = measured_formation_energies()
    # NIST-JANAF (4th ed., 1998), standard enthalpies of formation at 298 K in kJ/mol: NaCl -411.1, MgO -601.2,
    # Al2O3 -1675.7; 96.485 kJ/mol are 1 eV
    for formula, enthalpy, n_atoms in (("NaCl", -411.1, 2), ("MgO", -601.2, 2), ("Al2O3", -1675.7, 5)):
        assert measured[formula] == pytest.approx(enthalpy / 96.485 / n_atoms, abs=0.03)


def test_the_comparison_takes_the_lowest_entry_of_a_formula() -> None:
    salt = measured_formation_energies()["NaCl"]
    entries = pd.DataFrame(
        {
            "reduced_formula": ["NaCl", "NaCl", "NaCl3", "Ar"],
            "formation_energy_per_atom": [salt + 0.3, salt + 0.1, -1.0, 0.0],
        }
    )
    record = compare_with_experiment(entries)
    assert record.n_compared == 1
    assert record.mean_absolute_difference == pytest.approx(0.1, abs=1e-4)
    assert record.median_difference == pytest.approx(0.1, abs=1e-4)
    assert compare_with_experiment(entries[:0]).mean_absolute_difference is None
