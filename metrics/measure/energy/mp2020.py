"""From computed PBE(+U) energies to the Materials Project's scale: the MP2020 corrections of one crystal."""

from __future__ import annotations

import warnings
from functools import cache
from math import fsum
from typing import TYPE_CHECKING

from metrics.energy_convention import check_convention
from metrics.measure.structure.convert import to_structure

if TYPE_CHECKING:
    from pymatgen.analysis.compatibility import MaterialsProject2020Compatibility

    from metrics.crystal import Crystal


def to_convention(energy: float, crystal: Crystal, source: str, target: str) -> float:
    """Energy of a whole cell put on another convention.

    Args:
        energy: of the cell, in eV, in the convention ``source``.
        crystal: that cell; the corrections depend on its composition and on bonds between its anions.
        source: the convention it is in.
        target: the one it is wanted in.

    Raises:
        ValueError: a convention is not on the list, or no conversion is known between the two.

    """
    if check_convention(source) == check_convention(target):
        return energy
    if (source, target) == ("pbe_uncorrected", "pbe_mp2020"):
        return energy + mp2020_correction(crystal)
    if (source, target) == ("pbe_mp2020", "pbe_uncorrected"):
        return energy - mp2020_correction(crystal)
    msg = f"an energy in {source} cannot be put on {target}; only pbe_uncorrected and pbe_mp2020 convert"
    raise ValueError(msg)


def mp2020_correction(crystal: Crystal) -> float:
    """Sum of the MP2020 corrections in eV for the whole cell.

    Fitted anion corrections and those that mix GGA with GGA+U (Wang et al. 2021, DOI 10.1038/s41598-021-94550-5), as
    pymatgen's MaterialsProject2020Compatibility has them. The energy is taken as computed with the U values that the
    Materials Project's settings prescribe: oxides and fluorides of Co, Cr, Fe, Mn, Mo, Ni, V and W.
    """
    from pymatgen.entries.computed_entries import ComputedStructureEntry  # noqa: PLC0415 - as in _scheme

    scheme = _scheme()
    structure = to_structure(crystal)
    with warnings.catch_warnings():
        # where no oxidation states can be guessed the scheme corrects the most electronegative anion and says so;
        # a noble gas has no electronegativity and is said to have none
        warnings.filterwarnings("ignore", message="Failed to guess oxidation states")
        warnings.filterwarnings("ignore", message="No Pauling electronegativity")
        anion = max(structure.composition.elements, key=lambda element: element.X).symbol
        prescribed = scheme.u_settings.get(anion, {})
        symbols = [element.symbol for element in structure.composition.elements]
        hubbards = {symbol: prescribed[symbol] for symbol in symbols if symbol in prescribed}
        parameters = {"run_type": "GGA+U" if hubbards else "GGA", "hubbards": hubbards}
        entry = ComputedStructureEntry(structure, 0.0, parameters=parameters)
        return fsum(adjustment.value for adjustment in scheme.get_adjustments(entry))


@cache
def _scheme() -> MaterialsProject2020Compatibility:
    # 1.5 s of CPU that every measuring process would pay for at its start
    from pymatgen.analysis.compatibility import MaterialsProject2020Compatibility  # noqa: PLC0415

    return MaterialsProject2020Compatibility(check_potcar=False)
