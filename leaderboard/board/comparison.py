"""Runs side by side: every score of each, and how far it is from that of the first run, from scores.json alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from leaderboard.board.names import score_name
from leaderboard.board.table import model_name
from metrics.score import registry
from metrics.statistics.uncertainty import Estimate, difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaderboard.protocol import Protocol
    from leaderboard.store.local import Run

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
    scored = [{(entry["name"], entry["variant"]): entry for entry in run.scores["scores"]} for run in runs]
    known = registry()
    order = {name: place for place, name in enumerate(protocol.scores)}
    keys = sorted(
        {key for own in scored for key in own if key[0] in known},
        key=lambda key: (order.get(key[0], len(order)), key[0], key[1] or ""),
    )
    return [_line(key, scored, protocol) for key in keys]


def caveats(runs: Sequence[Run]) -> list[str]:
    """Why the numbers of these runs do not compare fully; empty where they do."""
    found = []
    for name, message in (
        (
            "reference_hash",
            "they were compared with different reference sets ({}): novelty and distances do not compare",
        ),
        ("protocol_hash", "they were scored under different versions of the protocol"),
        ("n_submitted", "they have different numbers of structures ({}): a larger submission has more duplicates"),
        ("custom", "not all were scored under the protocol's own settings"),
    ):
        if len({run.record[name] for run in runs}) > 1:
            shown = "reference" if name == "reference_hash" else name
            values = [_plain(run.record[shown]) for run in runs]
            found.append(message.format(", ".join(dict.fromkeys(values))))
    return found


def summary(runs: Sequence[Run], lines: Sequence[Line]) -> list[str]:
    """One sentence for each run after the first: in which of the headline scores it is clearly better or worse."""
    first, *others = [model_name(run.record) for run in runs]
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


def _line(key: tuple[str, str | None], scored: Sequence[dict[Any, Any]], protocol: Protocol) -> Line:
    name, variant = key
    score = registry()[name]
    first, *others = [own.get(key) for own in scored]
    return Line(
        name if variant is None else f"{name}@{variant}",
        score_name(name, variant),
        score.unit,
        score.group,
        protocol.in_headline(name, variant),
        _estimate(first),
        tuple(_against(first, other, score.better) for other in others),
    )


def _against(first: dict[str, Any] | None, other: dict[str, Any] | None, better: str) -> Against:
    base, own = _estimate(first), _estimate(other)
    if first is None or other is None or base is None or own is None or first["version"] != other["version"]:
        return Against(own, None, "not comparable")
    gap = difference(own, base)
    if not gap.excludes_zero:
        return Against(own, gap, "no clear difference")
    is_higher = gap.value > 0
    if better == "neither":
        return Against(own, gap, "higher" if is_higher else "lower")
    return Against(own, gap, "better" if is_higher == (better == "higher") else "worse")


def _estimate(entry: dict[str, Any] | None) -> Estimate | None:
    if entry is None or entry["value"] is None:
        return None
    return Estimate(entry["value"], entry["low"], entry["high"])


def _plain(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
