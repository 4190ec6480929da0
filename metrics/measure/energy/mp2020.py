"""From computed PBE(+U) energies to the Materials Project's scale: the MP2020 corrections of one crystal."""

from __future__ import annotations

import warnings
from collections import Counter
from functools import cache, lru_cache
from itertools import combinations_with_replacement, product
from math import fsum, gcd, isnan
from operator import getitem
from typing import TYPE_CHECKING, Any

from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal
from metrics.energy_convention import check_convention
from metrics.measure.structure.convert import to_structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pymatgen.analysis.compatibility import MaterialsProject2020Compatibility


HubbardU = dict[str, dict[str, float]]
"""U in eV by anion and metal: of the metals beside this anion. What is not there is computed without."""

GUESSED = frozenset({"Br", "I", "Se", "Si", "Sb", "Te", "H", "N", "F", "Cl"})
"""Elements whose correction depends on their oxidation state, which is guessed from the composition."""
BY_BONDS = frozenset({"O", "S"})
"""Elements whose correction depends on the distances between their atoms."""
KEPT_GUESSES = 100_000
MAX_GUESSED_ATOMS = 20  # of the reduced formula, as the scheme has it


OTHER_U, NO_CORRECTION = "other_hubbard_u", "no_mp2020_correction"
"""Reasons of an :class:`UncorrectableError`."""


