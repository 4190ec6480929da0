"""The Python call: structures in memory to the same scores that the command line and the board give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd  # noqa: TC002 - pydantic reads the types of fields when it makes the class
from pydantic import ConfigDict, Field

from leaderboard.protocol import CURRENT, load_protocol
from leaderboard.records import RunScores

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


class Scores(RunScores):
    """The content of ``scores.json``, and the facts of every structure that it was made from.

    ``model_dump(mode="json")`` gives the content of the file, ``scores["n_submitted"]`` one field of it.

    Attributes:
        structures: one row per structure in the order given: id, refusal and its detail, and all that was measured.

    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    structures: pd.DataFrame = Field(exclude=True, repr=False)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - whatever the file holds under this name
        """The same as in ``scores.json``."""
        return self.model_dump(mode="json")[name]


def score_structures(  # noqa: PLR0913 - the choices of the command line, by name
    structures: Iterable[object] | Mapping[str, object],
    ids: Iterable[object] | None = None,
    *,
    protocol: str = CURRENT,
    reference: str | Path | None = None,
    potentials: Sequence[str] | None = None,
    relax: bool | None = None,
    training_sets: Sequence[str | Path] = (),
    jobs: int | None = None,
    scheduler: str | None = None,
    gpu: bool = False,
    out: Path | None = None,
) -> Scores:
    """Score structures held in memory.

    Args:
        structures: pymatgen Structures or ASE Atoms, or their dicts, periodic in three dimensions; each is one record.
            Or a mapping from ids to them.
        ids: one per structure; default is its position from 0. Repeated ids get ``#2``, ``#3``.
        protocol: version of the benchmark, by name.
        reference: name or folder of a reference set; default is the protocol's first that is present.
        potentials: ids of interatomic potentials; default are the protocol's, none of them is the structural tier.
        relax: energies of relaxed structures too; default is the protocol's choice.
        training_sets: built reference sets that the model was trained on, by name or folder, to measure the overlap.
        jobs: worker processes of this machine; default is the number of usable cores.
        scheduler: address of the Dask scheduler of a cluster that measures instead, such as tcp://10.0.0.1:8786.
        gpu: only workers of the cluster with the resource GPU run potentials.
        out: folder for the run's files (facts of every structure among them); default is the store's workspace.

    Returns:
        The content of ``scores.json``: protocol, reference, n_submitted and the scores; its attribute ``structures``
        is the table of facts of every structure.

    Raises:
        FileRefusedError: nothing was given, or nothing of it is a crystal.
        RunError: the folder holds another run, a potential or a hull for it is missing, or the iterable raised.
        TypeError: one structure was given, not several.
        ValueError: there is not one id per structure, or where it should be measured contradicts itself.
        EngineError: no scheduler answers.
        ProtocolError: there is no such protocol.
        ReferenceSetError: the reference set cannot be opened.

    What is no ordered crystal (None, a molecule, partial occupancies, Atoms without a cell) stays a record, refused
    with its reason.

    """
    # the board imports this package and measures nothing: what measuring needs is imported when it is called
    from leaderboard.processes import start_engine  # noqa: PLC0415 - see above
    from leaderboard.run.in_memory import records_of  # noqa: PLC0415 - see above
    from leaderboard.run.scoring import Resources, Setting, score_records  # noqa: PLC0415 - see above
    from leaderboard.store.local import Store  # noqa: PLC0415 - see above
    from metrics.measure.running.choice import EngineChoice  # noqa: PLC0415 - see above
    from metrics.measure.running.progress import ToTerminal  # noqa: PLC0415 - see above
    from submissions.card import Card  # noqa: PLC0415 - see above

    potential_ids = None if potentials is None else tuple(potentials)
    where = EngineChoice(jobs, scheduler, gpu)
    setting = Setting.of(load_protocol(protocol), reference, potential_ids, relax=relax, training_folders=training_sets)
    records = records_of(structures, ids)
    with start_engine(where) as engine:
        resources = Resources(engine, Store(), ToTerminal())
        run = score_records(records, Card(model="in memory"), setting, resources, out=out)
        return Scores(**run.scores.model_dump(), structures=run.columns())
