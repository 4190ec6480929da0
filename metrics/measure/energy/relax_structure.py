"""One structure and one potential: a single point or a relaxation, and its record; runs in a worker process."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from ase.geometry import minkowski_reduce
from ase.neighborlist import neighbor_list

from metrics.crystal import Crystal
from metrics.measure.energy import gpu_memory
from metrics.measure.energy.cell_filter import CellFilter
from metrics.measure.energy.relax_record import EnergyRecord, Relaxation, Settings, cell_of, hash_of
from metrics.measure.energy.relax_rmsd import relaxation_rmsd
from metrics.measure.energy.shared_potential import Seat, run_together
from metrics.measure.potentials import NotDescribedError, PotentialUnavailableError, find

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ase.calculators.calculator import Calculator

    from metrics.measure.potentials import BatchCalculator, Potential

# A relaxation beyond these has left what a potential was trained on; real ones stay far inside
MAX_FORCE = 1000.0  # eV/A
VOLUME_RATIO = (0.2, 5.0)  # of the volume at the start


@dataclass(frozen=True)
class Task:
    """What a worker needs to know.

    Attributes:
        crystal: the structure.
        potential: id.
        settings: a single point or a relaxation.
        device: ``cpu``, ``cuda`` or ``auto``: cuda where there is one.
        gpu_share: of the GPU's memory, for this worker.

    """

    crystal: Crystal
    potential: str
    settings: Settings
    device: str = "auto"
    gpu_share: float = gpu_memory.GPU_SHARE


class Answer(NamedTuple):
    """A record, and whether it stands for ever: not where more time or another installation would change it."""

    record: EnergyRecord
    final: bool


class _StoppedError(Exception):
    """A structure that ends without an energy, and the status and detail of its record."""

    def __init__(self, detail: str, *, status: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def blank_record(crystal: Crystal, potential: Potential, settings: Settings) -> EnergyRecord:
    """The record of a structure that nothing is known of yet; its status is still to be filled."""
    return EnergyRecord(
        sha256=crystal.sha256,
        potential=potential.id,
        checkpoint_sha256=potential.checkpoint_sha256,
        settings_hash=hash_of(settings),
        relaxed=isinstance(settings, Relaxation),
        status="failed",
    )


def energies_of_several(tasks: Sequence[Task], seats: int) -> list[Answer | None]:
    """Records of structures that ask one potential together; None where a structure has to be tried alone.

    Args:
        tasks: of one potential that batches, on one device.
        seats: structures under way at a time.

    """
    potential = find(tasks[0].potential)
    device = best_device(potential) if tasks[0].device == "auto" else tasks[0].device
    try:
        shared = calculator(potential.id, device)
    except PotentialUnavailableError:
        return [energy_of(task) for task in tasks]
    answers = run_together(tasks, energy_of, cast("BatchCalculator", shared), seats=seats)
    return [answer if isinstance(answer, Answer) and _stands_for_one_alone(answer) else None for answer in answers]


def _stands_for_one_alone(answer: Answer) -> bool:
    """Not where memory was short, which the others of the batch may have had."""
    return answer.final or answer.record.status == "time_limit"


def energy_of(task: Task, seat: Seat | None = None) -> Answer:
    """Record of one structure; what the potential, the structure or the clock forbids is a status with its reason.

    Args:
        task: the structure, and what is asked.
        seat: among several that run together; alone it has the potential to itself.

    """
    potential = find(task.potential)
    device = best_device(potential) if task.device == "auto" else task.device
    record = replace(blank_record(task.crystal, potential, task.settings), device=device)
    clock: Callable[[], float] = seat.seconds if seat else time.monotonic
    began = None
    final = True
    try:
        _check_elements(task.crystal, potential)
        atoms = Atoms(
            numbers=task.crystal.atomic_numbers,
            cell=task.crystal.lattice,
            scaled_positions=task.crystal.frac_coords,
            pbc=True,
            calculator=seat or calculator(potential.id, device),
        )
        if device == "cuda":
            gpu_memory.limit(task.gpu_share)
        began = clock()  # loading the potential is not this structure's fault
        _check_reach(atoms, potential, 0)
        outcome = _answered(task, atoms, potential, clock) | _energies(atoms, potential)
    except _StoppedError as stop:
        outcome = {"status": stop.status, "detail": stop.detail}
        final = stop.status != "time_limit"
    except NotDescribedError as error:
        outcome = {"status": "failed", "detail": str(error)}
    except PotentialUnavailableError as error:
        outcome = {"status": "failed", "detail": str(error)}
        final = False
    except RuntimeError as error:
        shortage = gpu_memory.shortage(error)
        if shortage is None:
            raise
        outcome = {"status": "failed", "detail": shortage}
        final = False
        gpu_memory.free()
    seconds = None if began is None else clock() - began
    return Answer(replace(record, **outcome, seconds=seconds), final)


@lru_cache(maxsize=1)
def calculator(potential_id: str, device: str) -> Calculator:
    """Load a potential, once per process.

    Raises:
        PotentialUnavailableError: it cannot be loaded here.

    """
    return find(potential_id).make(device)


def best_device(potential: Potential) -> str:
    """``cuda`` where the potential can use it and torch sees one, else ``cpu``."""
    if "cuda" not in potential.devices or find_spec("torch") is None:
        return "cpu"
    import torch  # noqa: PLC0415 - slow to import, and absent where only the structural tier is installed

    return "cuda" if torch.cuda.is_available() else "cpu"


def _answered(task: Task, atoms: Atoms, potential: Potential, clock: Callable[[], float]) -> dict[str, Any]:
    """All columns but the energies."""
    if isinstance(task.settings, Relaxation):
        return _relaxed(task.crystal, task.settings, atoms, potential, clock)
    if not task.settings.forces:
        return {"status": "ok"}
    _check_bounds(atoms, task.crystal, 0)
    return {"status": "ok", "max_force": _max_force(atoms)}


def _relaxed(
    start: Crystal, settings: Relaxation, atoms: Atoms, potential: Potential, clock: Callable[[], float]
) -> dict[str, Any]:
    """Relax in place.

    Raises:
        _StoppedError: out of time, or out of bounds.

    """
    from ase.optimize import FIRE  # noqa: PLC0415 - slow, and whoever hands out tasks relaxes nothing

    optimizer = FIRE(CellFilter(atoms), logfile=None)
    began, converged = clock(), False
    try:
        for converged in optimizer.irun(fmax=settings.fmax, steps=settings.max_steps):
            _check_bounds(atoms, start, optimizer.nsteps)
            _check_reach(atoms, potential, optimizer.nsteps)
            if clock() - began > settings.time_limit_s and not converged:
                detail = f"not converged after {settings.time_limit_s:g} s and {optimizer.nsteps} steps"
                raise _StoppedError(detail, status="time_limit")
    except NotDescribedError as error:
        if optimizer.nsteps == 0:
            raise
        detail = f"after {optimizer.nsteps} steps: {error}"
        raise _StoppedError(detail, status="exploded") from error
    end = Crystal.from_arrays(atoms.cell.array, atoms.get_scaled_positions(wrap=False), start.atomic_numbers)
    max_force = _max_force(atoms)
    detail = f"not below {settings.fmax:g} eV/A after {settings.max_steps} steps; largest force {max_force:.3g} eV/A"
    return {
        "status": "converged" if converged else "step_limit",
        "detail": None if converged else detail,
        "n_steps": optimizer.nsteps,
        "rmsd": relaxation_rmsd(start, end),
        "max_force": max_force,
        "cell": cell_of(end),
    }


def _check_elements(crystal: Crystal, potential: Potential) -> None:
    unknown = sorted(set(crystal.atomic_numbers.tolist()) - potential.elements)
    if unknown:
        detail = f"{potential.id} does not know {', '.join(chemical_symbols[number] for number in unknown)}"
        raise _StoppedError(detail, status="unknown_element")


def _check_reach(atoms: Atoms, potential: Potential, n_steps: int) -> None:
    """Stop where an atom has no neighbour that the potential sees: its energy is that of a lone atom.

    Raises:
        _StoppedError: names the first such atom, its nearest neighbour's distance and the reach.

    """
    if np.linalg.norm(atoms.cell.array, axis=1).min() < potential.reach:
        return  # every atom sees its own image
    seen = np.zeros(len(atoms), dtype=bool)
    seen[neighbor_list("i", atoms, potential.reach)] = True
    if seen.all():
        return
    lone = int(np.flatnonzero(~seen)[0])
    others = np.delete(np.arange(len(atoms)), lone)
    images = minkowski_reduce(atoms.cell.array)[0]
    to_others = atoms.get_distances(lone, others, mic=True) if len(others) else []
    distances = [*to_others, *np.linalg.norm(images, axis=1)]
    status, when = ("exploded", f"after {n_steps} steps ") if n_steps else ("failed", "")
    detail = (
        f"{when}{potential.id} sees no neighbour of atom {lone + 1} ({atoms.symbols[lone]}): the nearest is "
        f"{min(distances):.4g} angstrom away, its reach is {potential.reach:.4g}; that is the energy of a lone atom"
    )
    raise _StoppedError(detail, status=status)


def _check_bounds(atoms: Atoms, start: Crystal, n_steps: int) -> None:
    """Stop what left all bounds, or never was within them."""
    status, when = ("exploded", f"after {n_steps} steps") if n_steps else ("failed", "as given")
    low, high = VOLUME_RATIO
    if not low <= (ratio := atoms.get_volume() / start.volume) <= high:
        detail = f"{when} the volume is {ratio:.3g} times that at the start, outside {low:g} to {high:g}"
        raise _StoppedError(detail, status=status)
    if not (force := _max_force(atoms)) <= MAX_FORCE:
        detail = f"{when} a force is {force:.3g} eV/A, above {MAX_FORCE:g}"
        raise _StoppedError(detail, status=status)


def _max_force(atoms: Atoms) -> float:
    """Largest force on an atom in eV/A; not a number where any is."""
    return float(np.linalg.norm(atoms.get_forces(), axis=1).max())


def _energies(atoms: Atoms, potential: Potential) -> dict[str, Any]:
    """Energy columns.

    Raises:
        _StoppedError: the energy is not finite, or none of a crystal.

    """
    energy = float(atoms.get_potential_energy())
    low, high = potential.energy_range
    per_atom = energy / len(atoms)
    if not low <= per_atom <= high:
        detail = f"energy of {per_atom:.4g} eV/atom, outside {low:g} to {high:g}: atoms overlap or the cell is torn"
        raise _StoppedError(detail, status="failed")
    return {"energy": energy, "energy_per_atom": per_atom, "energy_convention": potential.energy_convention}
