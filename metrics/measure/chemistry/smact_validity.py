"""The older validity of compositions: one oxidation state per element, in the order of electronegativity."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING

import pyarrow as pa
from smact import Element
from smact.screening import smact_validity

from metrics.measure import UnmeasurableError, measure
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.structure.convert import composition_of

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
    symbols = tuple(sorted(element.symbol for element in composition_of(crystal)))
    return {"smact_valid": _is_valid(reduced_formula_of(crystal), symbols, settings)}


@lru_cache(maxsize=4096)
def _is_valid(formula: str, symbols: tuple[str, ...], settings: SmactValiditySettings) -> bool:
    try:
        states = [getattr(Element(symbol), f"oxidation_states_{settings.oxidation_states}") for symbol in symbols]
    except KeyError as error:
        message = f"smact does not know an element of {formula}: {error.args[0]}"
        raise UnmeasurableError(message) from error
    n_combinations = prod(len(of_element or ()) for of_element in states)
    if n_combinations > settings.max_combinations:
        message = (
            f"the states of the elements of {formula} have {n_combinations:,} combinations; "
            f"the bound is {settings.max_combinations:,}"
        )
        raise UnmeasurableError(message)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No Pauling electronegativity", category=UserWarning)
        return bool(
            smact_validity(
                formula,
                use_pauling_test=settings.pauling_test,
                include_alloys=settings.alloys,
                oxidation_states_set=settings.oxidation_states,
            )
        )
