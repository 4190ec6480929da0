"""The layout's rules, read from the source: which folder may import which, and what the app must not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import metrics

ROOT = Path(__file__).parents[1]
LINE = ("metrics", "submissions", "reference_data", "leaderboard")
"""Each may import itself and what stands before it."""


def imported(path: Path) -> set[str]:
    """Absolute names of all modules a file imports, wherever in it; this project uses no relative imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def sources(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"{folder} holds no source file"
    return found


@pytest.mark.parametrize(("position", "folder"), list(enumerate(LINE)))
def test_folders_import_only_what_stands_before_them(position: int, folder: str) -> None:
    forbidden = {*LINE[position + 1 :], "app", "tests"}
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(folder)
        for name in imported(path)
        if name.split(".")[0] in forbidden
    }
    assert not wrong


def test_scores_do_not_import_pymatgen() -> None:
    wrong = [
        path.name
        for path in sorted((ROOT / "metrics").glob("*.py"))
        if any(name.split(".")[0] in {"pymatgen", "spglib", "ase"} for name in imported(path))
    ]
    assert not wrong


def test_the_package_called_metrics_is_ours() -> None:
    assert Path(metrics.__file__ or "").parent == ROOT / "metrics"


def test_the_app_loads_neither_torch_nor_pymatgen() -> None:
    code = "import app, sys; print(sorted({'torch', 'pymatgen', 'spglib', 'numba'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_registries_load_without_the_stability_tier() -> None:
    code = (
        "import sys; from metrics.score import registry as s; from metrics.measure import registry as m;"
        "assert s() and m(); print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
