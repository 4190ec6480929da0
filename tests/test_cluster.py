"""Scoring and building on a cluster, by the commands: the same bytes as on one machine."""

from __future__ import annotations

import filecmp
import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ase.build import bulk

from leaderboard.api import score_structures
from reference_data.__main__ import main as reference_data
from reference_data.files.manifest import MANIFEST_FILE
from tests.command_line import EXAMPLE, ROOT, STRUCTURAL, leaderboard
from tests.dask_processes import DaskProcesses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("distributed", reason="distributed, of the extra cluster, is not installed")
pytestmark = pytest.mark.cluster

BRIDGE = ("unshare", "-rn", "ip", "link", "add", "bridge0", "type", "bridge")
"""Whether a network can be made here."""
DEFINITION = """\
name = "few"
title = "Some crystals of the example submission"
licence = "CC0-1.0"
indicative = true
not_for = "Anything but tests."

[[sources]]
kind = "structure_table"
name = "table"
title = "A table"
licence = "CC0-1.0"
citation = "Nobody, Nowhere (2026)"
doi = ["10.1000/table"]
url = "https://example.org/table"
path = "table.parquet"
structure_column = "cif"
id_column = "id"
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """Options that name it."""
    with DaskProcesses(tmp_path_factory.mktemp("dask")) as processes:
        for _ in range(2):
            processes.start_worker("--no-nanny")
        yield ("--engine", "dask", "--scheduler", processes.address)


@pytest.fixture(scope="module")
def few() -> dict[str, str]:
    """Some structures of the example by name, among them copies of one crystal, and one that cannot be read."""
    with zipfile.ZipFile(EXAMPLE) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()[:8]}
    return {**texts, "broken.cif": "data_nothing\n_cell_length_a what\n"}


def test_a_submission_has_the_same_scores_and_facts(
    few: dict[str, str], cluster: tuple[str, ...], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "few.zip", "w") as archive:
        for name, text in few.items():
            archive.writestr(name, text)
    for where, options in (("here", ("--jobs", 1)), ("there", cluster)):
        run = leaderboard(
            "score",
            tmp_path / "few.zip",
            *STRUCTURAL,
            "--out",
            tmp_path / where,
            *options,
            runs=tmp_path / f"{where}-runs",
        )
        assert run.returncode == 0, run.stderr
    for name in ("scores.json", "columns.parquet", "structures.parquet"):
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes(), name


def test_structures_in_memory_have_the_same_scores(cluster: tuple[str, ...], tmp_path: Path) -> None:
    structures = [bulk("NaCl", "rocksalt", a=5.64), bulk("Cu"), bulk("Cu", "bcc", a=2.9), None]
    places: dict[str, dict[str, Any]] = {"here": {"jobs": 1}, "there": {"scheduler": cluster[-1]}}
    for where, options in places.items():
        score_structures(structures, potentials=(), out=tmp_path / where, **options)
    assert (tmp_path / "here" / "scores.json").read_bytes() == (tmp_path / "there" / "scores.json").read_bytes()


def test_a_reference_set_has_the_same_bytes(few: dict[str, str], cluster: tuple[str, ...], tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": list(few), "cif": list(few.values())}), tmp_path / "table.parquet")
    (tmp_path / "few.toml").write_text(DEFINITION)
    for where, options in (("here", ("--jobs", "1")), ("there", cluster)):
        assert reference_data(["build", str(tmp_path / "few.toml"), "--out", str(tmp_path / where), *options]) == 0
    names = [path.name for path in (tmp_path / "here").iterdir()]
    assert MANIFEST_FILE in names
    assert filecmp.cmpfiles(tmp_path / "here", tmp_path / "there", names, shallow=False) == (names, [], [])


def test_workers_behind_separate_addresses_are_reached() -> None:
    try:
        subprocess.run(BRIDGE, check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespaces with a bridge can be made here: {error}")
    command = ["unshare", "-rn", sys.executable, "-m", "tests.separate_hosts"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {"workers": ["10.77.0.2", "10.77.0.3"], "outcomes": [0.1] * 12}
