"""Which calibration fits a view, and what it makes of the view's table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from leaderboard.calibration.apply import Energies, calibrated, fitting
from leaderboard.calibration.assess import THRESHOLDS
from leaderboard.calibration.expectation import expectation
from leaderboard.calibration.features import LOCATION, SCALE
from leaderboard.calibration.record import Calibration, calibrations
from metrics.score import registry
from metrics.scores.stability import CALIBRATED_COLUMNS
from metrics.table import dtype
from tests.leaderboard.calibration.conftest import HULL, VIEW


def table(*rows: tuple[str | None, float | None]) -> pd.DataFrame:
    """A view's table of formulas and distances."""
    formulas, distances = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "reduced_formula": pd.array(list(formulas), dtype="string"),
            "e_above_hull": pd.array(list(distances), dtype="Float64"),
        }
    )


def test_a_record_is_the_same_when_read_again(calibration: Calibration) -> None:
    again = Calibration.model_validate_json(calibration.model_dump_json())
    assert again == calibration
    assert again.sha256 == calibration.sha256


@pytest.mark.parametrize(
    "other",
    [
        VIEW._replace(potential="sevennet-0"),
        VIEW._replace(checkpoints={"chgnet": "c" * 64}),
        VIEW._replace(relaxed=True),
        VIEW._replace(convention="pbe_uncorrected"),
    ],
    ids=["potential", "checkpoint", "relaxed", "convention"],
)
def test_only_exactly_what_was_fitted_fits(calibration: Calibration, other: Energies) -> None:
    def never_asked(convention: str) -> str:
        raise AssertionError(convention)

    assert fitting([calibration], VIEW, lambda _: HULL) is calibration
    assert fitting([calibration], VIEW, lambda _: "0" * 64) is None
    assert fitting([calibration], other, never_asked) is None


def test_probabilities_are_those_of_the_model_inside_and_verdicts_outside(calibration: Calibration) -> None:
    rows = table(("NaCl", 0.05), ("TiO2", -0.1), ("UO2", -0.1), ("NaCl", 3.0), ("NaCl", None), (None, 0.0))
    facts = calibrated(rows, calibration)
    assert facts["inside_calibration"].tolist() == [True, True, False, False, pd.NA, pd.NA]
    expected = expectation(
        calibration.best.model, calibration.draws.model, np.array([0.05, -0.1]), ["NaCl", "TiO2"], THRESHOLDS
    )
    assert facts["p_stable"][:2].tolist() == pytest.approx(expected.below[THRESHOLDS[0]].tolist())
    assert facts["e_above_hull_low"][0] < facts["e_above_hull_calibrated"][0] < facts["e_above_hull_high"][0]
    # outside, the potential alone speaks
    assert facts["p_stable"][2:4].tolist() == [1.0, 0.0]
    assert list(facts["p_metastable_or_better_draws"][2]) == [1.0] * 20
    assert facts.loc[4:, list(CALIBRATED_COLUMNS)].isna().all(axis=None)
    assert {name: facts[name].dtype for name in CALIBRATED_COLUMNS} == {
        name: dtype(kind) for name, kind in CALIBRATED_COLUMNS.items()
    }


def test_where_all_lies_outside_expected_scores_are_the_raw_ones(calibration: Calibration) -> None:
    rows = calibrated(table(("UO2", -0.1), ("UO2", 0.05), ("UO2", 0.5), ("U", None)), calibration)
    for name in ("stable", "metastable", "metastable_or_better"):
        score = registry()[name]
        assert score.in_calibrated_view is not None
        assert score.in_calibrated_view.compute(rows, {}).value == score.compute(rows, {}).value
    assert registry()["outside_calibration"].compute(rows, {}).value == 0.75


def test_the_shipped_calibrations_can_be_read_and_beat_the_raw_verdicts() -> None:
    shipped = calibrations()
    assert shipped
    for one in shipped:
        assert one.location_features == LOCATION
        assert one.scale_features == SCALE
        brier = [row.brier for row in one.left_out]
        assert sum(brier) <= 0.5 * sum(row.brier_raw for row in one.left_out)
