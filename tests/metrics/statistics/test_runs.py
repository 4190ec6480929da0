"""The spread of runs against sums by hand and against a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.statistics.runs import pooled, spread
from metrics.statistics.uncertainty import Estimate, Z


def test_the_spread_of_runs() -> None:
    # by hand: mean 2, squared deviations 1 + 0 + 1 over n - 1 = 2; the second score is unknown in one run
    of_runs = spread(np.array([[1.0, 5.0], [3.0, np.nan], [2.0, 5.0]]))
    assert [part[0] for part in of_runs] == [2.0, 1.0, 1.0, 3.0]
    assert np.isnan([part[1] for part in of_runs]).all()
    with pytest.raises(ValueError, match="two runs or more, got 1"):
        spread(np.array([[1.0]]))


def sampled(value: float, deviation: float) -> Estimate:
    return Estimate(value, value - Z * deviation, value + Z * deviation)


def test_the_variance_of_runs_is_pooled_over_the_models_that_have_several() -> None:
    # by hand: squared deviations 2 x 0.5^2 and 2, with 1 and 2 degrees of freedom; records alone vary by 0.3^2
    models = [[1.0, 2.0], [5.0, 6.0, 7.0], [9.0]]
    variance = pooled([[sampled(value, 0.3) for value in runs] for runs in models])
    assert variance is not None
    assert (variance.total, variance.sampling) == pytest.approx((2.5 / 3, 0.09))
    assert variance.dof == 3
    assert variance.between == pytest.approx(2.5 / 3 - 0.09)
    assert pooled([[sampled(1.0, 0.3)], [sampled(2.0, 0.3)]]) is None


def test_what_exceeds_the_drawing_of_records_is_the_spread_between_runs() -> None:
    # 400 models of three runs: spread 0.2, records 0.1; standard error of a variance of 0.05 with 800 degrees: 0.0025
    values = 5 + np.hypot(0.2, 0.1) * np.random.default_rng(3).standard_normal((400, 3))
    variance = pooled([[sampled(value, 0.1) for value in runs] for runs in values.tolist()])
    assert variance is not None
    assert variance.between == pytest.approx(0.04, abs=0.0075)
