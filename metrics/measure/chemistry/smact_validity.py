"""The older validity of compositions: one oxidation state per element, in the order of electronegativity.

The question of ``smact.screening.smact_validity``, whose tables and test of electronegativities it takes; that function
reads the tables anew for every composition.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from operator import mul
from typing import TYPE_CHECKING

import pyarrow as pa
import smact
from pymatgen.core.composition import Composition
from smact.screening import pauling_test

from metrics.measure import UnmeasurableError, measure
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.chemistry.smact_elements import smact_element

if TYPE_CHECKING:
    from metrics.crystal import Crystal


@dataclass(frozen=True)
class SmactValiditySettings:
    """Options of ``smact.screening.smact_validity`` as in CDVAE (Xie et al. 2022, arXiv 2110.06197) and its successors.

    Attributes:
        oxidation_states: name of smact's table; ``smact14`` is the one that smact had when CDVAE was written.
        pauling_test: no anion may be less electronegative than a cation.
        alloys: elements, and compositions of metals alone, are valid.
        max_combinations: compositions with more combinations of states than this stay undecided (about 1 s).

    """

    oxidation_states: str = "smact14"
    pauling_test: bool = True
    alloys: bool = True
    max_combinations: int = 100_000


@measure(name="smact_validity", version=1, columns={"smact_valid": pa.bool_()}, settings=SmactValiditySettings)
def measure_smact_validity(crystal: Crystal, settings: SmactValiditySettings) -> dict[str, object]:
    """Whether smact (Davies et al. 2019, DOI 10.21105/joss.01361) calls the composition valid.

    Raises:
        UnmeasurableError: smact does not know an element, or there are too many combinations of states.

    """
    return {"smact_valid": _is_valid(reduced_formula_of(crystal), settings)}


@lru_cache(maxsize=4096)
def _is_valid(formula: str, settings: SmactValiditySettings) -> bool:
    composition = Composition(formula)
    attribute = f"oxidation_states_{settings.oxidation_states}"
    try:
        states = {symbol: getattr(smact_element(symbol), attribute) for symbol in sorted(composition.as_dict())}
    except KeyError as error:
        message = f"smact does not know an element of {formula}: {error.args[0]}"
        raise UnmeasurableError(message) from error
    n_combinations = prod(len(of_element or ()) for of_element in states.values())
    if n_combinations > settings.max_combinations:
        message = (
            f"the states of the elements of {formula} have {n_combinations:,} combinations; "
            f"the bound is {settings.max_combinations:,}"
        )
        raise UnmeasurableError(message)
    if len(states) == 1 or (settings.alloys and states.keys() <= set(smact.metals)):
        return True
    if not n_combinations:
        # an element without states
        return False
    amounts = [int(composition[symbol]) for symbol in states]
    electronegativities = [smact_element(symbol).pauling_eneg for symbol in states]
    return any(
        sum(map(mul, combination, amounts)) == 0
        and (not settings.pauling_test or pauling_test(combination, electronegativities))
        for combination in product(*states.values())
    )
