"""What the commands of ``python -m leaderboard`` do; each prints its result to stdout."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING, Any

from leaderboard.board.names import score_name, view_name
from leaderboard.errors import CommandError, RunError
from leaderboard.protocol import ProtocolError, load_protocol
from leaderboard.run.reading import cells, crystals_of, read_records, refuse_unreadable
from leaderboard.run.scoring import LIMITS, Resources, Setting, score_file, start_engine
from leaderboard.store.local import Store
from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint import METHODS
from metrics.measure.running.progress import Counter, to_terminal
from reference_data.errors import ReferenceSetError
from submissions.card import Card, load_card
from submissions.read import split
from submissions.refusal import FileRefusedError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from leaderboard.records import RunScores
    from metrics.crystal import Crystal
    from metrics.measure.running.engine import Engine
    from submissions.read import Record

TIME_LIMITS = load_protocol().time_limits_s
READING = ("leaderboard.run.reading",)
FINGERPRINTS = (*READING, "metrics.measure.fingerprint")


def validate(options: Namespace) -> None:
    """Print what can be read and what is refused.

    Raises:
        CommandError: the file or the card is refused, after the result was printed.

    """
    structures, file_refusal = None, None
    try:
        if options.card is not None:
            load_card(options.card)
        records = list(split(existing(options.file), LIMITS))
        with start_engine(options.jobs, preload=READING) as engine:
            structures = _read(records, engine)
        refuse_unreadable(structures)
    except FileRefusedError as error:
        file_refusal = error
    result = _validation(structures, file_refusal)
    sys.stdout.write(json.dumps(result, indent=2, ensure_ascii=False) + "\n" if options.json else _as_text(result))
    if file_refusal is not None:
        raise CommandError(str(file_refusal))


def score(options: Namespace) -> None:
    """Score, print the scores, publish when asked.

    Raises:
        CommandError: the file, the card or the reference is refused, or the run cannot be done.

    """
    store = Store()
    file = existing(options.file)
    try:
        card = Card(model=options.file.stem[:80]) if options.card is None else load_card(options.card)
        protocol = load_protocol(options.protocol)
        setting = Setting.of(protocol, options.reference, potential_ids(options.potentials), relax=options.relax)
        with start_engine(options.jobs) as engine:
            resources = Resources(engine, store, to_terminal)
            if options.publish and setting.tier.relaxation is not None:
                # minutes before hours: the board shows the single points while structures relax
                store.publish(score_file(file, card, setting.as_submitted, resources).path)
            run = score_file(file, card, setting, resources, out=options.out)
        folder = store.publish(run.path).path if options.publish else run.path
    except (FileRefusedError, ProtocolError, ReferenceSetError, RunError) as error:
        raise CommandError(str(error)) from error
    sys.stdout.write(scores_as_text(run.scores))
    sys.stderr.write(f"files: {folder}\n")


def potential_ids(asked: str | None) -> tuple[str, ...] | None:
    """What ``--potentials`` says: None leaves it to the protocol, no id is the structural tier."""
    if asked is None:
        return None
    return () if asked == "none" else tuple(asked.split(","))


def fingerprint(options: Namespace) -> None:
    """Print one CSV row per record.

    Raises:
        CommandError: the file is refused or there is no such method.

    """
    if options.method not in METHODS:
        msg = f"no fingerprint method {options.method!r}; available: {', '.join(METHODS)}"
        raise CommandError(msg)
    try:
        records = list(split(existing(options.file), LIMITS))
        with start_engine(options.jobs, preload=FINGERPRINTS) as engine:
            structures = _read(records, engine)
            refuse_unreadable(structures)
            answers = _fingerprints(options.method, crystals_of(structures), engine)
    except FileRefusedError as error:
        raise CommandError(str(error)) from error
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("id", "fingerprint", "keys", "reason"))
    for row, (record_id, refusal, detail) in enumerate(cells(structures, "id", "refusal", "detail")):
        writer.writerow((record_id, *answers.get(row, ("", "", f"{refusal}: {detail}"))))


def scores_as_text(scores: RunScores) -> str:
    """Scores with interval and counts, as aligned text; shares in percent."""
    lines = [
        f"{scores.n_submitted:,} structures, protocol {scores.protocol}, reference {scores.reference}",
        f"{'Score':<36}{'Value':>9}{'95% interval':>20}  {'Unit':<22}{'Counted':>8}{'Unknown':>8}",
    ]
    variant = None
    # scores without energies first, then view by view
    for entry in sorted(scores.scores, key=lambda entry: entry.variant or ""):
        if entry.variant is not None and entry.variant != variant:
            variant = entry.variant
            lines.append(f"{view_name(variant)}:")
        scale, digits, unit = (100, 2, "%") if entry.unit == "share" else (1, 3, entry.unit)
        value, interval = "-", "-"
        if (estimate := entry.estimate) is not None:
            value, low, high = (f"{number * scale:z.{digits}f}" for number in estimate)
            interval = f"[{low}, {high}]"
        counts = f"{entry.n_counted:>8}{entry.n_unknown:>8}"
        lines.append(f"{score_name(entry.name):<36}{value:>9}{interval:>20}  {unit:<22}{counts}")
    return "\n".join(lines) + "\n"


def fingerprint_task(task: tuple[str, Crystal]) -> tuple[str, str, str]:
    """Fingerprint, keys and reason of one crystal; runs in a worker process."""
    method, crystal = task
    try:
        found = METHODS[method].compute(crystal)
    except UnmeasurableError as error:
        return "", "", error.reason
    return found.fingerprint, " ".join(found.keys), ""


def _fingerprints(method: str, crystals: Mapping[int, Crystal], engine: Engine) -> dict[int, tuple[str, str, str]]:
    counter = Counter("fingerprint", len(crystals), to_terminal)
    tasks = [(method, crystal) for crystal in crystals.values()]
    rows = list(crystals)
    answers = {}
    for outcome in engine.map(fingerprint_task, tasks, time_limit_s=TIME_LIMITS.measure):
        answers[rows[outcome.index]] = outcome.value if outcome.failure is None else ("", "", outcome.failure)
        counter.add()
    return answers


def _read(records: list[Record], engine: Engine) -> pd.DataFrame:
    return read_records(records, LIMITS, engine, to_terminal, time_limit_s=TIME_LIMITS.parse)


def existing(path: Path) -> Path:
    """The path, if it is a file.

    Raises:
        CommandError: it is not there, or is a folder.

    """
    if not path.is_file():
        what = "is a folder; pack its files into a zip" if path.is_dir() else "does not exist"
        msg = f"{path} {what}"
        raise CommandError(msg)
    return path


def _validation(structures: pd.DataFrame | None, file_refusal: FileRefusedError | None) -> dict[str, Any]:
    """What ``validate`` found, in the form of its JSON."""
    found = [] if structures is None else list(cells(structures, "id", "refusal", "detail"))
    refusals = [{"id": name, "reason": reason, "detail": detail} for name, reason, detail in found if reason]
    refused = None if file_refusal is None else {"reason": file_refusal.reason, "detail": file_refusal.detail}
    return {
        "n_submitted": len(found),
        "n_readable": 0 if refused else len(found) - len(refusals),
        "file_refusal": refused,
        "refusals": refusals,
    }


def _as_text(result: dict[str, Any]) -> str:
    lines = [f"{result['n_readable']} of {result['n_submitted']} structures readable"]
    lines += [f"refused  {entry['id']}: {entry['reason']}: {entry['detail']}" for entry in result["refusals"]]
    return "\n".join(lines) + "\n"
