"""LeMat-GenBench's question about charges (arXiv 2512.04562), kept to compare with its published numbers.

Can the atoms of a crystal be given oxidation states that add up to zero? Five rules are tried in turn and the first
that fires decides:

``metallicity``  the composition is that of a metal, by smact's metallicity score;
``bvs_zero``     every site has a bond-valence sum of zero over its nearest shell, as in metals and elements;
``bvanalyzer``   bond-valence sums allow a neutral assignment;
``icsd_states``  the states seen in the ICSD allow a neutral composition;
``all_states``   all known states do, with the negative charges on the electronegative elements.

``none``: no rule fired, the crystal is not neutral. ``undetermined``: no rule fired, but one could not be asked.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from metrics.measure import UnmeasurableError, measure
from metrics.measure.chemistry.bonds.bond_valence import (
    bond_valence_sums,
    has_parameters,
    likely_states,
    likely_states_within,
    neutral_assignment_exists,
)
from metrics.measure.chemistry.charge_sums import NEUTRAL, ChargeSums, charges_of_atoms
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.chemistry.oxidation_states import (
    neutral_composition_exists,
    neutral_electronegativity_order_exists,
)
from metrics.measure.chemistry.smact_elements import metallicity
from metrics.measure.fingerprint.neighbours import neighbours_within, reduce_cell
from metrics.measure.fingerprint.symmetry_bound import check_symmetry_is_bounded
from metrics.measure.structure.nearest_shell import nearest_shell
from metrics.measure.structure.symmetry import ANGLE_TOLERANCE_DEGREES, symmetry_dataset

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from metrics.crystal import Crystal

GenbenchChargeRule = Literal[
    "metallicity", "bvs_zero", "bvanalyzer", "icsd_states", "all_states", "none", "undetermined"
]

_APART = 5.0
"""Sites farther apart than so many tolerances are parted into orbits: of 6,091 real, rattled and random crystals,
spglib gave up on none of them, and on 27 with closer sites."""


@dataclass(frozen=True)
class GenbenchChargeSettings:
    """Thresholds of the rules; lengths in angstrom, angles in degrees.

    Attributes:
        metallicity: score above which a composition is a metal.
        shell_tolerance: the nearest shell ends at ``1 + shell_tolerance`` times the nearest distance.
        shell_cutoff: neighbours farther than this are none.
        zero_sum: bond-valence sums below this, in valence units, are zero.
        bond_radius: reach of the bond-valence sums that are compared with the statistics of the ICSD.
        distance_scale: factor on these distances; 1.015 suits cells relaxed with GGA functionals.
        likelihood_fraction: states less likely than this fraction of the likeliest one are not tried.
        orbit_symprec: sites equivalent within this tolerance take the same state.
        orbit_angle_tolerance: of the same search.
        orbit_sum: what stands for an orbit: the mean of its sites, which does not depend on the order of the atoms,
            or its first site, as in pymatgen's ``BVAnalyzer``.

    """

    metallicity: float = 0.7
    shell_tolerance: float = 0.1
    shell_cutoff: float = 10.0
    zero_sum: float = 1e-15
    bond_radius: float = 4.0
    distance_scale: float = 1.015
    likelihood_fraction: float = 0.01
    orbit_symprec: float = 0.1
    orbit_angle_tolerance: float = ANGLE_TOLERANCE_DEGREES
    orbit_sum: Literal["mean", "first"] = "mean"


@measure(
    name="charge_genbench",
    version=1,
    columns={"charge_valid_genbench": pa.bool_(), "charge_rule_genbench": pa.string()},
    settings=GenbenchChargeSettings,
)
def measure_charge_genbench(crystal: Crystal, settings: GenbenchChargeSettings) -> dict[str, object]:
    """Whether the crystal is charge neutral, and the rule that decided.

    Raises:
        UnmeasurableError: no rule fired and at least one could not be asked.

    """
    unasked = []
    for rule, fires in _RULES.items():
        try:
            if fires(crystal, settings):
                return {"charge_valid_genbench": True, "charge_rule_genbench": rule}
        except UnmeasurableError as error:
            unasked.append(f"{rule}: {error.reason}")
    if unasked:
        raise UnmeasurableError("; ".join(unasked), charge_rule_genbench="undetermined")
    return {"charge_valid_genbench": False, "charge_rule_genbench": "none"}


def _is_metallic(crystal: Crystal, settings: GenbenchChargeSettings) -> bool:
    return _metallicity(reduced_formula_of(crystal)) > settings.metallicity


@lru_cache(maxsize=4096)
def _metallicity(formula: str) -> float:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No Pauling electronegativity", category=UserWarning)
        try:
            return metallicity(formula)
        except KeyError as error:
            message = f"smact knows no metallicity of {formula}: {error.args[0]}"
            raise UnmeasurableError(message) from error


def _has_zero_sums(crystal: Crystal, settings: GenbenchChargeSettings) -> bool:
    shell = nearest_shell(crystal, settings.shell_tolerance, settings.shell_cutoff)
    if not np.diff(shell.start).all():
        # an atom without neighbours has no sum that could be zero
        return False
    # NaN, a bond without parameters, is not zero
    return bool((np.abs(bond_valence_sums(crystal, shell)) < settings.zero_sum).all())


def has_neutral_valences(crystal: Crystal, settings: GenbenchChargeSettings) -> bool:
    """Whether states that suit the bond-valence sums of the orbits make the crystal neutral.

    The question of pymatgen's ``BVAnalyzer`` without its limit on the number of assignments tried.

    Raises:
        UnmeasurableError: no orbits are found, or the cell is too dense for a neighbour search.

    """
    if not all(has_parameters(number) for number in set(crystal.atomic_numbers.tolist())):
        return False
    near = neighbours_within(reduce_cell(crystal), np.full(crystal.n_sites, settings.bond_radius))
    sums = bond_valence_sums(crystal, near, settings.distance_scale)
    check_symmetry_is_bounded(crystal, settings.orbit_symprec)
    if near.distance.min(initial=np.inf) > _APART * settings.orbit_symprec:
        whatever_the_orbits = verdict_of_any_orbits(crystal.atomic_numbers, sums, settings.likelihood_fraction)
        if whatever_the_orbits is not None:
            return whatever_the_orbits
    dataset = symmetry_dataset(crystal, settings.orbit_symprec, settings.orbit_angle_tolerance)
    orbits: dict[int, list[tuple[int, tuple[int, ...]]]] = defaultdict(list)
    # orbits of the crystal: those of the cell as given may be split by its shape
    for label in np.unique(dataset.crystallographic_orbits):
        sites = np.flatnonzero(dataset.crystallographic_orbits == label)
        number = int(crystal.atomic_numbers[sites[0]])
        valence_sum = sums[sites].mean() if settings.orbit_sum == "mean" else sums[sites[0]]
        orbits[number].append((len(sites), likely_states(number, float(valence_sum), settings.likelihood_fraction)))
    return neutral_assignment_exists(orbits)


def verdict_of_any_orbits(atomic_numbers: NDArray[np.int64], sums: NDArray[np.float64], fraction: float) -> bool | None:
    """The answer that all ways to part the sites into orbits have in common; None where they differ.

    The search for orbits takes several milliseconds, and tells one crystal in eight something.
    """
    if np.isnan(sums).any():
        return None
    of_one_orbit, of_one_each = NEUTRAL, NEUTRAL
    for number in np.unique(atomic_numbers).tolist():
        of_element = sums[atomic_numbers == number]
        always, ever = likely_states_within(number, float(of_element.min()), float(of_element.max()), fraction)
        # all sites can take a state that each of them can take, however they are parted
        of_one_orbit += ChargeSums.of(len(of_element) * state for state in always)
        # and none can take one that it cannot take alone
        of_one_each += ChargeSums.of(charges_of_atoms(len(of_element), ever))
    if 0 in of_one_orbit:
        return True
    return None if 0 in of_one_each else False


def _is_neutral_by_icsd_states(crystal: Crystal, settings: GenbenchChargeSettings) -> bool:  # noqa: ARG001 - one form of rules
    return neutral_composition_exists(_reduced_amounts(crystal))


def _is_neutral_by_all_states(crystal: Crystal, settings: GenbenchChargeSettings) -> bool:  # noqa: ARG001 - one form of rules
    return neutral_electronegativity_order_exists(_reduced_amounts(crystal))


def _reduced_amounts(crystal: Crystal) -> dict[int, int]:
    divisor = gcd(*crystal.counts.values())
    return {number: count // divisor for number, count in crystal.counts.items()}


_RULES: dict[GenbenchChargeRule, Callable[[Crystal, GenbenchChargeSettings], bool]] = {
    "metallicity": _is_metallic,
    "bvs_zero": _has_zero_sums,
    "bvanalyzer": has_neutral_valences,
    "icsd_states": _is_neutral_by_icsd_states,
    "all_states": _is_neutral_by_all_states,
}
