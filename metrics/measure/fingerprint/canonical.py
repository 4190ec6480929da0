"""canonical-bawl: a small set of keys that no choice of cell or setting and little noise can change.

Any single bond definition has crystals near its edge, so one string cannot be robust. Here every way of drawing the
bonds that is nearly as good as the best gives a key, and two crystals meet when their sets of keys intersect.
A key is ``{reduced formula}:{Zp}:{digest}``: Zp counts the formula units of the loose primitive cell
(:mod:`~metrics.measure.fingerprint.translations`), the digest is that of the bond net
(:mod:`~metrics.measure.fingerprint.bond_cuts`, :mod:`~metrics.measure.fingerprint.net`). The first key is the primary.
Mirror images have the same keys.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa

from metrics.fingerprint_versions import FINGERPRINT_VERSIONS
from metrics.measure import NoSettings, UnmeasurableError, measure
from metrics.measure.fingerprint.bond_cuts import cut_combinations, surroundings
from metrics.measure.fingerprint.elements import radii_of, reduced_formula
from metrics.measure.fingerprint.method import Fingerprint
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.fingerprint.net import net_digest
from metrics.measure.fingerprint.translations import translation_groups

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from metrics.crystal import Crystal
    from metrics.measure.fingerprint.translations import Group

MAX_DIGESTS = 8


def canonical_bawl(crystal: Crystal) -> Fingerprint:
    """The set of keys, such as ``AlAu4:1:...``, primary first; at most 8 digests for each of at most 3 Zp.

    Raises:
        UnmeasurableError: not a crystal of elements 1-96 with finite numbers and a volume; a site without a neighbour
            within 10 angstrom; two sites closer than 0.5 angstrom; a bound on the work passed.

    """
    return _fingerprint(crystal)[0]


@measure(
    name="canonical_bawl",
    version=FINGERPRINT_VERSIONS["canonical-bawl"],
    columns={
        "canonical_bawl": pa.string(),
        "canonical_bawl_keys": pa.list_(pa.string()),
        "zp": pa.int64(),
        "n_sites_primitive": pa.int64(),
    },
)
def canonical_bawl_columns(crystal: Crystal, _: NoSettings) -> dict[str, object]:
    """Primary key, all keys, formula units and sites of the loose primitive cell."""
    fingerprint, groups = _fingerprint(crystal)
    return {
        "canonical_bawl": fingerprint.fingerprint,
        "canonical_bawl_keys": list(fingerprint.keys),
        "zp": formula_units(crystal.atomic_numbers) // groups[0].order,
        "n_sites_primitive": crystal.n_sites // groups[0].order,
    }


def formula_units(atomic_numbers: NDArray[np.int64]) -> int:
    """Greatest common divisor of the numbers of sites of the elements: O2 counts as two units of O."""
    return math.gcd(*Counter(atomic_numbers.tolist()).values())


def _fingerprint(crystal: Crystal) -> tuple[Fingerprint, tuple[Group, ...]]:
    cell = reduce_cell(crystal)
    try:
        radii = radii_of(crystal.atomic_numbers)
    except ValueError as error:
        raise UnmeasurableError(str(error)) from error
    around = surroundings(cell, crystal.atomic_numbers, radii)
    groups = translation_groups(cell, crystal.atomic_numbers)
    units = formula_units(crystal.atomic_numbers)
    digests: dict[str, None] = {}
    for cuts in cut_combinations(around):
        digests[net_digest(around, cuts)] = None
        if len(digests) == MAX_DIGESTS:
            break
    sizes = dict.fromkeys(units // group.order for group in groups)
    formula = reduced_formula(crystal.atomic_numbers)
    keys = tuple(f"{formula}:{size}:{digest}" for digest in digests for size in sizes)
    return Fingerprint(keys[0], keys), groups
