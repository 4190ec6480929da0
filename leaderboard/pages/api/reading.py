"""Functions that read: the board, a model, its structures, one structure, and where a submission stands."""

# no postponed annotations: gradio reads the types of the functions
import json
from typing import Annotated, Any, Literal
from urllib.parse import quote

import pandas as pd
from pydantic import Field

from leaderboard.board.kept import KeptBoard
from leaderboard.board.names import score_name
from leaderboard.board.ranking import SPREAD
from leaderboard.board.table import PARTS
from leaderboard.board.table import Board as BoardTable
from leaderboard.crystal_cif import cif_text
from leaderboard.pages.api.answers import Board, Model, Status, Structures
from leaderboard.pages.parts import energy_views, runs
from leaderboard.pages.parts.paging import n_pages
from leaderboard.pages.structures.choices import SHOWN, Choice, select
from leaderboard.pages.structures.reasons import reasons
from leaderboard.pages.structures.structures import contact_of, facts_of
from leaderboard.pages.submit.submit_status import sentence
from leaderboard.protocol import Protocol
from leaderboard.queue.jobs import Jobs
from leaderboard.queue.submissions import Submission
from leaderboard.store.local import Store

ROWS_A_PAGE = 200
NAME_CHARACTERS = 500
Name = Annotated[str, Field(max_length=NAME_CHARACTERS)]


