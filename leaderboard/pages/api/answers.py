"""What the functions for programs answer, as types: unknown is null, never NaN, and a share lies in [0, 1]."""

# no postponed annotations: gradio documents the types of fields as they are
from typing import Any, TypedDict


class Board(TypedDict):
    """The board of one reference set.

    ``rows`` has a dict for each submission with the columns of ``python -m leaderboard table --format json``: what it
    is, its rank with the ranks that it cannot be told apart from, and of each score ``<score>``, ``<score>_low``,
    ``<score>_high`` (95% interval), ``<score>_counted`` and ``<score>_unknown`` (numbers of structures).
    """

    reference: str
    references: list[str]
    indicative: bool
    protocol: str
    protocol_hash: str
    ranked_by: str
    n_rows: int
    rows: list[dict[str, Any]]


class Model(TypedDict):
    """One run of a model.

    ``scores`` are the entries of its ``scores.json``; ``record`` says how they were made; ``board`` is its row of the
    board without scores, null where it has none, as a private check.
    """

    run: str
    model: str
    owner: str | None
    card: dict[str, Any]
    record: dict[str, Any]
    scores: list[dict[str, Any]]
    board: dict[str, Any] | None


class Structures(TypedDict):
    """One page of the structures of a run: the facts of each, and ``reasons``: what speaks against it, in sentences."""

    run: str
    show: str
    page: int
    n_pages: int
    n_structures: int
    structures: list[dict[str, Any]]


class Status(TypedDict):
    """Where a submission stands.

    ``state`` is queued, running, scored, refused, failed, cancelled, publishing or listed; ``says`` says it as a
    sentence. ``run`` names its result for the other functions, null until there is one; ``link`` leads to its page.
    """

    job: str
    state: str
    says: str
    model: str
    file_name: str
    ahead: int | None
    wait_s: float | None
    done: int | None
    total: int | None
    seconds_left: float | None
    run: str | None
    error: str | None
    link: str
