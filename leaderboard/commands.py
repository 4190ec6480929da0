"""What the commands of ``python -m leaderboard`` do; each prints its result to stdout.

What measures takes seconds to import, and neither ``table`` nor the help needs it: a command imports it when it runs.
"""

from __future__ import annotations

import csv
import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

from leaderboard.board.names import no_interval, score_name, view_name
from leaderboard.errors import CommandError, RunError, UsageError
from leaderboard.protocol import ProtocolError, load_protocol
from leaderboard.score_key import CALIBRATED
from leaderboard.spreadsheet import safe_cell
from leaderboard.store.local import Store
from leaderboard.store.open import open_store
from submissions.refusal import visible

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from leaderboard.protocol import Protocol
    from leaderboard.records import RunScores
    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Report
    from submissions.record import Contents, Record
    from submissions.refusal import FileRefusedError

READING = ("leaderboard.run.reading",)
FINGERPRINTS = (*READING, "leaderboard.run.fingerprints")

INCOMPLETE_HULL = """\
  This hull may lack competing phases, and then calls too many structures stable. The same 1,963 generated structures:
  51% stable by CHGNet where the hull has only the formulas of the starter set, 20% on the hull of the Materials
  Project, 3.9% by DFT (docs/sparse-hulls.md)."""
"""Beside stability by the energies of a potential on the hull of an indicative set; printed by
``tests/bench_sparse_hull.py``."""


def validate(options: Namespace) -> None:
    """Print what can be read and what is refused.

    Raises:
        CommandError: the file or the card is refused, after the result was printed.

    """
    from leaderboard.processes import start_engine
    from leaderboard.run.reading import refuse_unreadable
    from leaderboard.run.scoring import LIMITS
    from metrics.measure.running.progress import ToTerminal
    from submissions.box import split_in_box
    from submissions.card import load_card
    from submissions.record import Contents
    from submissions.refusal import FileRefusedError

    file = existing(options.file)
    structures, file_refusal, contents = None, None, Contents()
    try:
        if options.card is not None:
            load_card(options.card)
        records = split_in_box(file, LIMITS, contents)
        with closing(records), start_engine(options.where, preload=READING, file=file) as engine:
            structures = _read(records, load_protocol(), engine, ToTerminal())
        refuse_unreadable(structures)
    except FileRefusedError as error:
        file_refusal = error
    result = _validation(structures, contents, file_refusal)
    sys.stdout.write(_as_json(result) if options.json else _as_text(result, contents))
    if file_refusal is not None:
        raise CommandError(str(file_refusal))


def score(options: Namespace) -> None:
    """Score, print the scores, publish when asked.

    Raises:
        CommandError: the file, the card or the reference is refused, or the run cannot be done.

    """
    from leaderboard.processes import start_engine

    file = existing(options.file)
    with start_engine(options.where, file=file) as engine:  # these import while this process does
        _score(file, options, engine)


def _score(file: Path, options: Namespace, engine: Engine) -> None:
    from leaderboard.moderation.rights import on_the_command_line
    from leaderboard.moderation.verbs import publish
    from leaderboard.run.scoring import Resources, Setting, lacks, score_file
    from metrics.measure.running.progress import ToTerminal, silent
    from reference_data.errors import ReferenceSetError
    from submissions.card import card_from_fields, load_card
    from submissions.refusal import FileRefusedError

    store, visitor = open_store(), on_the_command_line()
    try:
        given = None if options.card is None else load_card(options.card)
        card = given or card_from_fields({"model": options.file.stem[:80]})
        setting = Setting.of(
            load_protocol(options.protocol),
            options.reference,
            options.potentials,
            relax=options.relax,
            training_sets=card.training_sets,
            training_folders=options.training_set,
        )
        for note in lacks(setting, store):
            sys.stderr.write(f"note: {note}\n")
        resources = Resources(engine, store, silent if options.quiet else ToTerminal())
        if options.publish and setting.tier.relaxation is not None:
            # minutes before hours: the board shows the single points while structures relax
            publish(store, on_the_command_line(), score_file(file, card, setting.as_submitted, resources).path, given)
        run = score_file(file, card, setting, resources, out=options.out)
        folder = publish(store, visitor, run.path, given).path if options.publish else run.path
    except (FileRefusedError, ProtocolError, ReferenceSetError, RunError) as error:
        raise CommandError(str(error)) from error
    as_text = scores_as_text(run.scores, indicative=run.record.reference_indicative)
    sys.stdout.write((folder / "scores.json").read_text() if options.json else as_text)
    if not options.quiet:
        sys.stderr.write(f"files: {folder}\n")


def table(options: Namespace) -> None:
    """Print the board of this machine's store; nothing is measured."""
    from leaderboard.board.table import board
    from leaderboard.board.written import render

    protocol = load_protocol()
    sys.stdout.write(render(board(open_store(), protocol), options.format, protocol))


