"""Which atoms are anions and which cations, and the bond valences between them, read from the structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pymatgen.core.periodic_table import Element

from metrics.measure import UnmeasurableError
from metrics.measure.chemistry.bonds.bond_lengths import BOND_LENGTHS, SOFTNESS_ANGSTROM
from metrics.measure.chemistry.bonds.valences import ELECTRONEGATIVITY, NOBLE_GAS, NONMETAL, SALT_FORMER
from metrics.measure.fingerprint.neighbours import neighbours_within, reduce_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.crystal import Crystal

_TIE = 1e-6
"""Bond valences closer than this are equal, so that rounding in another cell changes no verdict."""


class Pairs(NamedTuple):
    """Ordered pairs of atoms (m,) that may be bonded: the sites, the length of a bond of valence one, the distance."""

    center: NDArray[np.int64]
    point: NDArray[np.int32]
    length: NDArray[np.float64]
    distance: NDArray[np.float64]


class BondSums(NamedTuple):
    """What the bonds of a crystal say.

    Attributes:
        cation: (n,) whether an atom is a cation; all others are anions.
        to_anions: (n,) sum of the valences of an atom's bonds to anions.
        to_cations: (n,) the same to cations.
        between_anions: total over the bonds between anions that share electrons, each counted for both of its atoms.
        between_cations: the same between cations.

    """

    cation: NDArray[np.bool_]
    to_anions: NDArray[np.float64]
    to_cations: NDArray[np.float64]
    between_anions: float
    between_cations: float

    def without_anions(self) -> BondSums:
        """The same with every atom a cation, as in a metal."""
        bonds = self.to_anions + self.to_cations
        return BondSums(np.ones_like(self.cation), np.zeros_like(bonds), bonds, 0.0, float(bonds.sum()))


def possible_bonds(crystal: Crystal, weakest: float, stretch: float) -> Pairs:
    """Pairs whose bond has at least the valence ``weakest`` when distances are divided by ``stretch``.

    Raises:
        UnmeasurableError: an element has no bond-valence parameters, or the cell cannot be searched.

    """
    numbers = crystal.atomic_numbers
    present = np.unique(numbers)
    unknown = present[np.isnan(BOND_LENGTHS[present, present])]
    if len(unknown):
        symbols = ", ".join(Element.from_Z(int(number)).symbol for number in unknown)
        message = f"no bond-valence parameters are known for {symbols}"
        raise UnmeasurableError(message)
    reach = stretch * (BOND_LENGTHS[np.ix_(numbers, present)].max(axis=1) - SOFTNESS_ANGSTROM * np.log(weakest))
    near = neighbours_within(reduce_cell(crystal), reach)
    center = near.center
    return Pairs(center, near.site, BOND_LENGTHS[numbers[center], numbers[near.site]], near.distance)


class Weakest(NamedTuple):
    """Least valences: of a bond, of one between two anions or two cations that shares electrons, of these in salts."""

    bond: float
    shared: float
    shared_in_salts: float


def bond_sums(
    numbers: NDArray[np.int64], pairs: Pairs, weakest: Weakest, scale: float, has_state: NDArray[np.bool_]
) -> BondSums:
    """Sums of bond valences, all distances multiplied by ``scale``.

    Metal atoms are cations. An atom of a nonmetal is one where its bonds to more electronegative atoms outweigh those
    to less electronegative ones, and its element has a positive state: the electrons of a bond belong to the more
    electronegative partner, as in IUPAC's definition of the oxidation state (Karen et al. 2016,
    DOI 10.1515/pac-2015-1204). So nitrogen is an anion in ammonium and a cation in nitrate.

    Cations beside oxygen or halide ions touch without being bonded, as in rock salt: only stronger contacts share
    electrons there. Beside a noble gas that is no cation they share none.

    Args:
        numbers: (n,) atomic numbers.
        pairs: from :func:`possible_bonds`.
        weakest: bonds of a lower valence are none, or share no electrons.
        scale: factor on the distances.
        has_state: (119,) whether an element has a positive oxidation state.

    """
    valence = np.exp((pairs.length - scale * pairs.distance) / SOFTNESS_ANGSTROM)
    valence[valence < weakest.bond] = 0.0

    def total(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(pairs.center, weights=valence * chosen, minlength=len(numbers)).astype(np.float64)

    rank = ELECTRONEGATIVITY[numbers]
    lead = rank[pairs.point] - rank[pairs.center]
    cation = ~NONMETAL[numbers] | ((total(lead > 0) > total(lead < 0) + _TIE) & has_state[numbers])
    from_cation, to_cation, shared = cation[pairs.center], cation[pairs.point], valence >= weakest.shared
    anions = numbers[~cation]
    shared_by_cations = from_cation & to_cation & shared & ~NOBLE_GAS[anions].any()
    if SALT_FORMER[anions].any():
        shared_by_cations &= valence >= weakest.shared_in_salts
    return BondSums(
        cation,
        total(~to_cation),
        total(to_cation),
        float(valence[~from_cation & ~to_cation & shared].sum()),
        float(valence[shared_by_cations].sum()),
    )
