"""The board, made from the store alone: its runs, and every score of each as a row of a long table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from leaderboard.baselines.bundled import baseline_of, control_of
from leaderboard.board.names import score_name
from leaderboard.board.ranking import (
    APPROVED,
    MODEL,
    SPREAD,
    heard,
    is_indicative,
    ranking_of,
    score_rows,
    with_ranks,
    with_spreads,
    with_ties,
    without_selection,
)
from leaderboard.board.references import Ranked, ReferenceVersion, board_names, label
from leaderboard.published.recipe import published_of
from leaderboard.score_key import ScoreKey
from metrics.score import registry
from metrics.scores.stability import CALIBRATED_COLUMNS, VIEW_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leaderboard.protocol import Protocol
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run

FACTS: Mapping[str, str] = {
    "rank": "Int64",
    "rank_low": "Int64",
    "rank_high": "Int64",
    "tied_low": "Int64",
    "tied_high": "Int64",
    "not_ranked": "string",
    "model": "string",
    "bundled": "string",
    "published": "string",
    "version": "string",
    "owner": "string",
    "status": "string",
    "verified": "boolean",
    "same_file": "boolean",
    "n_runs": "Int64",
    "n_attempts": "Int64",
    "selection_shift": "Float64",
    "n_submitted": "Int64",
    "reference": "string",
    "reference_hash": "string",
    "indicative": "boolean",
    "ranked_by": "string",
    "calibration": "string",
    "created": "string",
    "protocol": "string",
    "protocol_hash": "string",
    "custom": "boolean",
    "run": "string",
    "training_sets": "string",
    "pre_relaxed": "boolean",
    "open_weights": "boolean",
    "architecture": "string",
    "paper": "string",
    "code": "string",
}
"""Columns of the board's runs."""
SCORES: Mapping[str, str] = {
    "run": "string",
    "name": "string",
    "variant": "string",
    "value": "Float64",
    "low": "Float64",
    "high": "Float64",
    "n_counted": "Int64",
    "n_unknown": "Int64",
}
"""Columns of the board's scores, before the spreads between runs of a model (``ranking.SPREAD``) join them."""
STATUSES: Mapping[str, str | None] = {
    "approved": None,
    "unverified": "unverified: waits for the maintainers' review",
    "superseded": "superseded by a newer submission",
}
"""What a row may be, and why it then takes no rank."""
PARTS: Mapping[str, str] = {
    "": "value",
    "_low": "low",
    "_high": "high",
    "_counted": "n_counted",
    "_unknown": "n_unknown",
}
"""Ends of the names of the columns that a score fills in the wide table, and what each holds."""


