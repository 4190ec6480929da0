"""Labels that come later beside what was predicted, and the ledger that keeps the score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from leaderboard.__main__ import main
from leaderboard.calibration.check import checks_of
from leaderboard.calibration.labels import LabelledRun
from leaderboard.calibration.ledger import add, ledger, record_text
from leaderboard.calibration.record import TrainingFiles
from leaderboard.errors import CommandError, RecordError
from metrics.crystal import Crystal
from tests.leaderboard.calibration.conftest import VIEW
from tests.made_runs import Made, energy, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.calibration.record import Calibration

DISTANCES = (-0.1, 0.05, 0.12, 0.4) * 8
LABELS = {f"s{place}": (-0.01, 0.09, 0.0, 0.5)[place % 4] for place in range(32) if place % 4 != 2} | {"elsewhere": 0.0}


@pytest.fixture
def predicted(tmp_path: Path, calibration: Calibration) -> LabelledRun:
    """A run of 32 structures scored with the calibration; three of four have labels."""
    crystals = {
        f"s{place}": Crystal.from_arrays((4 + place / 10) * np.eye(3), np.array([[0.0] * 3, [0.5] * 3]), [11, 17])
        for place in range(len(DISTANCES))
    }
    energies = [energy(crystal, at) for crystal, at in zip(crystals.values(), DISTANCES, strict=True)]
    record: dict[str, Any] = {
        "calibrations": {"chgnet/unrelaxed": calibration.sha256},
        "checkpoints": VIEW.checkpoints,
    }
    records = [good(name, reduced_formula="NaCl") for name in crystals]
    run = publish(tmp_path / "runs", Made("a model", records, crystals=crystals, energies=energies, record=record))
    labels = tmp_path / "labels.csv"
    rows = [f"{name},{label}" for name, label in LABELS.items()]
    labels.write_text("\n".join(["id,e_above_hull_dft", *rows]) + "\n", encoding="utf-8")
    return LabelledRun(run, LABELS, labels)


def test_shares_of_the_labelled_structures_are_compared(predicted: LabelledRun, calibration: Calibration) -> None:
    (check,) = checks_of(predicted, [calibration])
    assert (check.model, check.potential, check.n_structures, check.n_outside) == ("a model", "chgnet", 24, 0)
    stable, better = check.shares
    # of the labels -0.01, 0.09 and 0.5, and of the distances -0.1, 0.05 and 0.4
    assert (stable.labelled, stable.raw) == pytest.approx((1 / 3, 1 / 3))
    assert (better.labelled, better.raw) == pytest.approx((2 / 3, 2 / 3))
    assert stable.low <= stable.expected <= stable.high
    assert 0 < stable.expected < better.expected < 1


def test_what_was_not_predicted_is_not_checked(predicted: LabelledRun, calibration: Calibration) -> None:
    with pytest.raises(CommandError, match=f"with the calibration {calibration.sha256[:12]}, which is not there"):
        checks_of(predicted, [])
    unseen = predicted._replace(labels={"elsewhere": 0.0})
    with pytest.raises(CommandError, match=r"none of the 1 ids of .* 'elsewhere'.* is that of a structure"):
        checks_of(unseen, [calibration])


def test_structures_that_it_was_fitted_on_check_nothing(predicted: LabelledRun, calibration: Calibration) -> None:
    """By their content: another name, archive or selection does not make them new."""
    contents = predicted.run.columns()["sha256"].tolist()
    seen = TrainingFiles(
        method="another name",
        structures_sha256="1" * 64,
        labels_sha256="0" * 64,
        n_structures=8,
        structures=tuple(sha256[:8] for sha256 in contents[:8]),
    )
    fitted = calibration.model_copy(update={"training": (seen,)})
    record = predicted.run.record.model_copy(update={"calibrations": {"chgnet/unrelaxed": fitted.sha256}})
    (predicted.run.path / "run.json").write_text(record.model_dump_json(), encoding="utf-8")
    del predicted.run.record
    # of 24 with labels six were seen
    with pytest.raises(CommandError, match=r"18 of the labelled structures .* a check needs 20"):
        checks_of(predicted, [fitted])


def test_the_ledger_keeps_each_comparison_once(
    tmp_path: Path, predicted: LabelledRun, calibration: Calibration
) -> None:
    path = tmp_path / "ledger.jsonl"
    assert record_text(ledger(path)) == "No set has been checked against later DFT labels yet."
    checks = checks_of(predicted, [calibration])
    add(checks, path)
    assert list(ledger(path)) == checks
    with pytest.raises(CommandError, match="were compared with the predictions by chgnet before"):
        add(checks_of(predicted, [calibration]), path)
    missed = checks[0].model_copy(
        update={
            "labels_sha256": "1" * 64,
            "shares": tuple(share.model_copy(update={"labelled": share.high + 0.1}) for share in checks[0].shares),
        }
    )
    add([missed], path)
    assert record_text(ledger(path)) == (
        "2 sets checked against later DFT labels, 1 inside the 95% interval of the stable share."
    )
    with path.open("a", encoding="utf-8") as file:
        file.write("{}\n")
    with pytest.raises(RecordError, match=r"ledger\.jsonl, line 3: Field required"):
        ledger(path)


def test_the_command_compares_prints_and_appends(
    tmp_path: Path, predicted: LabelledRun, calibration: Calibration, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "calibrations"
    folder.mkdir()
    (folder / "one.json").write_text(calibration.model_dump_json(), encoding="utf-8")
    path = tmp_path / "ledger.jsonl"
    common = ["--calibrations", str(folder), "--ledger", str(path)]
    assert main(["calibrate", "--check", str(predicted.labels_file), str(predicted.run.path), *common]) == 0
    said = capsys.readouterr().out
    assert "a model: CHGNet, as submitted; 24 structures with labels" in said
    assert said.rstrip().endswith(
        "1 set checked against later DFT labels, 1 inside the 95% interval of the stable share."
    )
    assert len(ledger(path)) == 1
