"""Can all electrons of a crystal be accounted for, given the bonds that its structure shows?

The 8 - N rule, extended to bonds between like atoms (Pearson 1964, Acta Cryst. 17, 1; for Zintl phases Schaefer,
Eisenmann and Mueller 1973, DOI 10.1002/anie.197306941): every anion is given the electrons it lacks, or shares them
with other anions, and every electron that the cations do not give sits in a bond between them. The valence of a bond
comes from its length (Brown 2009, DOI 10.1021/cr900053k).

A crystal passes by the first of these that holds, with its lengths as given, else shorter or longer by a tolerance:

``oxidation_states``  states of the elements give the anions all they lack, and nothing is left over;
``anion_bonds``       anions share the rest with each other, as in peroxides, azides, polysulfides, borides, diamond;
``cation_bonds``      cations share the rest with each other, as in suboxides, subhalides, interstitial compounds;
``metallic``          metals and metalloids alone, bonded as in metals.

Else the first question is named that fails with the lengths as given:

``too_few_electrons``   the anions lack electrons that no bonds between them make up for;
``too_many_electrons``  the cations have electrons left that no bonds between them take up;
``underbonded``         an atom has bonds for far fewer electrons than it has to give, take or share;
``overbonded``          an atom has bonds for far more;
``crowded``             a cation, or an atom of a metal, is pressed into its neighbours.

``undetermined``: the cell cannot be searched for neighbours, or bond lengths of an element are not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from metrics.measure import UnmeasurableError, measure
from metrics.measure.chemistry.bonds.bond_sums import BondSums, Weakest, bond_sums, possible_bonds
from metrics.measure.chemistry.bonds.valences import (
    BONDS_AT_MOST,
    BONDS_FORMED,
    ELECTRONS_MISSING,
    METALLIC,
    CationCharges,
    cation_charges,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.crystal import Crystal

PassingRule = Literal["oxidation_states", "anion_bonds", "cation_bonds", "metallic"]
FailingRule = Literal["too_few_electrons", "too_many_electrons", "underbonded", "overbonded", "crowded"]
PASSING: tuple[PassingRule, ...] = ("oxidation_states", "anion_bonds", "cation_bonds", "metallic")

_ROUNDING = 1e-6
"""Electrons; so much may be lost in sums over the atoms of a large cell."""


@dataclass(frozen=True)
class ChargeSettings:
    """Thresholds of the questions; docs/charge-validity.md has what each one is chosen by.

    Attributes:
        state_fraction: oxidation states rarer than this among an element's states in the ICSD are not assumed.
        weakest_bond: contacts with a lower bond valence are no bonds.
        weakest_shared: contacts between anions, or between cations, with a lower one share no electrons.
        weakest_shared_in_salts: the same of contacts between cations beside oxygen or halide ions.
        length_tolerance: all lengths may be off by this fraction, as those of functionals and of unrelaxed cells are.
        sharing: electrons that a bond between anions, or between cations, shares for each of the two, per unit of its
            valence; multiple bonds, and bonds between atoms with lone pairs, are longer than the formula has them.
        underbonded: bond valences of an atom sum to at least this fraction of the bonds that an anion must form, or of
            the lowest charge of a cation; large cations rattle in cages, and anions are held by hydrogen bonds.
        overbonded_factor: bond valences of an anion, or of a cation to anions, sum to at most this factor times its
            highest valence plus ``overbonded_offset``.
        overbonded_offset: in valence units.
        crowded_factor: those of a cation, bonds to other cations included, and of an atom of a metal, sum to at most
            this factor times its highest charge plus ``crowded_offset``.
        crowded_offset: in valence units; cations in salts touch without being bonded.

    """

    state_fraction: float = 0.005
    weakest_bond: float = 0.03
    weakest_shared: float = 0.1
    weakest_shared_in_salts: float = 0.25
    length_tolerance: float = 0.04
    sharing: float = 1.5
    underbonded: float = 0.25
    overbonded_factor: float = 1.5
    overbonded_offset: float = 0.6
    crowded_factor: float = 2.0
    crowded_offset: float = 8.0


@measure(
    name="charge",
    version=3,
    columns={"charge_valid": pa.bool_(), "charge_rule": pa.string()},
    settings=ChargeSettings,
)
def measure_charge(crystal: Crystal, settings: ChargeSettings) -> dict[str, object]:
    """Whether the crystal is charge-plausible, and the rule that decided.

    Raises:
        UnmeasurableError: the cell cannot be searched, or an element has no bond-valence parameters.

    """
    numbers, tolerance = crystal.atomic_numbers, settings.length_tolerance
    charges = cation_charges(settings.state_fraction)
    try:
        pairs = possible_bonds(crystal, settings.weakest_bond, 1 / (1 - tolerance))
    except UnmeasurableError as error:
        raise UnmeasurableError(error.reason, charge_rule="undetermined") from error
    weakest = Weakest(settings.weakest_bond, settings.weakest_shared, settings.weakest_shared_in_salts)
    rules: list[PassingRule | FailingRule] = []
    for scale in (1.0, 1 - tolerance, 1 + tolerance):
        sums = bond_sums(numbers, pairs, weakest, scale, charges.highest > 0)
        rules.append(_rule(numbers, sums, charges, settings))
        if rules[-1] in PASSING:
            return {"charge_valid": True, "charge_rule": rules[-1]}
    return {"charge_valid": False, "charge_rule": rules[0]}


def _rule(
    numbers: NDArray[np.int64], sums: BondSums, charges: CationCharges, settings: ChargeSettings
) -> PassingRule | FailingRule:
    if not sums.cation.all():
        rule = _rule_of_anions(numbers, sums, charges, settings)
        if rule in PASSING or not METALLIC[numbers].all():
            return rule
    return _fault_of_bonds(numbers, sums.without_anions(), charges, settings) or "metallic"


def _rule_of_anions(
    numbers: NDArray[np.int64], sums: BondSums, charges: CationCharges, settings: ChargeSettings
) -> PassingRule | FailingRule:
    anions, cations = numbers[~sums.cation], numbers[sums.cation]
    given = charges.highest[cations].sum()
    lacking = BONDS_FORMED[anions].sum() - given
    left = charges.lowest[cations].sum() - ELECTRONS_MISSING[anions].sum()
    # metalloids may lack electrons, as metals do
    if BONDS_FORMED[anions[~METALLIC[anions]]].sum() - given > settings.sharing * sums.between_anions + _ROUNDING:
        return "too_few_electrons"
    if left > settings.sharing * sums.between_cations + _ROUNDING:
        return "too_many_electrons"
    return _fault_of_bonds(numbers, sums, charges, settings) or (
        "anion_bonds" if lacking > 0 else "cation_bonds" if left > 0 else "oxidation_states"
    )


def _fault_of_bonds(
    numbers: NDArray[np.int64], sums: BondSums, charges: CationCharges, settings: ChargeSettings
) -> FailingRule | None:
    bonds, cation, highest = sums.to_anions + sums.to_cations, sums.cation, charges.highest[numbers]
    fewest = settings.underbonded * np.where(cation, charges.lowest[numbers], BONDS_FORMED[numbers])
    if (bonds < fewest - _ROUNDING).any():
        return "underbonded"
    most = settings.overbonded_factor * np.where(cation, highest, BONDS_AT_MOST[numbers]) + settings.overbonded_offset
    if (np.where(cation, sums.to_anions, bonds) > most + _ROUNDING).any():
        return "overbonded"
    most = settings.crowded_factor * highest + settings.crowded_offset
    return "crowded" if (cation & (bonds > most + _ROUNDING)).any() else None