@dataclass(frozen=True, eq=False)
class Board:
    """Runs side by side.

    Attributes:
        runs: one row per submission and reference set, columns `FACTS`. Of these ``reference`` is the name of the set
            and ``reference_hash`` that of its manifest; where runs were scored against several sets of one name, only
            those of the default version have that name, the others digits of the hash behind it, see
            :func:`.references.board_names`. ``rank_low`` and ``rank_high`` are the 95% range of the rank, for unranked
            rows of equal size that of their rank among themselves; ``tied_low`` and ``tied_high`` are the best and the
            worst rank that a ranked model cannot be told apart from, see :func:`.ties.ties`; ``bundled`` says that a
            run is of a "baseline" or a "control" of this benchmark; ``not_ranked`` says why ``rank`` is null;
            ``ranked_by`` is the column of the score that ranks its board, and where ``indicative`` is true the rank is
            indicative, because the reference set is; ``calibration`` is the sha256 of the calibration of the energy
            view that ranks; ``n_runs`` counts the comparable runs of the model, this one included; ``n_attempts`` is
            the number of attempts that the card names, and ``selection_shift`` what choosing the best of them gained on
            average, which ranks and ties leave out, null where nothing; ``run`` is
            ``<submission>/<run key>``, with ``@<owner>`` behind it where one is. ``status`` is one of `STATUSES`, and
            only what is approved takes part in anything but its own row. ``verified`` says that the maintainers scored
            it again and found the same; ``same_file`` that another owner, approved or like this one not, listed the
            same bytes. ``training_sets``, separated by semicolons, and what follows are from the card, null where it
            does not say. Sorted by reference, rank, score, model.
        scores: one row per run, score and variant: `SCORES`, then `SPREAD`, null where the model has one run.
        keys: the protocol's scores without energies in its order, then all others that a run has.
        references: of each set with a board the ``reference`` of its runs, the default version of a name first.

    """

    runs: pd.DataFrame
    scores: pd.DataFrame
    keys: tuple[ScoreKey, ...]
    references: Mapping[ReferenceVersion, str]

    @cached_property
    def wide(self) -> pd.DataFrame:
        """The board as it is drawn and written: the columns of ``runs``, then those of each score.

        These are its value as stored (a share lies in [0, 1]) under `ScoreKey.column`, then with the ends of `PARTS`
        its 95% interval and its numbers of records. Scores of the protocol without energies are always there, null
        where a run does not have them. Where a model has several runs, the ends of `SPREAD` follow for all scores.
        """
        columns = self._cells(PARTS)
        if self.scores["spread"].notna().any():
            columns |= self._cells({f"_{part}": part for part in SPREAD})
        return pd.concat([self.runs, pd.DataFrame(columns, index=self.runs.index)], axis=1)

    def ranking(self, reference: str, protocol: Protocol) -> ScoreKey:
        """The score that ranks the board of a reference set."""
        return ranking_of(self._against(reference), self.scores, protocol)

    def is_indicative(self, reference: str) -> bool:
        """Whether the ranks of the board of a reference set are indicative."""
        return is_indicative(self._against(reference))

    def reference_label(self, reference: str) -> str:
        """How people tell the set from all others: with digits of its hash where several of its name have a board."""
        versions = {name: version for version, name in self.references.items()}
        return label(versions[reference], list(versions.values())) if reference in versions else reference

    def _against(self, reference: str) -> pd.DataFrame:
        return self.runs[(self.runs["reference"] == reference).fillna(value=False).astype(bool)]

    def _cells(self, parts: Mapping[str, str]) -> dict[str, pd.api.extensions.ExtensionArray]:
        """Columns of the wide table that hold these parts of each score."""
        row_of = {run: row for row, run in enumerate(self.runs["run"])}
        rows = [row_of[run] for run in self.scores["run"]]
        places = {key: place for place, key in enumerate(self.keys)}
        scores = [places[key] for key in score_keys(self.scores)]
        cells = np.full((len(self.runs), len(self.keys), len(parts)), np.nan)
        cells[rows, scores] = self.scores[list(parts.values())].to_numpy(dtype=np.float64, na_value=np.nan)
        return {
            key.column + end: pd.array(cells[:, place, number], dtype="Int64" if part.startswith("n_") else "Float64")
            for key, place in places.items()
            for number, (end, part) in enumerate(parts.items())
        }


def board(store: Store, protocol: Protocol) -> Board:
    """One row per submission and reference set, ranked where the protocol ranks it.

    Several runs of a submission against one reference are one row: that of the protocol before an earlier draft, the
    protocol's own settings before custom ones, more scores before fewer, the newest last of all. A submission is a file
    of an owner; what is not approved, or was superseded, is a row and changes no other one. Ranks count models
    within a reference set, by the protocol's score, highest first; equal scores share a rank. As soon as a run against
    the set has energies, the score with energies ranks, and runs without take no rank; on an indicative set never.
    """
    listed = _listed(store.runs(), protocol)
    same_file = _same_file(listed)
    facts = [{**_facts(run, protocol), "same_file": run.id in same_file} for run in listed]
    runs = pd.DataFrame(facts, columns=list(FACTS)).astype(dict(FACTS))
    rows = [
        (run.id, entry.name, entry.variant, entry.value, entry.low, entry.high, entry.n_counted, entry.n_unknown)
        for run in listed
        for entry in run.scores.scores
    ]
    scores = pd.DataFrame(rows, columns=list(SCORES)).astype(dict(SCORES))
    boards = {
        ReferenceVersion(*map(str, version)): _ranked(runs_against, scores, protocol)
        for version, runs_against in runs.groupby(["reference", "reference_hash"])
    }
    references = board_names({version: _standing(ranked) for version, ranked in boards.items()})
    named = [boards[version].assign(reference=name) for version, name in references.items()]
    runs = pd.concat([runs.iloc[:0], *named], ignore_index=True).astype({"reference": "string"})
    of_views = {*VIEW_COLUMNS, *CALIBRATED_COLUMNS}
    structural = [ScoreKey(name) for name in protocol.scores if not set(registry()[name].needs) & of_views]
    keys = tuple(dict.fromkeys([*structural, *score_keys(scores)]))
    return Board(runs, with_spreads(runs, scores, protocol), keys, references)


def score_keys(scores: pd.DataFrame) -> list[ScoreKey]:
    """Which score each row of the long table holds."""
    variants = scores["variant"].astype(object).where(scores["variant"].notna(), None)
    return [ScoreKey(name, variant) for name, variant in zip(scores["name"], variants, strict=True)]


