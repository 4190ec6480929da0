"""Ion exchange: known crystals with their ions substituted by pymatgen's data-mined probabilities, cells scaled."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pymatgen.core.structure_prediction.substitution_probability import SubstitutionProbability

from leaderboard.baselines.baseline import Made, baseline
from leaderboard.baselines.decoration import with_elements
from metrics.measure.chemistry.composition import reduced_formula_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pymatgen.core.periodic_table import Species

    from leaderboard.baselines.known import Known
    from metrics.crystal import Crystal

LEAST_PROBABILITY = 1e-3
"""Of a substitution, as in pymatgen's predictor."""
MOST_DRAWS = 100
"""Of ions for one crystal: not all substitutions together leave it neutral."""


class Ions(NamedTuple):
    """What may take the place of an ion: atomic numbers, charges and probabilities, each (n,)."""

    numbers: NDArray[np.int64]
    charges: NDArray[np.int64]
    probabilities: NDArray[np.float64]


@baseline(
    "Ion exchange",
    "Crystals of the reference set with their ions substituted by the probabilities of Hautier et al. (2011), "
    "cells scaled.\nA model that scores no better has learned no more than which ions replace each other.",
)
def ion_exchange(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """Each from the next crystal whose elements have a neutral choice of the model's ions.

    Source of the probabilities: Hautier et al., Inorg. Chem. 50, 656 (2011), DOI 10.1021/ic102031h.
    """
    for host in known.endlessly(lambda one: bool(likeliest_ions(one.crystal))):
        exchanged = exchange(known, host.crystal, generator)
        if exchanged is not None:
            yield Made(f"{host.id}-to-{reduced_formula_of(exchanged)}", exchanged)


def exchange(known: Known, crystal: Crystal, generator: np.random.Generator) -> Crystal | None:
    """The crystal with other ions, neutral and of as many elements; None where no draw gives one."""
    ions = likeliest_ions(crystal)
    amounts = [int((crystal.atomic_numbers == number).sum()) for number, _ in ions]
    choices = [substitutes(*ion) for ion in ions]
    present = [number for number, _ in ions]
    for _ in range(MOST_DRAWS):
        drawn = [generator.choice(len(choice.numbers), p=choice.probabilities) for choice in choices]
        numbers = [int(choice.numbers[at]) for choice, at in zip(choices, drawn, strict=True)]
        charge = sum(
            amount * int(choice.charges[at]) for amount, choice, at in zip(amounts, choices, drawn, strict=True)
        )
        if charge == 0 and numbers != present and len(set(numbers)) == len(numbers):
            place = dict(zip(present, numbers, strict=True))
            return with_elements(known, crystal, [place[number] for number in crystal.atomic_numbers.tolist()])
    return None


def likeliest_ions(crystal: Crystal) -> list[tuple[int, int]]:
    """Atomic number and charge of each element: the neutral choice that the model finds likeliest; [] without one."""
    numbers, amounts = np.unique(crystal.atomic_numbers, return_counts=True)
    states = [_states(number) for number in numbers.tolist()]
    best: tuple[float, tuple[int, ...]] = (0.0, ())
    for charges in product(*(state.keys() for state in states)):
        if np.dot(amounts, charges) == 0:
            likelihood = float(np.prod([state[charge] for state, charge in zip(states, charges, strict=True)]))
            best = max(best, (likelihood, charges))
    return list(zip(numbers.tolist(), best[1], strict=True)) if best[1] else []


@cache
def substitutes(number: int, charge: int) -> Ions:
    """Ions that may replace this one, itself among them, and the probability of each."""
    model, ions = _model()
    fixed = ions[number, charge]
    probabilities = {ion: float(model.cond_prob(species, fixed)) for ion, species in ions.items()}  # type: ignore[no-untyped-call] # pymatgen
    likely = {ion: probability for ion, probability in probabilities.items() if probability >= LEAST_PROBABILITY}
    numbers, charges = np.array(list(likely)).T
    weights = np.array(list(likely.values()))
    return Ions(numbers, charges, weights / weights.sum())


@cache
def _states(number: int) -> dict[int, float]:
    """Charges of an element that the model has, and how common each is."""
    model, ions = _model()
    return {charge: model.get_px(species) for (other, charge), species in ions.items() if other == number}


@cache
def _model() -> tuple[SubstitutionProbability, dict[tuple[int, int], Species]]:
    """The probabilities, and all ions by atomic number and charge, in that order."""
    model = SubstitutionProbability()  # type: ignore[no-untyped-call] # pymatgen
    charged = {(ion.Z, float(ion.oxi_state)): ion for ion in model.species if ion.oxi_state}
    # the model has averages too, such as Fe2.5+
    return model, {
        (number, int(charge)): charged[number, charge] for number, charge in sorted(charged) if charge % 1 == 0
    }
