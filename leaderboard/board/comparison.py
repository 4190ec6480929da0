"""Runs side by side: every score of each, and how far it is from that of the first run, from scores.json alone."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from leaderboard.board.names import score_name
from leaderboard.board.references import ReferenceVersion, label
from metrics.score import registry
from metrics.statistics.uncertainty import difference, holm
from metrics.statistics.value import is_equal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.protocol import Protocol
    from leaderboard.records import ScoreEntry
    from leaderboard.score_key import ScoreKey
    from leaderboard.store.run import Run
    from metrics.score import Better
    from metrics.statistics.runs import RunVariance
    from metrics.statistics.uncertainty import Difference

SIGNIFICANT = 0.05
"""Adjusted p-values below this are called clear."""

BAND = frozenset({"metastable", "msun", "vmsun"})
"""Scores of structures above the hull by at most 0.1 eV/atom, without those on it: a model that moves a structure from
there onto the hull loses by them, so a lower value can be the better one."""

Clear = Literal["better", "worse", "higher", "lower"]
Verdict = Clear | Literal["equal", "no clear difference", "no interval", "not comparable"]
CLEAR: tuple[Clear, ...] = get_args(Clear)
"""Words for a clear difference."""


class Against(NamedTuple):
    """A run's score beside that of the first run.

    Attributes:
        score: value and 95% interval; None where the run does not have it.
        difference: this run's value less the first one's, with its 95% interval; None where one of them has none.
        p_value: of the difference, after Holm's correction over all comparisons; None where there is no difference.
        verdict: "equal" where the values are but for rounding; else "better" or "worse" (for a score without a better
            end "higher" or "lower") where ``p_value`` is below 0.05, and "no interval" where one value has none.

    """

    score: ScoreEntry | None
    difference: Difference | None
    p_value: float | None
    verdict: Verdict


class Line(NamedTuple):
    """A score of all compared runs; ``first`` is None where the first run does not have it."""

    name: str
    label: str
    unit: str
    group: str
    in_headline: bool
    first: ScoreEntry | None
    others: tuple[Against, ...]


class Comparison(NamedTuple):
    """The lines of a page, and over how many comparisons the error is controlled."""

    lines: list[Line]
    n_comparisons: int


def direction(name: str) -> Better:
    """Which end of a registered score a verdict may call better; none of those in `BAND`, whatever they declare."""
    return "neither" if name in BAND else registry()[name].better


def compare(
    runs: Sequence[Run], protocol: Protocol, between: Mapping[ScoreKey, RunVariance] | None = None
) -> Comparison:
    """Every score that one of the runs has, in the protocol's order.

    All pairs of runs count as comparisons, for each score that both have: the first one may be chosen for its values.
    What is called between approved runs is the same whatever others stand beside them.

    Args:
        runs: at least one; the others are compared with the first.
        protocol: gives the order and the headline.
        between: what is known of the spread between runs of a model, by score.

    """
    scored = [{entry.key: entry for entry in run.scores.scores} for run in runs]
    known = registry()
    order = {name: place for place, name in enumerate(protocol.scores)}
    keys = sorted(
        {key for by_key in scored for key in by_key if key.name in known},
        key=lambda key: (order.get(key.name, len(order)), key.name, key.variant or ""),
    )
    indicative = any(run.record.reference_indicative for run in runs)
    differences = {
        (key, one, other): gap
        for key in keys
        for one, other in combinations(range(len(runs)), 2)
        if (gap := _difference(scored[one].get(key), scored[other].get(key), (between or {}).get(key)))
    }
    adjusted = _adjusted(differences)
    among_approved = {pair: gap for pair, gap in differences.items() if all(runs[place].counts for place in pair[1:])}
    adjusted |= _adjusted(among_approved)
    lines = []
    for key in keys:
        score = registry()[key.name]
        others = []
        for place in range(1, len(runs)):
            gap, p_value = differences.get((key, 0, place)), adjusted.get((key, 0, place))
            entries = scored[0].get(key), scored[place].get(key)
            others.append(Against(_known(entries[1]), gap, p_value, _verdict(entries, gap, p_value)))
        lines.append(
            Line(
                key.column,
                score_name(*key),
                score.unit,
                score.group,
                protocol.in_headline(key, indicative=indicative),
                _known(scored[0].get(key)),
                tuple(others),
            )
        )
    return Comparison(lines, len(among_approved) or len(differences))


def _adjusted(differences: Mapping[tuple[ScoreKey, int, int], Difference]) -> dict[tuple[ScoreKey, int, int], float]:
    return dict(zip(differences, holm([gap.p_value for gap in differences.values()]), strict=True))


def caveats(runs: Sequence[Run], labels: Sequence[str]) -> list[str]:
    """Why the numbers of these runs do not compare fully; empty where they do.

    Args:
        runs: side by side.
        labels: of the runs, as people tell them apart.

    """
    records = [run.record for run in runs]
    versions = list(dict.fromkeys(ReferenceVersion(record.reference, record.reference_hash) for record in records))
    sets = ", ".join(label(version, versions) for version in versions)
    sizes = ", ".join(dict.fromkeys(f"{record.n_submitted:,}" for record in records))
    differs: dict[str, set[object]] = {
        f"they were compared with different reference sets ({sets}): novelty and distances do not compare": {*versions},
        "they were scored under different versions of the protocol": {record.protocol_hash for record in records},
        f"they have different numbers of structures ({sizes}): a larger submission has more duplicates": {
            record.n_submitted for record in records
        },
        "not all were scored under the protocol's own settings": {record.custom for record in records},
    }
    apart = [
        f"{name} is {'superseded' if run.is_superseded else 'unverified'} and takes part in no rank: what is "
        "called between the others does not know of it"
        for name, run in zip(labels, runs, strict=True)
        if not run.counts
    ]
    return apart + [message for message, values in differs.items() if len(values) > 1]


def summary(labels: Sequence[str], lines: Sequence[Line]) -> list[str]:
    """One sentence for each run after the first: in which of the headline scores it is clearly better or worse."""
    first, *others = labels
    sentences = []
    for place, name in enumerate(others):
        by_verdict: dict[str, list[str]] = {}
        for line in lines:
            if line.in_headline:
                by_verdict.setdefault(line.others[place].verdict, []).append(line.label)
        parts = [
            f"{verdict} in {', '.join(by_verdict[verdict])}" for verdict in (*CLEAR, "equal") if verdict in by_verdict
        ]
        unclear = by_verdict.get("no clear difference", [])
        parts += [f"not clearly different in {', '.join(unclear)}"] if unclear else []
        sentences.append(f"{name} against {first}: {'; '.join(parts) or 'nothing to compare'}.")
    return sentences


def _difference(first: ScoreEntry | None, other: ScoreEntry | None, between: RunVariance | None) -> Difference | None:
    """How much higher the other is; None where the two do not compare, or one of them has no interval."""
    if not (first and other) or first.version != other.version:
        return None
    base, estimate = first.estimate, other.estimate
    return None if base is None or estimate is None else difference(estimate, base, between)


def _verdict(
    entries: tuple[ScoreEntry | None, ScoreEntry | None], gap: Difference | None, p_value: float | None
) -> Verdict:
    first, other = map(_known, entries)
    if first is None or other is None or first.version != other.version:
        return "not comparable"
    if first.value is not None and other.value is not None and is_equal(first.value, other.value):
        return "equal"
    if gap is None or p_value is None:
        return "no interval"
    if p_value >= SIGNIFICANT:
        return "no clear difference"
    is_higher = gap.value > 0
    better = direction(first.name)
    if better == "neither":
        return "higher" if is_higher else "lower"
    return "better" if is_higher == (better == "higher") else "worse"


def _known(entry: ScoreEntry | None) -> ScoreEntry | None:
    """The score, if it has a value."""
    return None if entry is None or entry.value is None else entry
