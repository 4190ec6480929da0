"""``stable_metrics`` of Matbench Discovery in a process of its own: stdin and stdout are JSON.

Importing that package makes folders beside its code, changes plotly's default template and the filters of warnings. In
a process of its own, which finds the package's files in a folder that is removed with it, nothing of that remains.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "matbench_discovery"


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
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise ReferenceSetError(
            what="package matbench-discovery is not installed",
            expected="it counts how far the potential and the set agree",
            remedy="pip install -r requirements-stability.txt",
        )
    question = json.dumps([list(e_above_hull), list(predicted), list(thresholds)])
    with TemporaryDirectory() as site:
        # the package makes its folders where its __init__.py lies: here
        shutil.copytree(Path(package.origin).parent, Path(site) / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
        run = subprocess.run(  # noqa: S603 - this module
            [sys.executable, "-m", __name__],
            input=question,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([site, str(ROOT)])},
            check=False,
        )
    if run.returncode:
        raise ReferenceSetError(
            what=f"matbench-discovery failed ({(run.stderr.strip().splitlines() or ['no message'])[-1]})",
            expected="its stable_metrics",
            remedy="install the version that requirements-stability.txt pins",
        )
    metrics: list[dict[str, float]] = json.loads(run.stdout.splitlines()[-1])
    return metrics


def _answer(question: str) -> str:
    import pandas as pd  # noqa: PLC0415 - only the process that answers needs them
    from matbench_discovery.metrics import stable_metrics as of_matbench_discovery  # noqa: PLC0415

    *distances, thresholds = json.loads(question)
    pair = [pd.Series(values, dtype="float64") for values in distances]
    metrics = [of_matbench_discovery(*pair, stability_threshold=threshold) for threshold in thresholds]
    return json.dumps(
        [{name: float(value) for name, value in figures.items() if name != "Accuracy"} for figures in metrics],
        allow_nan=False,
    )


if __name__ == "__main__":
    print(_answer(sys.stdin.read()))  # noqa: T201 - the answer