def fingerprint(options: Namespace) -> None:
    """Print one CSV row per record.

    Raises:
        CommandError: the file is refused or there is no such method.

    """
    from leaderboard.processes import start_engine
    from leaderboard.run.fingerprints import fingerprints
    from leaderboard.run.reading import cells, crystals_of, refuse_unreadable
    from leaderboard.run.scoring import LIMITS
    from metrics.measure.fingerprint import METHODS
    from metrics.measure.running.progress import ToTerminal
    from submissions.box import split_in_box
    from submissions.refusal import FileRefusedError

    if options.method not in METHODS:
        msg = f"no fingerprint method {options.method!r}; available: {', '.join(METHODS)}"
        raise UsageError(msg)
    file, protocol = existing(options.file), load_protocol()
    limit = protocol.time_limits_s.measure
    try:
        records = split_in_box(file, LIMITS)
        with closing(records), start_engine(options.where, preload=FINGERPRINTS, file=file) as engine:
            report = ToTerminal()
            structures = _read(records, protocol, engine, report)
            refuse_unreadable(structures)
            answers = fingerprints(options.method, crystals_of(structures), engine, report, time_limit_s=limit)
    except FileRefusedError as error:
        raise CommandError(str(error)) from error
    writer = csv.writer(sys.stdout, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(("id", "fingerprint", "keys", "reason"))
    for row, (record_id, refusal, detail) in enumerate(cells(structures, "id", "refusal", "detail")):
        answer = answers.get(row, ("", "", f"{refusal}: {detail}"))
        writer.writerow(map(safe_cell, (visible(record_id), *map(visible, answer))))


def cache_import(options: Namespace) -> None:
    """Bring energies that were computed elsewhere into the cache of this machine.

    Raises:
        CommandError: the file is not one of energies, or one of its records is not valid.

    """
    from leaderboard.run.cached_energies import EnergyFileError, import_energies
    from metrics.measure.running.cache import Cache

    try:
        with Cache(Store().cache) as cache:
            imported = import_energies(existing(options.file), cache)
    except (EnergyFileError, OSError) as error:
        raise CommandError(str(error)) from error
    sys.stdout.write(f"{imported.n_new} new, {imported.n_known} known already\n")


def scores_as_text(scores: RunScores, *, indicative: bool) -> str:
    """Scores with interval and counts, as aligned text; shares in percent.

    Args:
        scores: of a run.
        indicative: the reference set is. A view of the energies that no calibration fits then says what its hull does
            to the stable share.

    """
    lines = [
        f"{scores.n_submitted:,} structures, protocol {scores.protocol}, reference {scores.reference}",
        f"{'Score':<36}{'Value':>9}{'95% interval':>28}  {'Unit':<22}{'Counted':>8}{'Unknown':>8}",
    ]
    variant = None
    variants = {entry.variant for entry in scores.scores}
    # scores without energies first, then view by view
    for entry in sorted(scores.scores, key=lambda entry: entry.variant or ""):
        if entry.variant is not None and entry.variant != variant:
            variant = entry.variant
            lines.append(f"{view_name(variant)}:")
            if indicative and not variant.endswith(CALIBRATED) and f"{variant}{CALIBRATED}" not in variants:
                lines.append(INCOMPLETE_HULL)
        scale, digits, unit = (100, 2, "%") if entry.unit == "share" else (1, 3, entry.unit)
        value, interval = "-", "-"
        if entry.value is not None:
            value, interval = f"{entry.value * scale:z.{digits}f}", no_interval(entry.n_counted)
        if entry.low is not None and entry.high is not None:
            interval = "[{}, {}]".format(*(f"{end * scale:z.{digits}f}" for end in (entry.low, entry.high)))
        counts = f"{entry.n_counted:>8}{entry.n_unknown:>8}"
        lines.append(f"{score_name(entry.name):<36}{value:>9}{interval:>28}  {unit:<22}{counts}")
    return "\n".join(lines) + "\n"


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


def _read(records: Iterable[Record], protocol: Protocol, engine: Engine, report: Report) -> pd.DataFrame:
    from leaderboard.run.reading import read_records
    from leaderboard.run.scoring import LIMITS

    return read_records(records, LIMITS, engine, report, time_limit_s=protocol.time_limits_s.parse)


def _validation(
    structures: pd.DataFrame | None, contents: Contents, file_refusal: FileRefusedError | None
) -> dict[str, Any]:
    """What ``validate`` says, in the form of its JSON."""
    from leaderboard.run.reading import cells

    records = [] if structures is None else list(cells(structures, "id", "refusal", "detail"))
    refusals = [{"id": name, "reason": reason, "detail": detail} for name, reason, detail in records if reason]
    refused = None if file_refusal is None else {"reason": file_refusal.reason, "detail": file_refusal.detail}
    return {
        "n_submitted": len(records),
        "n_readable": 0 if refused else len(records) - len(refusals),
        "file_refusal": refused,
        "refusals": refusals,
        "n_files": contents.n_files,
        "ignored": [{"name": one.name, "what": one.what} for one in contents.ignored],
    }


def _as_json(result: dict[str, Any]) -> str:
    """The result, in which every id stays what it is while none of its characters commands a terminal."""
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)


def _as_text(result: dict[str, Any], contents: Contents) -> str:
    lines = [contents.summary(result["n_submitted"])]
    lines += [f"{result['n_readable']} of {result['n_submitted']} structures readable"]
    lines += [
        f"refused  {visible(entry['id'])}: {entry['reason']}: {visible(entry['detail'])}"
        for entry in result["refusals"]
    ]
    return "\n".join(lines) + "\n"
