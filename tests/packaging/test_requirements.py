"""The pinned requirement files, read without a network: they are what pyproject.toml asks for, and all it needs."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from leaderboard.release import STABILITY_PACKAGES
from metrics.code_version import BENEATH_PACKAGES, PACKAGES

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
DEPENDENCIES: list[str] = PROJECT["project"]["dependencies"]
STABILITY: list[str] = PROJECT["project"]["optional-dependencies"]["stability"]
BASELINES: list[str] = PROJECT["project"]["optional-dependencies"]["baselines"]
CLUSTER: list[str] = PROJECT["project"]["optional-dependencies"]["cluster"]
FILES = {
    "requirements.txt": DEPENDENCIES,
    "requirements-stability.txt": DEPENDENCIES + STABILITY,
    "requirements-baselines.txt": DEPENDENCIES + BASELINES,
    "requirements-cluster.txt": DEPENDENCIES + CLUSTER,
    "requirements-dev.txt": DEPENDENCIES + PROJECT["dependency-groups"]["dev"],
}
"""Each file and what it is the closure of."""

AS_INSTALLED = re.compile(r"\+.*")
"""Of a version: the build, such as +cpu, which the pin leaves open."""


@cache
def pins(name: str) -> dict[str, str]:
    """Version by package of the lines that apply to this machine."""
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.lstrip().startswith("#")]
    requirements = [Requirement(line) for line in lines]
    applying = [made for made in requirements if made.marker is None or made.marker.evaluate()]
    return {canonicalize_name(made.name): str(made.specifier).removeprefix("==") for made in applying}


def applying_needs(name: str, extras: set[str]) -> list[Requirement]:
    """What an installed package needs on this machine, with these extras of it."""
    needs = [Requirement(text) for text in distribution(name).requires or []]
    environments = [{"extra": extra} for extra in (extras or {""})]
    return [
        need
        for need in needs
        if need.marker is None or any(need.marker.evaluate(environment) for environment in environments)
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_file_pins_every_line_and_names_no_host_no_hash_and_no_build_of_cuda(name: str) -> None:
    text = (ROOT / name).read_text()
    assert pins(name)
    for line in text.splitlines():
        assert line.startswith("#") or re.fullmatch(r"[a-z0-9-]+==[^ =]+( ; .+)?", line), line
    # the CUDA packages are those of the build of torch that pip finds; nvidia-ml-py3 is what chgnet asks cards with
    cuda = {package for package in pins(name) if re.match(r"nvidia|cuda|triton", package)}
    assert cuda <= {"nvidia-ml-py3"}


@pytest.mark.parametrize("name", FILES)
def test_every_declared_dependency_is_pinned_within_its_bounds(name: str) -> None:
    for declared in map(Requirement, FILES[name]):
        pinned = pins(name).get(canonicalize_name(declared.name))
        assert pinned is not None, f"{name} lacks {declared.name}; write it with make lock"
        assert declared.specifier.contains(pinned), f"{name} pins {declared.name}=={pinned}, not {declared.specifier}"


def test_the_files_agree_with_each_other() -> None:
    everything = [(package, version) for name in FILES for package, version in pins(name).items()]
    for package, pinned in everything:
        assert {version for other, version in everything if other == package} == {pinned}, package


@pytest.mark.parametrize("name", FILES)
def test_a_file_holds_what_its_packages_need_and_nothing_else(name: str) -> None:
    """Walks the metadata of the installed packages; those in another version than pinned are not asked."""
    pinned = pins(name)
    needed: set[str] = set()
    waiting = [(canonicalize_name(made.name), made.extras) for made in map(Requirement, FILES[name])]
    visited = set()
    unknown = []
    while waiting:
        package, extras = waiting.pop()
        needed.add(package)
        if (package, frozenset(extras)) in visited:
            continue
        visited.add((package, frozenset(extras)))
        assert package in pinned, f"{name} lacks {package}; write it with make lock"
        try:
            version = AS_INSTALLED.sub("", distribution(package).version)
        except PackageNotFoundError:
            version = "none"
        if version != pinned[package]:
            unknown.append(f"{package} {pinned[package]} (installed: {version})")
            continue
        for need in applying_needs(package, extras):
            dependency = canonicalize_name(need.name)
            if package == "torch" and dependency not in pinned:
                continue  # a build with CUDA, see above
            assert dependency in pinned, f"{name} lacks {dependency}, which {package} needs; write it with make lock"
            assert need.specifier.contains(pinned[dependency]), f"{package} needs {need}, {name} pins another"
            waiting.append((dependency, need.extras))
    if unknown:
        pytest.skip(f"not installed as pinned, so what they need is not known: {', '.join(unknown)}")
    assert pinned.keys() == needed, f"{name} pins what nothing needs; write it with make lock"


def test_what_can_move_a_number_is_pinned_in_the_project_itself() -> None:
    exact = {made.name for made in map(Requirement, DEPENDENCIES) if str(made.specifier).startswith("==")}
    assert set(PACKAGES) <= exact
    assert exact - set(PACKAGES) == {"gradio"}  # the version of the Space
    beneath = {made.name for package in PACKAGES for made in applying_needs(package, set())}
    assert set(BENEATH_PACKAGES) <= beneath
    stability = {made.name for made in map(Requirement, STABILITY)}
    # matbench-discovery judges energies, e3nn is what sevenn computes with
    assert set(STABILITY_PACKAGES) == stability - {"matbench-discovery"} | {"e3nn"}


def test_the_space_runs_the_gradio_that_is_pinned() -> None:
    front_matter = (ROOT / "README.md").read_text().split("---")[1]
    assert f"sdk_version: {pins('requirements.txt')['gradio']}\n" in front_matter


def test_potentials_ask_for_the_versions_that_the_extra_installs() -> None:
    from metrics.measure.potentials import registry  # noqa: PLC0415 - the rest of this file reads text

    shared = [potential for potential in registry().values() if potential.environment is None]
    needs = {requirement for potential in shared for requirement in potential.requirements}
    assert needs
    assert needs <= set(STABILITY) | set(DEPENDENCIES)
