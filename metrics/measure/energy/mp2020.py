"""From computed PBE(+U) energies to the Materials Project's scale: the MP2020 corrections of one crystal."""

from __future__ import annotations

import warnings
from functools import cache
from math import fsum, isnan
from typing import TYPE_CHECKING

from metrics.crystal import Crystal
from metrics.energy_convention import check_convention
from metrics.measure.structure.convert import to_structure

if TYPE_CHECKING:
    from pymatgen.analysis.compatibility import MaterialsProject2020Compatibility


class UncorrectableError(Exception):
    """The MP2020 scheme gives no correction of a crystal; the message says why."""


def to_convention(energy: float, crystal: Crystal, source: str, target: str) -> float:
    """Energy of a whole cell converted to another convention.

    Args:
        energy: of the cell, in eV, in the convention ``source``.
        crystal: that cell; the corrections depend on its composition and on bonds between its anions.
        source: the convention it is in.
        target: the one it is wanted in.

    Raises:
        ValueError: a convention is not on the list, or no conversion is known between the two.
        UncorrectableError: the scheme of corrections does not cover this crystal.

    """
    if check_convention(source) == check_convention(target):
        return energy
    if (source, target) == ("pbe_uncorrected", "pbe_mp2020"):
        return energy + mp2020_correction(crystal)
    if (source, target) == ("pbe_mp2020", "pbe_uncorrected"):
        return energy - mp2020_correction(crystal)
    msg = f"an energy in {source} cannot be converted to {target}; only pbe_uncorrected and pbe_mp2020 convert"
    raise ValueError(msg)


def mp2020_correction(crystal: Crystal) -> float:
    """Sum of the MP2020 corrections in eV for the whole cell; the same for every order of its atoms.

    Fitted anion corrections and those that mix GGA with GGA+U (Wang et al. 2021, DOI 10.1038/s41598-021-94550-5), as
    pymatgen's MaterialsProject2020Compatibility has them. The energy is taken as computed with the U values that the
    Materials Project's settings prescribe: oxides and fluorides of Co, Cr, Fe, Mn, Mo, Ni, V and W.

    Raises:
        UncorrectableError: the scheme does not cover this crystal.

    """
    from pymatgen.entries.computed_entries import ComputedStructureEntry  # noqa: PLC0415 - as in _scheme

    scheme = _scheme()
    with warnings.catch_warnings():
        # where no oxidation states can be guessed the scheme corrects the most electronegative anion and says so;
        # a noble gas has no electronegativity and is said to have none
        warnings.filterwarnings("ignore", message="Failed to guess oxidation states")
        warnings.filterwarnings("ignore", message="No Pauling electronegativity")
        structure = to_structure(_in_order(crystal))
        elements = structure.composition.elements
        # the last one: _in_order puts the most electronegative element there
        prescribed = scheme.u_settings.get(elements[-1].symbol, {})
        hubbards = {one.symbol: prescribed[one.symbol] for one in elements if one.symbol in prescribed}
        parameters = {"run_type": "GGA+U" if hubbards else "GGA", "hubbards": hubbards}
        entry = ComputedStructureEntry(structure, 0.0, parameters=parameters)
        try:
            return fsum(adjustment.value for adjustment in scheme.get_adjustments(entry))
        except Exception as error:
            formula = structure.composition.reduced_formula
            msg = f"no MP2020 correction of {formula}: {type(error).__name__}: {error!s:.200}"
            raise UncorrectableError(msg) from error


def _in_order(crystal: Crystal) -> Crystal:
    """The crystal with its atoms from the least to the most electronegative, those without electronegativity first.

    The scheme takes for the anion what comes last after sorting by electronegativity, and there the order of the atoms
    decides in two cases: He, Ne and Ar have none, which sorts nothing unless they come first; and of two elements as
    electronegative as each other, such as Cu and Si, the one that has a correction as an anion is put last.
    """
    from pymatgen.core.periodic_table import Element  # noqa: PLC0415 - as in _scheme

    numbers = crystal.atomic_numbers.tolist()
    anions = _scheme().comp_correction
    rank = {}
    for number in set(numbers):
        element = Element.from_Z(number)
        rank[number] = (-1.0 if isnan(element.X) else element.X, element.symbol in anions, number)
    places = (crystal.frac_coords % 1.0).tolist()
    order = sorted(range(crystal.n_sites), key=lambda site: (rank[numbers[site]], places[site]))
    return Crystal(crystal.lattice, crystal.frac_coords[order], crystal.atomic_numbers[order])


@cache
def _scheme() -> MaterialsProject2020Compatibility:
    # 1.5 s of CPU that every measuring process would pay for at its start
    from pymatgen.analysis.compatibility import MaterialsProject2020Compatibility  # noqa: PLC0415

    return MaterialsProject2020Compatibility(check_potcar=False)
