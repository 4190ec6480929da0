"""The Python call: structures in memory to the same scores that the command line and the board give."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ase import Atoms
    from pymatgen.core.structure import Structure

    from submissions.record import Record


def score_structures(  # noqa: PLR0913 - the choices of the command line, by name
    structures: Iterable[Structure | Atoms],
    ids: Sequence[str] | None = None,
    *,
    protocol: str = "v1",
    reference: str | Path | None = None,
    potentials: Sequence[str] | None = None,
    relax: bool | None = None,
    jobs: int | None = None,
    out: Path | None = None,
) -> dict[str, Any]:
    """Score structures held in memory.

    Args:
        structures: pymatgen Structures or ASE Atoms, periodic in three dimensions; each is one record.
        ids: one per structure; default is its position from 0. Repeated ids get ``#2``, ``#3``.
        protocol: name of the protocol.
        reference: name or folder of a reference set; default is the protocol's first that is present.
        potentials: ids of interatomic potentials; default are the protocol's, none of them is the structural tier.
        relax: energies of relaxed structures too; default is the protocol's choice.
        jobs: worker processes; default is the number of usable cores.
        out: folder for the run's files (facts of every structure among them); default is the store's workspace.

    Returns:
        The content of ``scores.json``: protocol, reference, n_submitted and the list of scores.

    Raises:
        FileRefusedError: nothing was given, or nothing of it is a crystal.
        RunError: the folder holds another run, or a potential or a hull for it is missing.
        ValueError: there is not one id per structure.
        ReferenceSetError: the reference set cannot be opened.

    A structure with partial occupancies or an unknown element stays a record, refused with its reason.

    """
    # the board imports this package and measures nothing: what measuring needs is imported when it is called
    from leaderboard.run.scoring import Resources, Setting, score_records, start_engine  # noqa: PLC0415 - see above
    from leaderboard.store.local import Store  # noqa: PLC0415 - see above
    from metrics.measure.running.progress import to_terminal  # noqa: PLC0415 - see above
    from submissions.card import Card  # noqa: PLC0415 - see above

    setting = Setting.of(protocol, reference, None if potentials is None else tuple(potentials), relax=relax)
    records = _records(list(structures), ids)
    with start_engine(jobs) as engine:
        resources = Resources(engine, Store(), to_terminal)
        return score_records(records, Card(model="in memory"), setting, resources, out=out).scores


def _records(structures: Sequence[Structure | Atoms], ids: Sequence[str] | None) -> list[Record]:
    """The structures as the records that a JSON submission of them would give.

    Raises:
        ValueError: there is not one id per structure.

    """
    from pymatgen.core.structure import IStructure  # noqa: PLC0415 - heavy
    from pymatgen.io.ase import AseAtomsAdaptor  # noqa: PLC0415 - heavy

    from submissions.record import Record  # noqa: PLC0415 - see above

    if ids is not None and len(ids) != len(structures):
        msg = f"{len(ids)} ids for {len(structures)} structures; give one for each, or none"
        raise ValueError(msg)
    records = []
    seen: dict[str, int] = {}
    for position, structure in enumerate(structures):
        name = str(position) if ids is None else ids[position]
        seen[name] = seen.get(name, 0) + 1
        periodic = structure if isinstance(structure, IStructure) else AseAtomsAdaptor.get_structure(structure)
        payload = json.dumps(periodic.as_dict()).encode()
        records.append(Record(name if seen[name] == 1 else f"{name}#{seen[name]}", "json", payload))
    return records
