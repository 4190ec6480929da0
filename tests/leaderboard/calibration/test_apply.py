"""Which calibration fits a view, and what it makes of the view's table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from leaderboard.calibration.apply import Energies, calibrated, fitting
from leaderboard.calibration.expectation import THRESHOLDS, expectation
from leaderboard.calibration.features import DEEP_EV_PER_ATOM, LOCATION, SCALE
from leaderboard.calibration.record import Calibration, calibrations
from metrics.score import registry
from metrics.scores.stability import CALIBRATED_COLUMNS
from metrics.table import dtype
from tests.leaderboard.calibration.conftest import HULL, SPARSEST, VIEW


def table(*rows: tuple[str | None, float | None], n_hull_entries: int = SPARSEST) -> pd.DataFrame:
    """A view's table of formulas and distances, all from hulls of so many entries."""
    formulas, distances = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "reduced_formula": pd.array(list(formulas), dtype="string"),
            "e_above_hull": pd.array(list(distances), dtype="Float64"),
            "n_hull_entries": pd.array([n_hull_entries] * len(rows), dtype="Int64"),
            "in_reference": pd.array([False] * len(rows), dtype="boolean"),
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


def test_probabilities_are_those_of_the_model_and_draws_reach_to_the_verdict_outside(calibration: Calibration) -> None:
    rows = table(("NaCl", 0.05), ("TiO2", -0.1), ("UO2", -0.1), ("NaCl", 3.0), ("NaCl", None), (None, 0.0))
    facts = calibrated(rows, calibration)
    assert facts["inside_calibration"].tolist() == [True, True, False, False, pd.NA, pd.NA]
    distances, formulas = np.array([0.05, -0.1, -0.1, 3.0]), ["NaCl", "TiO2", "UO2", "NaCl"]
    expected = expectation(calibration.best.model, calibration.draws.model, distances, formulas, THRESHOLDS)
    assert facts["p_stable"][:4].tolist() == pytest.approx(expected.below[THRESHOLDS[0]].tolist())
    assert facts["e_above_hull_low"][0] < facts["e_above_hull_calibrated"][0] < facts["e_above_hull_high"][0]
    assert facts["e_above_hull_calibrated"][2:4].isna().all()
    # outside, the draws reach from the calibration to the verdict; the last of 20 is 39/40 of the verdict
    modelled, drawn = expected.below_draws[THRESHOLDS[0]][:, 2], facts["p_stable_draws"][2]
    assert drawn == pytest.approx(modelled + (1 - modelled) * (np.arange(20) + 0.5) / 20)
    assert facts.loc[4:, list(CALIBRATED_COLUMNS)].isna().all(axis=None)
    assert {name: facts[name].dtype for name in CALIBRATED_COLUMNS} == {
        name: dtype(kind) for name, kind in CALIBRATED_COLUMNS.items()
    }


def test_being_outside_is_no_advantage(calibration: Calibration) -> None:
    """An element without labels, a distance that none has, a sparse hull, a known crystal: the value is the same."""
    known = table(("NaCl", -0.1)).assign(in_reference=pd.array([True], dtype="boolean"))
    inside = calibrated(table(("NaCl", -0.1)), calibration)["p_stable"][0]
    outside = [known, table(("NaU", -0.1)), table(("NaCl", -0.1), n_hull_entries=3), table(("NaCl", -5.0))]
    for rows in outside[:3]:
        facts = calibrated(rows, calibration)
        assert facts["inside_calibration"].tolist() == [False]
        assert facts["p_stable"][0] == pytest.approx(inside)
    deep = calibrated(table(("NaCl", DEEP_EV_PER_ATOM)), calibration)["p_stable"][0]
    assert calibrated(outside[3], calibration)["p_stable"][0] == pytest.approx(deep)


def test_the_share_of_structures_outside_is_a_score(calibration: Calibration) -> None:
    rows = calibrated(table(("UO2", -0.1), ("UO2", 0.05), ("UO2", 0.5), ("U", None)), calibration)
    assert registry()["outside_calibration"].compute(rows, {}).value == 0.75