class UncorrectableError(Exception):
    """The MP2020 scheme gives no correction of a crystal; the message says why, ``reason`` in one word to count by."""

    def __init__(self, reason: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.reason = reason


def to_convention(
    energy: float, crystal: Crystal, source: str, target: str, *, hubbard_u: HubbardU | None = None
) -> float:
    """Energy of a whole cell converted to another convention.

    Args:
        energy: of the cell, in eV, in the convention ``source``.
        crystal: that cell; the corrections depend on its composition and on bonds between its anions.
        source: the convention it is in.
        target: the one it is wanted in.
        hubbard_u: see :func:`mp2020_correction`.

    Raises:
        ValueError: a convention is not on the list, or no conversion is known between the two.
        UncorrectableError: the scheme of corrections does not cover this crystal.

    """
    if check_convention(source) == check_convention(target):
        return energy
    if (source, target) == ("pbe_uncorrected", "pbe_mp2020"):
        return energy + mp2020_correction(crystal, hubbard_u)
    if (source, target) == ("pbe_mp2020", "pbe_uncorrected"):
        return energy - mp2020_correction(crystal, hubbard_u)
    msg = f"an energy in {source} cannot be converted to {target}; only pbe_uncorrected and pbe_mp2020 convert"
    raise ValueError(msg)


def mp2020_correction(crystal: Crystal, hubbard_u: HubbardU | None = None) -> float:
    """Sum of the MP2020 corrections in eV for the whole cell; the same for every order of its atoms.

    Fitted anion corrections and those that mix GGA with GGA+U (Wang et al. 2021, DOI 10.1038/s41598-021-94550-5), as
    pymatgen's MaterialsProject2020Compatibility has them. 510 crystals of the databases took 1.4 ms of CPU in the mean
    and 0.3 in the median; large sulfides take longest.

    Args:
        crystal: the cell.
        hubbard_u: the U values that its energy was computed with; None for those that the Materials Project's settings
            prescribe: oxides and fluorides of Co, Cr, Fe, Mn, Mo, Ni, V and W.

    Raises:
        UncorrectableError: the scheme does not cover this crystal.

    """
    with warnings.catch_warnings():
        # where no oxidation states can be guessed the scheme corrects the most electronegative anion and says so;
        # a noble gas has no electronegativity and is said to have none
        warnings.filterwarnings("ignore", message="Failed to guess oxidation states")
        warnings.filterwarnings("ignore", message="No Pauling electronegativity")
        return _correction(_in_order(crystal), hubbard_u)


def _correction(crystal: Crystal, hubbard_u: HubbardU | None) -> float:
    # as in _scheme
    from pymatgen.entries.computed_entries import ComputedEntry, ComputedStructureEntry  # noqa: PLC0415

    scheme = _scheme()
    amounts = Counter(Element.from_Z(number).symbol for number in crystal.atomic_numbers.tolist())
    composition = Composition(dict(amounts))
    # the last one: _in_order puts the most electronegative element there
    prescribed = scheme.u_settings.get(list(amounts)[-1], {})
    hubbards = {symbol: float(prescribed[symbol]) for symbol in amounts if symbol in prescribed}
    if hubbard_u is not None and (stated := _stated_u(amounts, hubbard_u)) != hubbards:
        formula = composition.reduced_formula
        msg = f"{formula} was computed with U of {_named(stated)}, MP2020 needs {_named(hubbards)}"
        raise UncorrectableError(OTHER_U, msg)
    details: dict[str, Any] = {
        "parameters": {"run_type": "GGA+U" if hubbards else "GGA", "hubbards": hubbards},
        "data": {"oxidation_states": _guessed_states(_reduced(amounts)) if GUESSED & set(amounts) else {}},
    }
    if BY_BONDS & set(amounts):
        entry: ComputedEntry = ComputedStructureEntry(to_structure(crystal), 0.0, **details)
    else:
        entry = ComputedEntry(composition, 0.0, **details)
    try:
        return fsum(adjustment.value for adjustment in scheme.get_adjustments(entry))
    except Exception as error:
        msg = f"no MP2020 correction of {composition.reduced_formula}: {type(error).__name__}: {error!s:.200}"
        raise UncorrectableError(NO_CORRECTION, msg) from error


def _stated_u(symbols: Iterable[str], hubbard_u: HubbardU) -> dict[str, float]:
    """The U values of these elements beside each other."""
    present = set(symbols)
    return {
        symbol: value
        for anion, of_metals in hubbard_u.items()
        if anion in present
        for symbol, value in of_metals.items()
        if symbol in present
    }


def _named(values: Mapping[str, float]) -> str:
    return ", ".join(f"{symbol} {value:g} eV" for symbol, value in sorted(values.items())) or "no element"


def _reduced(amounts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    divisor = gcd(*amounts.values())
    return tuple((symbol, amount // divisor) for symbol, amount in amounts.items())


@lru_cache(KEPT_GUESSES)
def _guessed_states(reduced: tuple[tuple[str, int], ...]) -> Mapping[str, float]:
    """Mean oxidation states as the scheme itself guesses them, by pymatgen's ``oxi_state_guesses``.

    Of the sums of states that make the formula neutral the likeliest wins, the first of several. Asked of pymatgen it
    takes most of the time of a correction; the same sums over likelihoods that are looked up once take a tenth.
    """
    if sum(amount for _, amount in reduced) > MAX_GUESSED_ATOMS:
        return {}
    likeliest = [_likelihoods(symbol, amount) for symbol, amount in reduced]
    neutral = (sums for sums in product(*likeliest) if sum(sums) == 0)
    best = max(neutral, key=lambda sums: sum(map(getitem, likeliest, sums)), default=None)
    return (
        {symbol: total / amount for (symbol, amount), total in zip(reduced, best, strict=True)}
        if best is not None
        else {}
    )


@lru_cache(KEPT_GUESSES)
def _likelihoods(symbol: str, amount: int) -> Mapping[int, float]:
    """For each sum of oxidation states of so many atoms, how often its commonest states occur in the ICSD."""
    element = Element(symbol)
    states = element.icsd_oxidation_states or element.common_oxidation_states
    occurrence = {state: _occurrences().get((symbol, state), 0.0) for state in states}
    best: dict[int, float] = {}
    for several in combinations_with_replacement(states, amount):
        total, likelihood = sum(several), sum(map(occurrence.__getitem__, several))
        if total not in best or likelihood > best[total]:
            best[total] = likelihood
    return best


@cache
def _occurrences() -> Mapping[tuple[str, float], float]:
    Composition("NaCl").oxi_state_guesses(max_sites=-1)  # loads the table
    return {(species.symbol, species.oxi_state): count for species, count in (Composition.oxi_prob or {}).items()}


def _in_order(crystal: Crystal) -> Crystal:
    """The crystal with its atoms from the least to the most electronegative, those without electronegativity first.

    The scheme takes for the anion what comes last after sorting by electronegativity, and there the order of the atoms
    decides in two cases: He, Ne and Ar have none, which sorts nothing unless they come first; and of two elements as
    electronegative as each other, such as Cu and Si, the one that has a correction as an anion is put last.
    """
    numbers = crystal.atomic_numbers.tolist()
    rank = {number: _rank(number) for number in set(numbers)}
    places = (crystal.frac_coords % 1.0).tolist()
    order = sorted(range(crystal.n_sites), key=lambda site: (rank[numbers[site]], places[site]))
    return Crystal(crystal.lattice, crystal.frac_coords[order], crystal.atomic_numbers[order])


@cache
def _rank(number: int) -> tuple[float, bool, int]:
    element = Element.from_Z(number)
    return (-1.0 if isnan(element.X) else element.X, element.symbol in _scheme().comp_correction, number)


@cache
def _scheme() -> MaterialsProject2020Compatibility:
    # 1.5 s of CPU that every measuring process would pay for at its start
    from pymatgen.analysis.compatibility import MaterialsProject2020Compatibility  # noqa: PLC0415

    return MaterialsProject2020Compatibility(check_potcar=False)
