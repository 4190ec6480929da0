"""The whole benchmark: changes, pairs of one formula, named cases and costs of every method, as one result."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from leaderboard.matching_benchmark.agreement import DRAWS, agreement
from leaderboard.matching_benchmark.answers import PAIRS_PER_GROUP, Answer, Answers, Group, ask
from leaderboard.matching_benchmark.cases import CASES
from leaderboard.matching_benchmark.changes import CHANGES, MOST_SITES, changed
from leaderboard.matching_benchmark.data import MOST_SITES_OF_A_PAIR, Entry, Origin, same_formula, sample
from leaderboard.matching_benchmark.methods import METHODS
from leaderboard.matching_benchmark.result import SCHEMA
from metrics.measure.fingerprint import METHODS as FINGERPRINTS
from metrics.measure.running.progress import Counter
from metrics.statistics.uncertainty import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from metrics.crystal import Crystal
    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Report

PACKAGES = ("numba", "numpy", "pymatgen", "scipy", "spglib")
JUDGES = ("structure-matcher", "structure-matcher-loose")
CHANGE_LIMIT_S = 30.0
REASONS_SHOWN = 5


@dataclass(frozen=True)
class Question:
    """One pair that every method is asked about, and the columns that tell what it is.

    Attributes:
        section: ``changes``, ``pairs`` or ``cases``.
        labels: (id, change) of a changed crystal, (formula, id, id) of a pair, (name,) of a case.

    """

    section: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class BenchmarkRun:
    """What the benchmark measured.

    Attributes:
        result: content of ``matching.json``.
        questions: every pair asked.
        answers: of each method, in the order of the questions.

    """

    result: dict[str, Any]
    questions: list[Question]
    answers: dict[str, list[Answer]]


def run_benchmark(
    entries: Sequence[Entry], origins: Sequence[Origin], *, n: int, seed: int, engine: Engine, report: Report
) -> BenchmarkRun:
    """Ask every method everything.

    Args:
        entries: the crystals, one of each source id.
        origins: where they come from.
        n: most crystals that are changed.
        seed: of the sample, the changes and the bootstrap; with it all but the costs is reproducible.
        engine: where the work runs.
        report: told how far it is.

    """
    sampled = sample(entries, n, seed=seed)
    variants, not_made = _make_variants(sampled, seed, engine, report)
    inquiries = [*_about_changes(sampled, variants), *_about_pairs(entries), *_about_cases()]
    questions = [question for _, of_group in inquiries for question in of_group]
    groups = [group for group, _ in inquiries]
    counter = Counter("compare", len(questions) * len(METHODS), report)
    raw = {name: ask(name, groups, engine, counter.add) for name in METHODS}
    answers = {name: [pair for group in by_group for pair in group.pairs] for name, by_group in raw.items()}
    result = {
        "schema": SCHEMA,
        "seed": seed,
        "data": [asdict(origin) for origin in origins],
        "n_crystals": len(entries),
        "n_sampled": len(sampled),
        "most_sites": {"changed": MOST_SITES, "pair": MOST_SITES_OF_A_PAIR},
        "versions": {name: version(name) for name in PACKAGES},
        "fingerprints": {name: method.version for name, method in FINGERPRINTS.items()},
        "methods": [
            {"name": method.name, "label": method.label, "definition": method.definition} for method in METHODS.values()
        ],
        "changes": _changes(questions, answers, not_made),
        "agreement": _agreement(questions, answers, seed),
        "cases": _cases(questions, answers),
        "unknown": {name: _reasons(by_question) for name, by_question in answers.items()},
        "costs": {name: _costs(inquiries, by_group) for name, by_group in raw.items()},
    }
    return BenchmarkRun(result, questions, answers)


Inquiry = tuple[Group, list[Question]]
Variants = dict[str, dict[str, "Crystal"]]


def _make_variants(
    sampled: Sequence[Entry], seed: int, engine: Engine, report: Report
) -> tuple[Variants, dict[str, int]]:
    """Changed crystals by id and change, and how many of each change could not be made."""
    wanted = [
        (entry, change.name)
        for entry in sampled
        for change in CHANGES.values()
        if entry.crystal.n_sites <= change.most_sites
    ]
    counter = Counter("change", len(wanted), report)
    made: list[Crystal | str] = [""] * len(wanted)
    tasks = ((name, entry.crystal, seed) for entry, name in wanted)
    for outcome in engine.map(changed, tasks, time_limit_s=CHANGE_LIMIT_S):
        made[outcome.index] = outcome.value if outcome.failure is None else outcome.failure
        counter.add()
    variants: Variants = defaultdict(dict)
    not_made = dict.fromkeys(CHANGES, 0)
    for (entry, name), crystal in zip(wanted, made, strict=True):
        if isinstance(crystal, str):
            not_made[name] += 1
        else:
            variants[entry.id][name] = crystal
    return variants, not_made


def _about_changes(sampled: Sequence[Entry], variants: Variants) -> Iterable[Inquiry]:
    """Each crystal with all that was made of it."""
    for entry in sampled:
        made = variants[entry.id]
        group = Group((entry.crystal, *made.values()), tuple((0, 1 + place) for place in range(len(made))))
        yield group, [Question("changes", (entry.id, name)) for name in made]


def _about_pairs(entries: Sequence[Entry]) -> Iterable[Inquiry]:
    """All pairs of one formula, in parts, so that no group is long."""
    for same in same_formula(entries):
        pairs = list(combinations(range(len(same)), 2))
        for start in range(0, len(pairs), PAIRS_PER_GROUP):
            part = pairs[start : start + PAIRS_PER_GROUP]
            places = sorted({place for pair in part for place in pair})
            group = Group(
                tuple(same[place].crystal for place in places),
                tuple((places.index(a), places.index(b)) for a, b in part),
            )
            yield group, [Question("pairs", (same[a].formula, same[a].id, same[b].id)) for a, b in part]


def _about_cases() -> Iterable[Inquiry]:
    for case in CASES:
        yield Group((case.a(), case.b()), ((0, 1),)), [Question("cases", (case.name,))]


def _changes(
    questions: Sequence[Question], answers: Mapping[str, Sequence[Answer]], not_made: Mapping[str, int]
) -> list[dict[str, Any]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        if question.section == "changes":
            places[question.labels[1]].append(place)
    return [
        {
            "name": change.name,
            "kind": change.kind,
            "most_sites": change.most_sites,
            "n": len(places[change.name]),
            "n_not_made": not_made[change.name],
            "methods": {
                name: _kept([by_question[place] for place in places[change.name]])
                for name, by_question in answers.items()
            },
        }
        for change in CHANGES.values()
    ]


def _kept(answers: Sequence[Answer]) -> dict[str, Any]:
    """Share called the same with its Wilson interval; what is unknown is not the same."""
    n_kept = sum(answer.same is True for answer in answers)
    low, high = wilson_interval(n_kept, len(answers)) if answers else (None, None)
    return {
        "share": n_kept / len(answers) if answers else None,
        "low": low,
        "high": high,
        "n_kept": n_kept,
        "n_unknown": sum(answer.same is None for answer in answers),
    }


def _agreement(questions: Sequence[Question], answers: Mapping[str, Sequence[Answer]], seed: int) -> dict[str, Any]:
    places = [place for place, question in enumerate(questions) if question.section == "pairs"]
    formulas = [questions[place].labels[0] for place in places]
    says = {name: [by_question[place].same for place in places] for name, by_question in answers.items()}
    return {
        "n_pairs": len(places),
        "n_formulas": len(set(formulas)),
        "draws": DRAWS,
        "judges": [
            {
                "judge": judge,
                "n_judged": sum(verdict is not None for verdict in says[judge]),
                "n_same": sum(verdict is True for verdict in says[judge]),
                "methods": {
                    name: asdict(agreement(said, says[judge], formulas, seed=seed))
                    for name, said in says.items()
                    if name != judge
                },
            }
            for judge in JUDGES
        ],
    }


def _cases(questions: Sequence[Question], answers: Mapping[str, Sequence[Answer]]) -> list[dict[str, Any]]:
    places = [place for place, question in enumerate(questions) if question.section == "cases"]
    return [
        {
            "topic": case.topic,
            "name": case.name,
            "same": case.same,
            "why": case.why,
            "answers": {name: by_question[place].same for name, by_question in answers.items()},
        }
        for case, place in zip(CASES, places, strict=True)
    ]


def _reasons(answers: Sequence[Answer]) -> dict[str, int]:
    """The most frequent reasons for an unknown."""
    return dict(Tally(answer.reason for answer in answers if answer.reason).most_common(REASONS_SHOWN))


def _costs(inquiries: Sequence[Inquiry], answers: Sequence[Answers]) -> dict[str, Any]:
    """CPU milliseconds per structure as its source gives it, and per pair of one formula."""
    structures, pairs = [], []
    for (_, questions), of_group in zip(inquiries, answers, strict=True):
        section = questions[0].section if questions else None
        if section == "changes":
            structures.append(of_group.described_s[0])
        elif section == "pairs":
            structures += of_group.described_s
            pairs += [answer.cpu_s for answer in of_group.pairs]
    return {"structure_ms": _milliseconds(structures), "pair_ms": _milliseconds(pairs)}


def _milliseconds(seconds: Iterable[float | None]) -> dict[str, Any]:
    known = np.array([one for one in seconds if one is not None])
    if not len(known):
        return {"n": 0, "median": None, "mean": None}
    return {
        "n": len(known),
        "median": round(1e3 * float(np.median(known)), 4),
        "mean": round(1e3 * float(known.mean()), 4),
    }