def test_above_a_hull_sparser_than_labelled_a_probability_is_anything_up_to_the_verdict(
    calibration: Calibration,
) -> None:
    rows = (("NaCl", -0.1), ("TiO2", 0.05), ("NaCl", 0.3))
    dense, sparse = calibrated(table(*rows), calibration), calibrated(table(*rows, n_hull_entries=3), calibration)
    assert dense["inside_calibration"].all()
    assert not sparse["inside_calibration"].any()
    for name, verdicts in (("p_stable", (1.0, 0.0, 0.0)), ("p_metastable_or_better", (1.0, 1.0, 0.0))):
        for place, verdict in enumerate(verdicts):
            assert sparse[name][place] == pytest.approx(dense[name][place])
            modelled, drawn = (np.asarray(facts[f"{name}_draws"][place]) for facts in (dense, sparse))
            # of 20 draws the middles of 20 equal parts of the way
            assert drawn == pytest.approx(modelled + (verdict - modelled) * (np.arange(20) + 0.5) / 20)
    assert sparse[["e_above_hull_calibrated", "e_above_hull_low", "e_above_hull_high"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("formula", "n_hull_entries", "is_inside"),
    [("TiO2", SPARSEST, True), ("TiO2", SPARSEST - 1, False), ("NaTiO2", 8, True), ("NaTiO2", 7, False)],
)
def test_how_sparse_a_hull_may_be_depends_on_the_number_of_elements(
    calibration: Calibration, formula: str, n_hull_entries: int, *, is_inside: bool
) -> None:
    facts = calibrated(table((formula, 0.0), n_hull_entries=n_hull_entries), calibration)
    assert facts["inside_calibration"].tolist() == [is_inside]


def test_a_number_of_elements_that_no_label_has_is_outside(calibration: Calibration) -> None:
    facts = calibrated(table(("NaTiClO", 0.0), n_hull_entries=99), calibration)
    assert facts["inside_calibration"].tolist() == [False]


def test_sparse_hulls_widen_the_interval_of_the_stable_share(calibration: Calibration) -> None:
    """What it says without the missing phases, and what the potential says, lie within."""
    rows = [("NaCl", -0.05)] * 100 + [("TiO2", 0.2)] * 100
    stable = registry()["stable"].in_calibrated_view
    assert stable is not None
    dense, sparse = (
        stable.compute(calibrated(table(*rows, n_hull_entries=n), calibration), {}) for n in (SPARSEST, SPARSEST - 1)
    )
    assert dense.value is not None
    assert sparse.low is not None
    assert sparse.high is not None
    assert sparse.low < dense.value + 0.05
    assert sparse.high > 0.45  # the potential calls half of them stable
    assert sparse.high - sparse.low > 2 * (dense.high or 0.0) - 2 * (dense.low or 0.0)


@pytest.mark.parametrize("shipped", calibrations(), ids=lambda one: one.potential)
def test_shipped_probabilities_never_rise_with_the_distance(shipped: Calibration) -> None:
    distances = np.linspace(-2.0, 3.0, 2001)
    for formula in ("NaCl", "SiO2", "LiFePO4"):
        rows = table(*((formula, float(distance)) for distance in distances), n_hull_entries=99)
        facts = calibrated(rows, shipped)
        for name in ("p_stable", "p_metastable_or_better"):
            # between the distances that are looked at a rise of 0.2 points goes unseen
            assert np.diff(facts[name].to_numpy(dtype=float)).max() <= 2e-3


def test_the_shipped_calibrations_can_be_read_and_beat_the_raw_verdicts() -> None:
    shipped = calibrations()
    assert shipped
    for one in shipped:
        assert one.location_features == LOCATION
        assert one.scale_features == SCALE
        assert set(one.fewest_hull_entries) >= {2, 3, 4}
        brier = [row.brier for row in one.left_out]
        assert sum(brier) <= 0.5 * sum(row.brier_raw for row in one.left_out)
