"""``python -m leaderboard benchmark stability``: score labelled submissions and print both sides of every share."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.calibration.labels import read_labels
from leaderboard.commands import existing
from leaderboard.errors import CommandError, RunError
from leaderboard.processes import start_engine
from leaderboard.protocol import load_protocol
from leaderboard.run.scoring import LIMITS, Resources, Setting, score_file, score_records
from leaderboard.stability_benchmark.comparison import as_markdown, compared
from leaderboard.store.local import Store
from metrics.measure.running.progress import ToTerminal
from reference_data.errors import ReferenceSetError
from submissions.box import split_in_box
from submissions.card import Card
from submissions.refusal import FileRefusedError

if TYPE_CHECKING:
    from argparse import Namespace

    from leaderboard.store.run import Run


def stability(options: Namespace) -> None:
    """Score every labelled file and print the table; what was computed is not computed again.

    Raises:
        CommandError: a file, a table of labels or the reference set is refused, or a run cannot be done.

    """
    pairs = [_pair(text) for text in options.labelled]
    try:
        setting = Setting.of(load_protocol(), options.reference, options.potentials, relax=options.relax)
        with start_engine(options.where) as engine:
            resources = Resources(engine, Store(), ToTerminal())
            lines = [
                line
                for file, labels in pairs
                for line in compared(
                    _scored(file, setting, resources, options.first), read_labels(labels), setting.calibrations
                )
            ]
    except (FileRefusedError, ReferenceSetError, RunError) as error:
        raise CommandError(str(error)) from error
    sys.stdout.write(as_markdown(lines))


def _scored(file: Path, setting: Setting, resources: Resources, first: int | None) -> Run:
    card = Card(model=file.stem[:80])
    if first is None:
        return score_file(file, card, setting, resources)
    return score_records(list(islice(split_in_box(file, LIMITS), first)), card, setting, resources)


def _pair(text: str) -> tuple[Path, Path]:
    file, separator, labels = text.rpartition("=")
    if not separator:
        msg = f"{text!r} is no FILE=CSV: a file of structures, and a CSV of DFT distances"
        raise CommandError(msg)
    return existing(Path(file)), existing(Path(labels))
