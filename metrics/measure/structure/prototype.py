"""Prototype: what kind of structure a crystal has, whatever its elements, cell size and setting.

Two crystals of one prototype are substitutions of each other's elements (or close to it): rock salt is MgO and NaCl.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from metrics.fingerprint_versions import FINGERPRINT_VERSIONS
from metrics.measure import measure
from metrics.measure.fingerprint.elements import anonymous_formula
from metrics.measure.structure.symmetry import SymmetrySettings, symmetry_dataset

if TYPE_CHECKING:
    from metrics.crystal import Crystal

ENANTIOMORPHS = {78: 76, 95: 91, 96: 92, 145: 144, 153: 151, 154: 152, 170: 169, 172: 171, 179: 178, 181: 180, 213: 212}
"""Space group -> its mirror image of smaller number (International Tables for Crystallography A)."""

SYMMETRY_ELEMENT = re.compile(r"-?\d(?:/m)?|m")
"""One direction of a site-symmetry symbol, such as ``-4``, ``2`` and ``m`` in ``-42.m``; dots only hold places."""


@measure(
    name="prototype",
    version=FINGERPRINT_VERSIONS["prototype"],
    columns={"prototype": pa.string()},
    settings=SymmetrySettings,
)
def measure_prototype(crystal: Crystal, settings: SymmetrySettings) -> dict[str, object]:
    """Anonymous formula, space group and occupied orbits, such as ``ABC3:221:1[-3mm]|1[-3mm]|3[4/mmm]``.

    For each element, in order of amount, its orbits as multiplicity in the conventional cell and site symmetry: the
    isopointal structures of Allmann and Hinek 2007, DOI 10.1107/S0108767307038081, made independent of the setting.
    Wyckoff letters depend on the choice of the origin and of equivalent axes, so neither the letters nor the
    directions of the symmetry elements are kept; elements of equal amount come in order of their orbits, and mirror
    images share a prototype. Hence Wyckoff sequences with the same multiplicities and site symmetries are not told
    apart, nor are other values of free coordinates: crystals of one prototype are similar, not proven substitutions.

    Noise beyond ``symprec`` destroys the symmetry and with it the prototype.

    Raises:
        UnmeasurableError: spglib finds no space group.

    """
    dataset = symmetry_dataset(crystal, settings.symprec, settings.angle_tolerance)
    per_cell = len(dataset.std_types) / crystal.n_sites
    orbits: dict[int, list[str]] = defaultdict(list)
    amounts = crystal.counts
    for first, n_sites in zip(*np.unique(dataset.crystallographic_orbits, return_counts=True), strict=True):
        symbol = "".join(sorted(SYMMETRY_ELEMENT.findall(dataset.site_symmetry_symbols[first])))
        orbits[int(crystal.atomic_numbers[first])].append(f"{round(n_sites * per_cell)}[{symbol}]")
    elements = sorted((amounts[element], ",".join(sorted(of_element))) for element, of_element in orbits.items())
    space_group = ENANTIOMORPHS.get(int(dataset.number), int(dataset.number))
    formula = anonymous_formula(crystal.counts)
    return {"prototype": f"{formula}:{space_group}:{'|'.join(occupied for _, occupied in elements)}"}