class Reading:
    """The functions over one site.

    Args:
        store: runs.
        jobs: submissions.
        boards: the board as it stands.
        protocol: of the board.

    """

    def __init__(self, store: Store, jobs: Jobs, boards: KeptBoard, protocol: Protocol) -> None:
        """Read nothing yet."""
        self._store, self._jobs, self._boards, self._protocol = store, jobs, boards, protocol

    def table(
        self,
        reference: Name = "",
        sort_by: Name = "",
        order: Literal["highest first", "lowest first"] = "highest first",
        all_scores: bool = False,  # noqa: FBT001, FBT002 - by its name in JSON
        limit: Annotated[int, Field(ge=1)] = 1_000,
    ) -> Board:
        """The leaderboard of generative models of crystals against one reference set, in the order of the ranks.

        Args:
            reference: name of the reference set, as in "references" of the answer; empty for the first of them.
            sort_by: column to sort by instead, such as "vun" or "novel"; rows without a value come last.
            order: of that column.
            all_scores: every score that a run has, not only those that the board shows at first.
            limit: number of rows, the first ones.

        """
        board = self._boards.board()
        references = list(board.references.values())
        name = reference or next(iter(references), "")
        if references and name not in references:
            raise LookupError(_unknown("reference set", name, references))
        rows = board.wide[(board.wide["reference"] == name).fillna(value=False).astype(bool)]
        rows = rows[self._columns(board, name, everything=all_scores)]
        if sort_by:
            if sort_by not in rows.columns:
                raise LookupError(_unknown("column", sort_by, list(rows.columns)))
            rows = rows.sort_values(sort_by, ascending=order == "lowest first", na_position="last", kind="stable")
        return Board(
            reference=name,
            references=references,
            indicative=bool(references) and board.is_indicative(name),
            protocol=self._protocol.name,
            protocol_hash=self._protocol.hash,
            ranked_by=board.ranking(name, self._protocol).column,
            n_rows=len(rows),
            rows=_plain(rows.head(limit)),
        )

    def model(self, name: Name) -> Model:
        """One model: its card, every score with its 95% interval and counts, and how the numbers were made.

        Args:
            name: name of a model, or id of a run as the board's column "run" and the answer of "status" give it.

        """
        run = runs.linked(self._store, name)
        table = self._boards.board().runs
        rows = table[(table["run"] == run.id).fillna(value=False).astype(bool)]
        scores = [{**entry.model_dump(mode="json"), "label": score_name(*entry.key)} for entry in run.scores.scores]
        return Model(
            run=run.id,
            model=run.model,
            owner=run.owner,
            card=run.card.model_dump(mode="json", exclude_defaults=True),
            record=run.record.model_dump(mode="json", exclude={"model"}),
            scores=scores,
            board=next(iter(_plain(rows)), None),
        )

    def structures(
        self, run: Name, page: Annotated[int, Field(ge=1)] = 1, show: Name = "all", search: Name = ""
    ) -> Structures:
        """One page, of at most 200, of the structures of a run, with the verdicts on each and the reasons.

        Args:
            run: name of a model or id of a run, as "model" takes it.
            page: from 1.
            show: "all", "valid, unique and novel", "refused", "invalid", "duplicate", "known", "undecided", "novel, but
                close to known", "on or below the hull" or "at most 0.1 eV/atom above the hull".
            search: part of an id, a formula, or the id of a match.

        """
        chosen = runs.linked(self._store, run)
        if show not in SHOWN:
            raise LookupError(_unknown("choice of structures", show, list(SHOWN)))
        rows = select(energy_views.facts(chosen.path), Choice(shown=show, search=search))
        last = n_pages(len(rows), ROWS_A_PAGE)
        if page > last:
            msg = f"page {page:,} of {last:,}"
            raise LookupError(msg)
        part = rows.iloc[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]
        said = [reasons(row, contact_of(chosen, row)) for row in facts_of(part)]
        return Structures(
            run=chosen.id,
            show=show,
            page=page,
            n_pages=last,
            n_structures=len(rows),
            structures=[{**row, "reasons": of_row} for row, of_row in zip(_plain(part), said, strict=True)],
        )

    def structure_cif(self, run: Name, structure: Name) -> str:
        """One structure of a run as the text of a CIF file, all sites of the cell as it was submitted.

        Args:
            run: name of a model or id of a run, as "model" takes it.
            structure: its id, as "structures" gives it.

        """
        chosen = runs.linked(self._store, run)
        crystal = runs.crystal(chosen.path, structure)
        if crystal is None:
            msg = (
                f"{chosen.model} has no structure {structure[:200]!r} that was read and whose cell is kept here; "
                '"structures" lists ids and reasons'
            )
            raise LookupError(msg)
        return cif_text(crystal, structure)

    def status(self, job: Name) -> Status:
        """Where a submission stands: its place in the queue, its progress, its end, and the run with the result.

        Args:
            job: as "submit" or the link of a submission (?job=...) gives it.

        """
        submission = self._jobs.get(job)
        if submission is None:
            msg = f"there is no submission {job[:200]!r} on this server"
            raise LookupError(msg)
        return self.status_of(submission)

    def status_of(self, submission: Submission) -> Status:
        """The same of a submission at hand."""
        place = self._jobs.place(submission) if submission.state == "queued" else None
        listing = self._jobs.listing(submission) if submission.state == "listed" else None
        listed = self._jobs.listed(submission) if listing is not None and listing.is_visible else None
        progress = submission.progress if submission.state == "running" else None
        return Status(
            job=submission.id,
            state=submission.state,
            says=sentence(submission, place, listing),
            model=submission.card.model,
            file_name=submission.file_name,
            ahead=None if place is None else place.ahead,
            wait_s=None if place is None else place.wait_s,
            done=None if progress is None else progress.done,
            total=None if progress is None else progress.total,
            seconds_left=None if progress is None else progress.seconds_left,
            run=submission.run if listed is None else listed.id,
            error=submission.error,
            link=f"?job={quote(submission.id)}",
        )

    def _columns(self, board: BoardTable, reference: str, *, everything: bool) -> list[str]:
        """What a row is, and its scores: those of the headline, or all."""
        indicative = board.is_indicative(reference)
        shown = [key for key in board.keys if everything or self._protocol.in_headline(key, indicative=indicative)]
        ends = [*PARTS, *(f"_{part}" for part in SPREAD)]
        of_scores = [key.column + end for key in shown for end in ends if key.column + end in board.wide]
        return [*board.runs.columns, *of_scores]


def _plain(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON has them."""
    as_json: list[dict[str, Any]] = json.loads(rows.to_json(orient="records"))
    return as_json


def _unknown(what: str, name: str, known: list[str]) -> str:
    return f"there is no {what} {name[:200]!r}; there are: {', '.join(known)}"
