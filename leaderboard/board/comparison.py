"""Runs side by side: every score of each, and how far it is from that of the first run, from scores.json alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from leaderboard.board.names import score_name
from metrics.score import registry
from metrics.statistics.uncertainty import Estimate, difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.protocol import Protocol
    from leaderboard.records import ScoreEntry
    from leaderboard.score_key import ScoreKey
    from leaderboard.store.local import Run
    from metrics.score import Better

Verdict = Literal["better", "worse", "higher", "lower", "no clear difference", "not comparable"]


class Against(NamedTuple):
    """A run's score beside that of the first run.

    Attributes:
        estimate: value and 95% interval; None where the run does not have it.
        difference: this run's value less the first one's, with its 95% interval.
        verdict: "better" or "worse" (for a score without a better end "higher" or "lower") where the interval of the
            difference excludes 0.

    """

    estimate: Estimate | None
    difference: Estimate | None
    verdict: Verdict


class Line(NamedTuple):
    """A score of all compared runs; ``first`` is None where the first run does not have it."""

    name: str
    label: str
    unit: str
    group: str
    in_headline: bool
    first: Estimate | None
    others: tuple[Against, ...]


def compare(runs: Sequence[Run], protocol: Protocol) -> list[Line]:
    """Every score that one of the runs has, in the protocol's order.

    Args:
        runs: at least one; the others are compared with the first.
        protocol: gives the order and the headline.

    """
    scored = [{entry.key: entry for entry in run.scores.scores} for run in runs]
    known = registry()
    order = {name: place for place, name in enumerate(protocol.scores)}
    keys = sorted(
        {key for by_key in scored for key in by_key if key.name in known},
        key=lambda key: (order.get(key.name, len(order)), key.name, key.variant or ""),
    )
    indicative = any(run.record.reference_indicative for run in runs)
    return [_line(key, scored, protocol, indicative=indicative) for key in keys]


def caveats(runs: Sequence[Run]) -> list[str]:
    """Why the numbers of these runs do not compare fully; empty where they do."""
    records = [run.record for run in runs]
    sets = ", ".join(dict.fromkeys(record.reference for record in records))
    sizes = ", ".join(dict.fromkeys(f"{record.n_submitted:,}" for record in records))
    differs: dict[str, set[object]] = {
        f"they were compared with different reference sets ({sets}): novelty and distances do not compare": {
            record.reference_hash for record in records
        },
        "they were scored under different versions of the protocol": {record.protocol_hash for record in records},
        f"they have different numbers of structures ({sizes}): a larger submission has more duplicates": {
            record.n_submitted for record in records
        },
        "not all were scored under the protocol's own settings": {record.custom for record in records},
    }
    return [message for message, values in differs.items() if len(values) > 1]


def summary(runs: Sequence[Run], lines: Sequence[Line]) -> list[str]:
    """One sentence for each run after the first: in which of the headline scores it is clearly better or worse."""
    first, *others = [run.model for run in runs]
    sentences = []
    for place, name in enumerate(others):
        by_verdict: dict[str, list[str]] = {}
        for line in lines:
            if line.in_headline:
                by_verdict.setdefault(line.others[place].verdict, []).append(line.label)
        parts = [
            f"{verdict} in {', '.join(by_verdict[verdict])}"
            for verdict in ("better", "worse", "higher", "lower")
            if verdict in by_verdict
        ]
        unclear = by_verdict.get("no clear difference", [])
        parts += [f"not clearly different in {', '.join(unclear)}"] if unclear else []
        sentences.append(f"{name} against {first}: {'; '.join(parts) or 'nothing to compare'}.")
    return sentences


def _line(
    key: ScoreKey, scored: Sequence[Mapping[ScoreKey, ScoreEntry]], protocol: Protocol, *, indicative: bool
) -> Line:
    score = registry()[key.name]
    first, *others = [by_key.get(key) for by_key in scored]
    return Line(
        key.column,
        score_name(*key),
        score.unit,
        score.group,
        protocol.in_headline(key, indicative=indicative),
        _estimate(first),
        tuple(_against(first, other, score.better) for other in others),
    )


def _against(first: ScoreEntry | None, other: ScoreEntry | None, better: Better) -> Against:
    base, estimate = _estimate(first), _estimate(other)
    if not (first and other and base and estimate) or first.version != other.version:
        return Against(estimate, None, "not comparable")
    gap = difference(estimate, base)
    if not gap.excludes_zero:
        return Against(estimate, gap, "no clear difference")
    is_higher = gap.value > 0
    if better == "neither":
        return Against(estimate, gap, "higher" if is_higher else "lower")
    return Against(estimate, gap, "better" if is_higher == (better == "higher") else "worse")


def _estimate(entry: ScoreEntry | None) -> Estimate | None:
    return None if entry is None else entry.estimate
