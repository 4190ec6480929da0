"""``stable_metrics`` of Matbench Discovery in a process of its own: stdin and stdout are JSON.

Importing that package makes folders in site-packages, changes plotly's default template and the filters of warnings.
Here nothing outlives the answer, and the folders are not made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]


def stable_metrics(
    e_above_hull: Sequence[float], predicted: Sequence[float | None], thresholds: Sequence[float]
) -> list[dict[str, float]]:
    """Precision, Recall, F1, DAF, TP, FP, TN, FN, MAE, RMSE and R2 of predicted distances from the hull, eV/atom.

    A prediction that is None counts as "not stable" in the first eight and is left out of the others. Accuracy is not
    given: the package divides it by the number of predictions that are not None.

    Args:
        e_above_hull: (n,) true distances.
        predicted: (n,) predicted ones.
        thresholds: up to which distance counts as stable; by each of them some structure is stable and predicted to be,
            and some is not stable, else the package divides by zero.

    Raises:
        ReferenceSetError: the package is missing or fails.

    """
    if find_spec("matbench_discovery") is None:
        raise ReferenceSetError(
            what="package matbench-discovery is not installed",
            expected="it counts how far a potential can be trusted",
            remedy="pip install -r requirements-stability.txt",
        )
    question = json.dumps([list(e_above_hull), list(predicted), list(thresholds)])
    command = [sys.executable, "-m", __name__]
    run = subprocess.run(  # noqa: S603 - this module
        command, input=question, capture_output=True, text=True, cwd=ROOT, check=False
    )
    if run.returncode:
        raise ReferenceSetError(
            what=f"matbench-discovery failed ({(run.stderr.strip().splitlines() or ['no message'])[-1]})",
            expected="its stable_metrics",
            remedy="install the version that requirements-stability.txt pins",
        )
    found: list[dict[str, float]] = json.loads(run.stdout.splitlines()[-1])
    return found


def _answer(question: str) -> str:
    e_above_hull, predicted, thresholds = json.loads(question)
    os.makedirs = lambda *_args, **_kwargs: None  # the package makes its folders with this function alone
    import pandas as pd  # noqa: PLC0415 - only the process that answers needs them
    from matbench_discovery.metrics import stable_metrics as theirs  # noqa: PLC0415

    distances = [pd.Series(own, dtype="float64") for own in (e_above_hull, predicted)]
    found = [theirs(*distances, stability_threshold=threshold) for threshold in thresholds]
    given = [{name: float(value) for name, value in own.items() if name != "Accuracy"} for own in found]
    return json.dumps(given, allow_nan=False)


if __name__ == "__main__":
    print(_answer(sys.stdin.read()))  # noqa: T201 - the answer
