"""The layout's rules, read from the source: which room may import which, how full a folder is, what the app loads."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import metrics

ROOT = Path(__file__).parents[1]
FOLDERS = ("metrics", "submissions", "reference_data", "leaderboard")


@dataclass(frozen=True)
class Arrows:
    """Rooms as a line of steps: each may import itself and the steps before its own, and nothing of its own step.

    Attributes:
        steps: dotted names of the rooms, the lowest step first.
        beside: pairs of one step of which the first may import the second all the same.

    """

    steps: tuple[tuple[str, ...], ...]
    beside: frozenset[tuple[str, str]] = frozenset()

    def forbidden(self) -> dict[str, set[str]]:
        """What each room may not import."""
        rooms = {room: step for step, several in enumerate(self.steps) for room in several}
        return {
            room: {
                other
                for other, other_step in rooms.items()
                if other != room and other_step >= step and (room, other) not in self.beside
            }
            for room, step in rooms.items()
        }


LINES = {
    "project": Arrows((("metrics",), ("submissions",), ("reference_data",), ("leaderboard",), ("app", "tests"))),
    "metrics": Arrows((("metrics.statistics",), ("metrics.score",), ("metrics.scores",))),
    "measure": Arrows(
        (
            ("metrics.measure.running", "metrics.measure.potentials"),
            ("metrics.measure.fingerprint",),
            ("metrics.measure.structure", "metrics.measure.chemistry"),
            ("metrics.measure.matching", "metrics.measure.energy"),
        ),
        beside=frozenset({("metrics.measure.chemistry", "metrics.measure.structure")}),
    ),
    "leaderboard": Arrows(
        (
            ("leaderboard.protocol", "leaderboard.records", "leaderboard.store"),
            ("leaderboard.calibration",),
            ("leaderboard.matching", "leaderboard.run"),
            ("leaderboard.baselines",),
            ("leaderboard.published",),
            ("leaderboard.board",),
            ("leaderboard.moderation",),
            ("leaderboard.export",),
            ("leaderboard.pages",),
            ("leaderboard.server",),
        ),
        beside=frozenset(
            {
                ("leaderboard.records", "leaderboard.protocol"),
                ("leaderboard.store", "leaderboard.protocol"),
                ("leaderboard.store", "leaderboard.records"),
                ("leaderboard.run", "leaderboard.matching"),
            }
        ),
    ),
    "pages": Arrows(
        (
            ("leaderboard.pages.parts",),
            ("leaderboard.pages.texts", "leaderboard.pages.structures", "leaderboard.pages.reference"),
            ("leaderboard.pages.board", "leaderboard.pages.compare"),
            ("leaderboard.pages.model",),
            ("leaderboard.pages.submit",),
            ("leaderboard.pages.api",),
            ("leaderboard.pages.site",),
        )
    ),
}
"""Every line of arrows that the layout has."""

CLOSED = {
    # no score, nor anything that scores are made of, knows how a fact is measured
    "metrics.score": {"metrics.measure"},
    "metrics.scores": {"metrics.measure"},
    "metrics.statistics": {"metrics.measure"},
    "metrics.reference_statistics": {"metrics.measure"},
    "metrics.chemical_histogram": {"metrics.measure"},
    "leaderboard.run": {"leaderboard.board", "leaderboard.pages"},
    "reference_data.build": {"reference_data.queries", "reference_data.potential_accuracy"},
    "reference_data.files": {"reference_data.queries", "reference_data.potential_accuracy"},
}
"""What a room may not import, whatever line it stands in."""

NAMED = {room for line in LINES.values() for step in line.steps for room in step} | set(CLOSED).union(*CLOSED.values())

WITHOUT_CHEMISTRY = ("metrics/scores/*.py", "metrics/statistics/*.py", "metrics/*.py")
CHEMISTRY = {"pymatgen", "spglib", "ase"}
MAX_FILES = 14
CROWDED = {"formats"}
"""The folder of many small files of one kind."""


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


def sources(room: str) -> list[Path]:
    """Files of a room, which is a package or a module."""
    place = ROOT / room.replace(".", "/")
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    assert files, f"{room} holds no source file"
    assert all(path.is_file() for path in files), f"{room} is neither a package nor a module"
    return files


def is_inside(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def wrong_imports(room: str, forbidden: set[str]) -> list[str]:
    """Imports of a room that lie inside what it may not import."""
    return sorted(
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(room)
        for name in imported(path)
        if any(is_inside(name, other) for other in forbidden)
    )


def rooms_of(package: str) -> set[str]:
    """Dotted names of the packages right inside one."""
    return {f"{package}.{path.parent.name}" for path in (ROOT / package.replace(".", "/")).glob("*/__init__.py")}


def packages() -> list[Path]:
    return sorted(path.parent for folder in FOLDERS for path in (ROOT / folder).rglob("__init__.py"))


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        pytest.param(room, forbidden, id=room)
        for line in LINES.values()
        for room, forbidden in line.forbidden().items()
        if room != "tests"
    ],
)
def test_a_room_imports_only_what_stands_before_it(room: str, forbidden: set[str]) -> None:
    assert not wrong_imports(room, forbidden)


@pytest.mark.parametrize(("room", "forbidden"), [pytest.param(*closed, id=closed[0]) for closed in CLOSED.items()])
def test_a_room_does_not_import_what_is_closed_to_it(room: str, forbidden: set[str]) -> None:
    assert not wrong_imports(room, forbidden)


@pytest.mark.parametrize("room", sorted(NAMED))
def test_every_room_that_an_arrow_names_is_there(room: str) -> None:
    assert sources(room)


def test_every_room_of_measure_stands_in_its_line() -> None:
    assert rooms_of("metrics.measure") == {room for step in LINES["measure"].steps for room in step}


def test_statistics_import_nothing_else_of_metrics() -> None:
    nouns = {f"metrics.{path.stem}" for path in (ROOT / "metrics").glob("*.py")}
    assert not wrong_imports("metrics.statistics", (rooms_of("metrics") | nouns) - {"metrics.statistics"})


def test_the_files_of_a_set_import_no_other_room() -> None:
    assert not wrong_imports("reference_data.files", rooms_of("reference_data") - {"reference_data.files"})


@pytest.mark.parametrize("pattern", WITHOUT_CHEMISTRY)
def test_scores_and_statistics_do_not_import_pymatgen(pattern: str) -> None:
    paths = sorted(ROOT.glob(pattern))
    assert paths
    assert not {path.name for path in paths if CHEMISTRY & {name.split(".")[0] for name in imported(path)}}


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_folder_is_crowded(folder: str) -> None:
    counts = {path: len(list(path.glob("*.py"))) for path in [ROOT / folder, *(ROOT / folder).rglob("*/")]}
    crowded = {str(path.relative_to(ROOT)): count for path, count in counts.items() if count > MAX_FILES}
    assert not {name: count for name, count in crowded.items() if not CROWDED & set(Path(name).parts)}


@pytest.mark.parametrize("package", packages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_package_says_what_lives_there_and_what_it_may_import(package: Path) -> None:
    says = ast.get_docstring(ast.parse((package / "__init__.py").read_text()))
    assert says, "no docstring"
    lives_there, *more = says.splitlines()
    assert lives_there.endswith("."), "the first line says what lives there"
    assert re.search(r"\b(May import|Imports)\b", "\n".join(more)), "a line below says what it may import"


def test_the_package_called_metrics_is_ours() -> None:
    assert Path(metrics.__file__ or "").parent == ROOT / "metrics"


def loaded_by(code: str) -> set[str]:
    """Names of the packages that a new process has loaded after running some code."""
    return {name.split(".")[0] for name in modules_loaded_by(code)}


def modules_loaded_by(code: str) -> set[str]:
    """Names of the modules that a new process has loaded after running some code."""
    code = f"import sys; {code}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_app_loads_neither_torch_nor_pymatgen() -> None:
    # gradio and the pages are imported when it starts to serve
    loaded = loaded_by(
        "import app; from leaderboard.pages.site import build; from leaderboard.queue.runner import Runner"
    )
    assert {"app", "gradio"} <= loaded
    assert not {"torch", "pymatgen", "spglib", "numba", "distributed"} & loaded


def test_the_scores_load_without_pymatgen() -> None:
    loaded = loaded_by("from metrics.score import registry; assert registry()")
    assert "pandas" in loaded
    assert not {"torch", "numba", *CHEMISTRY} & loaded


def test_what_hands_out_the_work_of_a_run_loads_nothing_that_only_workers_use() -> None:
    loaded = modules_loaded_by("import leaderboard.run.scoring; from metrics.measure import registry as m; m()")
    assert "metrics.measure.matching.verdict" in loaded
    assert not {"scipy.optimize", "ase.optimize", "pymatgen.core.structure_matcher", "pymatgen.io.cif"} & loaded


def test_the_registries_load_without_the_stability_tier() -> None:
    loaded = loaded_by("from metrics.score import registry as s; from metrics.measure import registry as m; s(), m()")
    assert "pymatgen" in loaded
    assert "torch" not in loaded
