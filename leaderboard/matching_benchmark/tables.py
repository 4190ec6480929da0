"""Every single answer of a run as CSV, for whoever wants to see which crystals make a number."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from leaderboard.spreadsheet import safe_cell

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.matching_benchmark.run import BenchmarkRun

HEADS = {"changes": ("id", "change"), "pairs": ("reduced_formula", "id", "other_id"), "cases": ("name",)}
"""Columns before those of the methods, by section; each section is a file."""
WORDS = {True: "same", False: "different", None: "unknown"}


def write_answers(run: BenchmarkRun, folder: Path) -> None:
    """Write ``changes.csv``, ``pairs.csv`` and ``cases.csv``: one row per pair asked, one column per method."""
    methods = list(run.answers)
    for section, heads in HEADS.items():
        with (folder / f"{section}.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            writer.writerow((*heads, *methods))
            for place, question in enumerate(run.questions):
                if question.section == section:
                    answers = (WORDS[run.answers[name][place].same] for name in methods)
                    writer.writerow((*map(safe_cell, question.labels), *answers))
