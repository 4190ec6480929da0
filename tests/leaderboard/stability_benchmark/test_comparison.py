"""Lines of the reproduction table, computed by hand for four structures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from leaderboard.__main__ import main
from leaderboard.calibration.record import calibrations
from leaderboard.stability_benchmark.comparison import as_markdown, compared
from metrics.crystal import Crystal
from tests.made_runs import Made, energy, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.run import Run

DISTANCES = (-0.1, 0.05, 0.3, 0.4)
PUBLISHED = {"s0": 0.02, "s1": 0.09, "s3": 0.6, "elsewhere": -1.0}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Four structures as submitted, one without a label."""
    crystals = {
        f"s{place}": Crystal.from_arrays((4 + place / 10) * np.eye(3), np.array([[0.0] * 3, [0.5] * 3]), [11, 17])
        for place in range(len(DISTANCES))
    }
    energies = [energy(crystal, at) for crystal, at in zip(crystals.values(), DISTANCES, strict=True)]
    records = [good(name, reduced_formula="NaCl") for name in crystals]
    return publish(tmp_path / "runs", Made("a model", records, crystals=crystals, energies=energies))


def test_shares_and_medians_are_of_the_structures_with_both(run: Run) -> None:
    (line,) = compared(run, PUBLISHED, {})
    assert (line.method, line.variant, line.n_structures) == ("a model", "chgnet/unrelaxed", 3)
    # DFT 0.02, 0.09, 0.6 and raw -0.1, 0.05, 0.4 against 0 and 0.1 eV/atom
    assert line.published == pytest.approx((0.0, 2 / 3))
    assert line.raw == pytest.approx((1 / 3, 2 / 3))
    assert line.expected is None
    assert line.medians[:2] == pytest.approx((0.09, 0.05))
    assert line.medians[2] is None
    table = as_markdown([line])
    assert (
        table.splitlines()[-1] == "| a model | chgnet/unrelaxed | 3 | 0.0 | 33.3 | - | 66.7 | 66.7 | - | 90 | 50 | - |"
    )


def test_where_a_calibration_fits_its_shares_stand_beside(run: Run) -> None:
    calibration = next(one for one in calibrations() if one.potential == "chgnet")
    (line,) = compared(run, PUBLISHED, {"chgnet/unrelaxed": calibration})
    assert line.expected is not None
    for share in line.expected:
        assert share.low <= share.value <= share.high
    # a potential is too low far from equilibrium: what it finds near the hull DFT finds above
    assert line.expected[0].value < line.raw[0]
    corrected = line.medians[2]
    assert corrected is not None
    assert corrected > line.medians[1]


def test_what_is_no_pair_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "stability", "structures.zip", "--reference", "starter"]) == 1
    assert "'structures.zip' is no FILE=CSV" in capsys.readouterr().err
