"""The linear programme against an independent solver, on easy, degenerate and hostile problems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from metrics.measure.energy.simplex import MAX_STEPS, NOTHING, heights, lowest_mixture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def problem(n: int, m: int, seed: int, *, coarse: bool) -> tuple[Array, Array, Array]:
    """Fractions of n elements and m compounds, energies, and a target; coarse ones have ties everywhere."""
    rng = np.random.default_rng(seed)
    amounts = rng.integers(0, 3, (m, n)) + (0.0 if coarse else 1.0) * rng.random((m, n))
    amounts = amounts[amounts.sum(axis=1) > 0]
    fractions = np.vstack([np.eye(n), amounts / amounts.sum(axis=1, keepdims=True)])
    energies = np.concatenate(
        [np.zeros(n), rng.integers(-8, 2, len(amounts)) / 8 if coarse else rng.normal(-1, 1, len(amounts))]
    )
    target = rng.integers(1, 4, n) / 1.0
    return fractions, energies, target / target.sum()


@given(st.integers(1, 9), st.integers(0, 60), st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_lowest_mixture_is_that_of_scipys_solver(n: int, m: int, seed: int, coarse: bool) -> None:  # noqa: FBT001 - drawn
    fractions, energies, target = problem(n, m, seed, coarse=coarse)
    chosen, shares, gap = lowest_mixture(fractions, energies, target, NOTHING, MAX_STEPS)
    oracle = linprog(energies, A_eq=fractions.T, b_eq=target, bounds=(0, None), method="highs")
    assert oracle.status == 0
    # HiGHS stops at reduced costs of 1e-7
    assert shares @ energies[chosen] == pytest.approx(oracle.fun, abs=1e-7)
    assert shares.min() >= 0
    assert np.abs(shares @ fractions[chosen] - target).max() < 1e-12
    assert gap <= 1e-12
    # strong duality: chemical potentials that no phase undercuts prove the optimum without any other solver
    potentials = np.linalg.solve(fractions[chosen], energies[chosen])
    assert (energies - fractions @ potentials).min() >= -1e-11
    assert potentials @ target == pytest.approx(shares @ energies[chosen], abs=1e-11)


@given(st.integers(2, 5), st.integers(1, 30), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_phase_left_out_takes_no_part(n: int, m: int, seed: int) -> None:
    fractions, energies, _ = problem(n, m, seed, coarse=True)
    above, gaps = heights(fractions, energies, n)
    for phase in range(n, len(energies)):
        others = np.arange(len(energies)) != phase
        chosen, shares, _ = lowest_mixture(fractions[others], energies[others], fractions[phase], NOTHING, MAX_STEPS)
        assert above[phase - n] == pytest.approx(energies[phase] - shares @ energies[others][chosen], abs=1e-12)
    assert (gaps <= 1e-12).all()


def test_a_solution_cut_short_says_how_far_it_may_be_off() -> None:
    # one exchange is needed: the elements cost 0, the compound AB costs -1
    fractions, energies = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]), np.array([0.0, 0.0, -1.0])
    target = np.array([0.5, 0.5])
    _, shares, gap = lowest_mixture(fractions, energies, target, NOTHING, 1)
    assert gap == 1.0
    assert shares.sum() == pytest.approx(1.0)
