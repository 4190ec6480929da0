"""Per-structure results as files: CSV for people, parquet and JSON for programs."""

from __future__ import annotations

import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.table import csv_for_people, run_id

if TYPE_CHECKING:
    from leaderboard.store import Run


def files(run: Run) -> tuple[str, str, str]:
    """Paths of the CSV, the parquet and the JSON of a run, made when first asked for."""
    folder = _folder() / run_id(run).replace("/", "-")
    name = f"structures-{run.path.parent.name}"
    written = (folder / f"{name}.csv", folder / f"{name}.parquet", folder / f"{name}.json")
    if not all(path.exists() for path in written):
        folder.mkdir(exist_ok=True)
        table = run.columns()
        written[0].write_text(csv_for_people(table), newline="")
        shutil.copyfile(run.path / "columns.parquet", written[1])
        content = {"run": run.record, "scores": run.scores, "structures": json.loads(table.to_json(orient="records"))}
        written[2].write_text(json.dumps(content, ensure_ascii=False))
    return str(written[0]), str(written[1]), str(written[2])


@cache
def _folder() -> Path:
    """A folder of this process: a run is never edited, so its files stay right for as long as the process lives."""
    return Path(tempfile.mkdtemp(prefix="leaderboard-downloads-"))
