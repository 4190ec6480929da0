"""A run's scores and card, as the submit page and the page of a model show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from leaderboard.board.names import potential_name, score_name
from leaderboard.board.ranking import FIELD, MODEL
from leaderboard.board.table import not_ranked
from leaderboard.board.training import why_no_overlap, without_value
from leaderboard.pages.board.bundled import bundled_html
from leaderboard.pages.parts.markup import Interval, facts, interval, text
from leaderboard.pages.texts.hull_shown import banner_html
from leaderboard.published.recipe import published_of
from leaderboard.queue.results import PrivateRun
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol
    from leaderboard.records import ScoreEntry
    from leaderboard.store.run import Run
    from submissions.card import Card


_PRIVATE = "a private check, on no board; published and approved: "


def scores_html(run: Run, protocol: Protocol) -> str:
    """Every score with its interval, unit, counts and meaning: the protocol's headline, the others folded below it.

    Of an indicative reference set the stability scores stand apart, under a banner that says what its hull is.
    """
    indicative = run.record.reference_indicative
    order = {name: place for place, name in enumerate(protocol.scores)}
    scores = sorted(run.scores.scores, key=lambda score: order.get(score.name, len(order)))
    shown = [score for score in scores if protocol.in_headline(score.key, indicative=False)]
    headline = [score for score in shown if protocol.in_headline(score.key, indicative=indicative)]
    apart = [score for score in shown if score not in headline]
    others = [score for score in scores if score not in shown]
    stability = banner_html(run.record.reference, protocol) + _table(apart) if apart else ""
    folded = f"<details><summary>{len(others)} more scores</summary>{_table(others)}</details>" if others else ""
    why = why_no_overlap(run.record)
    overlap = "" if why is None else f'<p class="dim">Overlap with the training set: not measured, {text(why)}.</p>'
    return _table(headline) + stability + folded + overlap


def _table(scores: Sequence[ScoreEntry]) -> str:
    """A table of scores under the subjects that they are of, each subject where its first score stands."""
    head = (
        '<th scope="col">Score</th><th scope="col" class="right">Value [95%]</th><th scope="col">Unit</th>'
        '<th scope="col" class="right">Counted</th><th scope="col" class="right">Unknown</th>'
        '<th scope="col">Meaning</th>'
    )
    subjects: dict[str, list[ScoreEntry]] = {}
    for score in scores:
        entry = registry().get(score.name)
        subjects.setdefault(entry.group if entry else "Other", []).append(score)
    body = "".join(
        f'<tbody><tr class="subject"><th scope="rowgroup" colspan="6">{text(subject)}</th></tr>'
        f"{''.join(map(_line, of_subject))}</tbody>"
        for subject, of_subject in subjects.items()
    )
    return f'<div class="scroll"><table class="scores"><thead><tr>{head}</tr></thead>{body}</table></div>'


def _line(score: ScoreEntry) -> str:
    entry = registry().get(score.name)
    label = score_name(*score.key)
    meaning = entry.definition.partition("\n\n")[0] if entry else ""
    value = Interval(score.value, score.low, score.high, score.n_counted)
    unit = "%" if score.unit == "share" else score.unit
    return (
        f'<tr><th scope="row">{text(label)}</th>'
        f'<td class="right score">{interval(value, score.unit, without_value(score.name))}</td><td>{text(unit)}</td>'
        f'<td class="right">{score.n_counted:,}</td><td class="right">{score.n_unknown:,}</td>'
        f'<td class="meaning">{text(meaning)}</td></tr>'
    )


def run_html(run: Run, protocol: Protocol, standing: str = "") -> str:
    """Name of the model, where it stands (HTML), and what the numbers were made with."""
    record = run.record
    why = not_ranked(run, protocol)
    indicative = record.reference_indicative
    place = f"ranked, indicative by {text(score_name(protocol.ranking))}" if indicative else "ranked"
    ranking = place if why is None else f"not ranked: {text(why)}"
    potentials = ", ".join(map(potential_name, record.potentials))
    relaxed = ", as submitted and relaxed" if record.relaxed else ""
    pairs = {
        **({} if run.owner is None else {"Owner": text(run.owner)}),
        **({"Verified": "scored again by the maintainers, with the same numbers"} if run.is_verified else {}),
        "Structures": f"{record.n_submitted:,}",
        "Ranking": _PRIVATE + ranking if isinstance(run, PrivateRun) else ranking,
        **({} if (recipe := published_of(run)) is None else {"Structures by": text(recipe.mark)}),
        "Reference": text(record.reference) + (" (indicative)" if indicative else ""),
        "Energies": text(potentials + relaxed) or "none yet; a worker adds them",
        "Protocol": f"{text(record.protocol)} ({text(record.protocol_status)})",
        "Date": record.day,
        "File": text(record.file_name),
        "Submission": f"<code>{record.submission_sha256[:12]}</code>",
    }
    return f'<h2 class="run">{text(run.model)}</h2>{bundled_html(run.record.submission_sha256)}{standing}{facts(pairs)}'


def selection_html(run: Run, board: Board) -> str:
    """One sentence where the card says that the runs are the best of more attempts; nothing where it does not."""
    rows = board.runs[board.runs["run"] == run.id]
    if rows.empty or pd.isna(rows["selection_shift"].iloc[0]):
        return ""
    row = rows.iloc[0]
    alike = (board.runs[[*FIELD, *MODEL]].fillna("") == rows[[*FIELD, *MODEL]].fillna("").iloc[0]).all(axis=1)
    n_attempts = board.runs.loc[alike & board.runs["selection_shift"].notna(), "n_attempts"].max()
    score = next(key for key in board.keys if key.column == row["ranked_by"])
    is_share = score.name in registry() and registry()[score.name].unit == "share"
    shift = f"{100 * row['selection_shift']:.1f} points" if is_share else f"{row['selection_shift']:.3g}"
    best = "the best" if row["n_runs"] == 1 else f"one of the best {row['n_runs']}"
    return (
        f'<p class="dim">This run is {best} of {n_attempts:,} attempts, as the card says: for ranks and ties '
        f"{text(score_name(*score))} is corrected by -{shift}, what such a choice gains on average.</p>"
    )


def card_html(card: Card) -> str:
    """The card's fields that say something, in the order of the card; every value is shown as plain text."""
    pairs = {
        text(name.replace("_", " ").capitalize()): text(_plain(value))
        for name, value in card.model_dump(mode="json").items()
        if value not in (None, "", [], {}) and name != "model"
    }
    return facts(pairs) if pairs else '<p class="dim">The card names the model and nothing else.</p>'


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{name.replace('_', ' ')}: {_plain(item)}" for name, item in value.items())
    return str(value)
