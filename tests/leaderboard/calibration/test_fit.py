"""The fit finds the parameters that made the labels, keeps its direction, and says how far it can be off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.calibration.assess import leave_one_out
from leaderboard.calibration.error_model import BELOW, DEGREES, ErrorModel, probability_below, quantile
from leaderboard.calibration.expectation import THRESHOLDS, expectation
from leaderboard.calibration.features import FAR_EV_PER_ATOM
from leaderboard.calibration.fit import Labelled, NotEnoughLabelsError, fit
from leaderboard.calibration.record import Parameters

SHIFTS = {"a": -0.01, "b": 0.0, "c": 0.01}
INTERCEPT, OXYGEN, SCALE = 0.1, -0.12, 0.05
"""The truth of the made labels: DFT = potential + 0.1 - 0.12 x oxygen fraction + shift of the method + 0.05 z."""
FORMULAS = ("NaCl", "TiO2", "Fe2O3", "Ni3Al", "LiCoO2")
OXYGEN_FRACTION = dict(zip(FORMULAS, (0.0, 2 / 3, 0.6, 0.0, 0.5), strict=True))


def made(n_each: int = 300, seed: int = 0) -> Labelled:
    """Structures whose labels follow the model exactly."""
    generator = np.random.default_rng(seed)
    methods = [name for name in SHIFTS for _ in range(n_each)]
    n_structures = len(methods)
    formulas = [str(name) for name in generator.choice(FORMULAS, n_structures)]
    distances = generator.gamma(1.5, 0.1, n_structures) - 0.08
    errors = INTERCEPT + OXYGEN * np.array([OXYGEN_FRACTION[name] for name in formulas])
    below = -np.abs(generator.standard_normal(n_structures))
    above = np.abs(generator.standard_t(DEGREES, n_structures))
    errors += np.array([SHIFTS[name] for name in methods])
    errors += SCALE * np.where(generator.random(n_structures) < BELOW, below, above)
    return Labelled(distances, distances + errors, formulas, methods, np.full(n_structures, 20))


@given(probability=st.floats(0.001, 0.999))
def test_the_quantile_is_the_inverse_of_the_probability(probability: float) -> None:
    at = np.array([quantile(probability)])
    assert probability_below(0.0, -at, np.ones(1))[0] == pytest.approx(probability, abs=1e-9)


def test_both_halves_of_the_errors_have_one_density_at_zero_and_together_all_of_the_probability() -> None:
    step = 1e-5
    below, at, above = probability_below(0.0, np.array([step, 0.0, -step]), np.ones(3))
    assert at - below == pytest.approx(above - at, rel=1e-3)
    assert probability_below(0.0, np.array([-1e6]), np.ones(1))[0] == pytest.approx(1.0)


def test_the_parameters_that_made_the_labels_are_recovered() -> None:
    """Standard errors of about 0.004 (intercept) and 0.006 (oxygen) from 900 structures; bounds are four of those."""
    best, draws = fit(made())
    intercept, below, above, oxygen = best.location[0]
    assert intercept == pytest.approx(INTERCEPT, abs=0.02)
    assert (below, above) == pytest.approx((0.0, 0.0), abs=0.2)
    assert oxygen == pytest.approx(OXYGEN, abs=0.025)
    assert np.exp(best.log_scale[0, 0]) == pytest.approx(SCALE, rel=0.2)
    low, high = np.quantile(draws.location[:, 3], [0.005, 0.995])
    assert low < OXYGEN < high


def test_each_method_is_predicted_from_the_others() -> None:
    """Of 30 intervals of 95% fewer than 26 hold in 2% of all cases (binomial distribution)."""
    rows = [row for seed in range(5) for row in leave_one_out(made(150, seed), 40).left_out]
    assert sum(row.low <= row.labelled <= row.high for row in rows) >= 26
    assert np.mean([row.brier for row in rows]) < np.mean([row.brier_raw for row in rows]) / 2
    assert np.mean([row.interval_coverage for row in rows]) == pytest.approx(0.90, abs=0.03)


def test_the_same_labels_give_the_same_calibration_in_any_order() -> None:
    labelled = made(60)
    order = np.random.default_rng(1).permutation(len(labelled.distances))
    shuffled = Labelled(
        labelled.distances[order],
        labelled.labels[order],
        [labelled.formulas[place] for place in order],
        [labelled.methods[place] for place in order],
        labelled.n_hull_entries[order],
    )
    for first, second in zip(fit(labelled, 2), fit(shuffled, 2), strict=True):
        for one, other in zip(Parameters.of(first), Parameters.of(second), strict=True):
            assert one == other


@settings(max_examples=25, deadline=None)
@given(
    lower=st.floats(-0.5, 1.5),
    step=st.floats(0.0, 1.0),
    formula=st.sampled_from(FORMULAS),
    slopes=st.tuples(st.floats(-0.9, 0.5), st.floats(-0.9, 0.5)),
)
def test_farther_from_the_hull_is_never_expected_nearer(
    lower: float, step: float, formula: str, slopes: tuple[float, float]
) -> None:
    """With slopes above -1, as every fit here has them, the corrected distance rises with the potential's."""
    model = ErrorModel(np.array([[0.1, *slopes, -0.1]]), np.array([[-2.5, 0.0, 0.0]]), np.zeros(1))
    nearer, farther = expectation(model, model, np.array([lower, lower + step]), [formula] * 2, THRESHOLDS).centre
    assert nearer <= farther + 1e-12


@pytest.mark.parametrize(("n_each", "kept"), [(300, {"a"}), (10, {"a", "b"})])
def test_too_few_labels_are_refused(n_each: int, kept: set[str]) -> None:
    labelled = made(n_each)
    few = labelled.where(np.array([name in kept for name in labelled.methods]))
    with pytest.raises(NotEnoughLabelsError, match="needs at least 50 structures of 2 methods"):
        fit(few)


def test_far_from_the_hull_nothing_changes_any_more() -> None:
    best, draws = fit(made(60), 2)
    at = np.array([FAR_EV_PER_ATOM, FAR_EV_PER_ATOM + 1.0])
    near, far = expectation(best, draws, at, ["NaCl", "NaCl"], THRESHOLDS).centre - at
    assert near == pytest.approx(far)
