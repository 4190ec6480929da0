"""Interatomic potentials, one file each; reading this registry loads none of their packages.

A potential is named, its checkpoint pinned by content, and its energies carry their convention. Its calculator is made
where it is needed, in a process of its own (:func:`metrics.measure.energy.relaxation.processes_of`).

Imports no other room of ``measure``.
"""

from __future__ import annotations

import hashlib
import pkgutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from metrics.energy_convention import check_convention
from metrics.installed import FOLDER, interpreter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ase import Atoms
    from ase.calculators.calculator import Calculator

CHECKPOINTS = FOLDER / "checkpoints"
"""Where weights that no package carries are put by hand; nothing here downloads any."""

WORKER_PACKAGES = ("ase", "numpy", "pymatgen")
"""What the process of every potential needs besides the potential's own, in whatever version it gets along with."""


class PotentialUnavailableError(Exception):
    """A potential cannot be loaded here: a package or its checkpoint is missing, or is not the pinned one."""


class NotDescribedError(Exception):
    """A structure that a loaded potential has no answer for, with the reason."""


class BatchCalculator(Protocol):
    """What a calculator also is where its potential answers for many structures at once."""

    def graph_of(self, atoms: Atoms) -> Any:  # noqa: ANN401 - whatever the potential reads a structure into
        """Read a structure.

        Raises:
            NotDescribedError: the potential has no answer for it.

        """

    def results_of(self, graphs: Sequence[Any], *, forces: bool) -> list[dict[str, Any]]:
        """ASE's results by name for each graph; without forces the energy alone, at a fraction of the cost."""


@dataclass(frozen=True)
class Potential:
    """What decides the energies of one interatomic potential, and how to get it.

    Attributes:
        id: name in files and on the command line.
        label: name that people read.
        energy_convention: what its total energies can be compared with (:mod:`metrics.energy_convention`).
        checkpoint_sha256: of the file that holds its parameters.
        elements: atomic numbers it was trained on.
        reach: angstrom beyond which atoms do not see each other. The energy of an atom without a neighbour within it is
            that of a lone one, and says nothing of a crystal.
        energy_range: (lowest, highest) plausible energy in eV/atom; what lies outside is no energy of a crystal.
        requirements: the packages it needs, pinned.
        source: paper and licence of the weights.
        find_checkpoint: where the checkpoint lies here; does not load anything.
        load: makes the ASE calculator from (checkpoint, device); asked only for the energy, it may compute only that.
        batches: its calculator is a :class:`BatchCalculator` as well.
        devices: where it can run.
        install: what to do where it is missing.
        environment: name of the virtual environment ``.venv-<name>`` it needs where it cannot share this one.

    """

    id: str
    label: str
    energy_convention: str
    checkpoint_sha256: str
    elements: frozenset[int]
    reach: float
    energy_range: tuple[float, float]
    requirements: tuple[str, ...]
    source: str
    find_checkpoint: Callable[[], Path] = field(repr=False)
    load: Callable[[Path, str], Calculator] = field(repr=False)
    batches: bool = False
    devices: tuple[str, ...] = ("cpu", "cuda")
    install: str = "pip install -r requirements-stability.txt"
    environment: str | None = None

    def __post_init__(self) -> None:
        """Refuse a convention that is not on the list."""
        check_convention(self.energy_convention)

    @property
    def python(self) -> str:
        """The interpreter that runs it: its own environment's where there is one, else this one."""
        return interpreter(self.environment)

    def checkpoint(self) -> Path:
        """Where the checkpoint lies, after comparing its bytes with the pinned hash.

        Raises:
            PotentialUnavailableError: a package or the file is missing, or is another one than pinned.

        """
        for requirement in (*self.requirements, *WORKER_PACKAGES):
            self._check_installed(requirement)
        path = self.find_checkpoint()
        if not path.is_file():
            msg = f"{self.id}: no checkpoint {path}; {self.install}"
            raise PotentialUnavailableError(msg)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 != self.checkpoint_sha256:
            msg = f"{self.id}: checkpoint {path.name} has sha256 {sha256}, expected {self.checkpoint_sha256}"
            raise PotentialUnavailableError(msg)
        return path

    def make(self, device: str) -> Calculator:
        """Load it; takes seconds.

        Args:
            device: ``cpu`` or ``cuda``.

        Raises:
            PotentialUnavailableError: it is not here, or not as pinned.

        """
        return self.load(self.checkpoint(), device)

    def missing(self) -> str | None:
        """Why it cannot be loaded here and what to do; None where it can. Looks into its own environment."""
        if self.python != sys.executable:
            command = [self.python, "-m", __name__, self.id]
            run = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)  # noqa: S603 - ours
            return None if run.returncode == 0 else (run.stdout or run.stderr).strip()
        try:
            self.checkpoint()
        except PotentialUnavailableError as error:
            return str(error)
        return None

    def _check_installed(self, requirement: str) -> None:
        name, _, pinned = requirement.partition("==")
        try:
            installed = version(name)
        except PackageNotFoundError:
            msg = f"{self.id} needs {requirement}, which is not installed; {self.install}"
            raise PotentialUnavailableError(msg) from None
        if pinned and installed != pinned:
            msg = f"{self.id} needs {requirement}, found {installed}; {self.install}"
            raise PotentialUnavailableError(msg)


@cache
def registry() -> Mapping[str, Potential]:
    """Every potential by id: the constant ``POTENTIAL`` of each module of this folder."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in names if name != "__main__"]
    potentials = [module.POTENTIAL for module in modules if hasattr(module, "POTENTIAL")]
    return {potential.id: potential for potential in sorted(potentials, key=lambda potential: potential.id)}


def find(potential_id: str) -> Potential:
    """Look one up.

    Raises:
        ValueError: there is none of this id.

    """
    if potential_id not in registry():
        msg = f"no potential {potential_id!r}; there are: {', '.join(registry())}"
        raise ValueError(msg)
    return registry()[potential_id]


def package_folder(name: str) -> Path:
    """Folder of an installed package, found without importing it.

    Raises:
        PotentialUnavailableError: there is none.

    """
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        msg = f"package {name} is not installed"
        raise PotentialUnavailableError(msg)
    return Path(next(iter(spec.submodule_search_locations)))