def not_ranked(run: Run, protocol: Protocol) -> str | None:
    """Why a run takes no rank, or None where it takes one."""
    record = run.record
    if not run.counts:
        return STATUSES[status_of(run)]
    if control_of(run) is not None:
        return "a control, made to fail"
    if record.custom:
        return "custom settings"
    if record.protocol_hash != protocol.hash:
        return f"scored under an earlier draft of {record.protocol}"
    if record.n_submitted != protocol.n_ranked:
        return f"{record.n_submitted:,} structures, ranking needs {protocol.n_ranked:,}"
    return None


def _standing(runs: pd.DataFrame) -> Ranked:
    """What the runs against one reference set say for it among others of its name."""
    models = runs.loc[runs["rank"].notna(), MODEL].drop_duplicates()
    return Ranked(len(models), str(heard(runs)["created"].min()), is_approved=bool((runs["status"] == APPROVED).any()))


def _ranked(runs: pd.DataFrame, scores: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """The runs against one reference set, ranked and sorted; what has no energies yet takes no rank among what has."""
    ranking = ranking_of(runs, scores, protocol)
    estimates = score_rows(scores, ranking).reindex(runs["run"])[["value", "low", "high"]].set_axis(runs.index)
    waits = runs["not_ranked"].isna() & estimates["value"].isna()
    bare = runs["not_ranked"].isna() & estimates["value"].notna() & estimates["low"].isna()
    name = score_name(*ranking)
    not_ranked = runs["not_ranked"].mask(waits, f"no {name} yet").mask(bare, f"no interval of {name}")
    runs = runs.assign(not_ranked=not_ranked, ranked_by=ranking.column)
    score = registry().get(ranking.name)
    corrected = without_selection(runs, estimates, score, protocol)
    shift = estimates["value"] - corrected["value"]
    runs = runs.assign(selection_shift=shift.mask((shift == 0).fillna(value=True)))
    ranked = with_ranks(runs, corrected, score, protocol)
    ranked = with_ties(ranked, corrected, protocol).assign(ranking=corrected["value"])
    order = ranked.sort_values(["rank", "ranking", "model", "run"], ascending=[True, False, True, True])
    return order.drop(columns="ranking")


def _listed(runs: Iterable[Run], protocol: Protocol) -> list[Run]:
    """The one run of each submission and reference that the board shows."""
    best: dict[tuple[str, str | None, str, str], Run] = {}

    def standing(run: Run) -> tuple[bool, bool, int, float]:
        record = run.record
        return (
            record.protocol_hash == protocol.hash,
            not record.custom,
            len(run.scores.scores),
            record.created.timestamp(),
        )

    for run in runs:
        key = (run.record.submission_sha256, run.owner, run.record.reference, run.record.reference_hash)
        if key not in best or standing(run) > standing(best[key]):
            best[key] = run
    return list(best.values())


def status_of(run: Run) -> str:
    """One of `STATUSES`."""
    if run.counts:
        return APPROVED
    return "superseded" if run.is_superseded else "unverified"


def _same_file(listed: Iterable[Run]) -> set[str]:
    """Ids of the runs whose bytes another owner listed too; nobody marks an approved run by submitting it again."""
    of_file: dict[str, list[Run]] = {}
    for run in listed:
        of_file.setdefault(run.record.submission_sha256, []).append(run)
    return {
        run.id
        for runs in of_file.values()
        for run in runs
        if any(other.owner != run.owner and (other.is_approved or not run.is_approved) for other in runs)
    }


def _facts(run: Run, protocol: Protocol) -> dict[str, object]:
    record = run.record
    return {
        "not_ranked": not_ranked(run, protocol),
        "model": run.model,
        "published": None if (recipe := published_of(run)) is None else recipe.mark,
        "bundled": None if (bundled := baseline_of(run)) is None else bundled.kind,
        "version": run.card.version,
        "n_attempts": run.card.n_attempts,
        "owner": run.owner,
        "status": status_of(run),
        "verified": run.is_verified,
        "n_submitted": record.n_submitted,
        "reference": record.reference,
        "reference_hash": record.reference_hash,
        "indicative": record.reference_indicative,
        "calibration": record.calibrations.get(protocol.energy_variant),
        "created": record.created.isoformat(timespec="seconds"),
        "protocol": record.protocol,
        "protocol_hash": record.protocol_hash,
        "custom": record.custom,
        "run": run.id,
        "training_sets": "; ".join(run.card.training_sets) or None,
        "pre_relaxed": run.card.pre_relaxed,
        "open_weights": run.card.open_weights,
        "architecture": run.card.architecture,
        "paper": run.card.paper or (f"https://doi.org/{run.card.doi}" if run.card.doi else None),
        "code": run.card.code,
    }
