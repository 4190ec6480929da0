"""``python -m leaderboard export``: a run, the board or what the Hub shows of it, as files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.errors import CommandError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add_to(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """The command and its options; what writes is imported when it runs."""
    export = subparsers.add_parser("export", help="write a run, the whole board, or what the Hub shows of it, as files")
    exports = export.add_subparsers(dest="export", required=True, metavar="WHAT")

    def added(name: str, text: str) -> ArgumentParser:
        parser = exports.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        parser.set_defaults(run=(__name__, name.replace("-", "_")), interrupted="give the command again")
        return parser

    bundle = added("bundle", "one run as one zip: tables, scores, record, card, and how to verify them")
    bundle.add_argument("name", metavar="RUN", help="folder of a run, or <submission>/<run key> in the store")
    bundle.add_argument("--out", type=Path, required=True, metavar="FILE", help="the zip")

    dump = added("dump", "the whole board: runs, scores and cards as CSV, parquet and JSON lines")
    dump.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the files")

    results = added("eval-results", "the scores of ranked models as evaluation results in the Hub's own format")
    results.add_argument(
        "--benchmark",
        default=os.environ.get("RESULTS_REPO"),
        metavar="OWNER/NAME",
        help="data set repository that hosts the benchmark (default: RESULTS_REPO)",
    )
    results.add_argument("--site", metavar="URL", help="address of the board, for links to the runs")
    results.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder that gets <owner>/<model>/.eval_results/..."
    )

    readme = added("space-readme", "name the board's models on the Hub in the README of the Space")
    readme.add_argument("--readme", type=Path, default=Path("README.md"), metavar="FILE", help="default: README.md")


def bundle(options: Namespace) -> None:
    """Write a run as a zip.

    Raises:
        CommandError: there is no such run.

    """
    from leaderboard.export.bundle import write_bundle  # noqa: PLC0415 - imports pandas
    from leaderboard.run.verification.command import find_run  # noqa: PLC0415 - with the above

    write_bundle(find_run(options.name), options.out)
    sys.stdout.write(f"{options.out}\n")


def dump(options: Namespace) -> None:
    """Write the whole board.

    Raises:
        CommandError: it shows no run.

    """
    from leaderboard.export.dump import write_dump  # noqa: PLC0415 - imports pandas
    from leaderboard.protocol import load_protocol  # noqa: PLC0415 - with the above
    from leaderboard.store.open import open_store  # noqa: PLC0415 - with the above

    manifest = write_dump(open_store(), load_protocol(), options.out)
    sys.stdout.write(f"{manifest['n_runs']:,} runs, {manifest['n_scores']:,} scores: {options.out}\n")


def eval_results(options: Namespace) -> None:
    """Write a file for each ranked model that names its repository.

    Raises:
        CommandError: nobody says where the benchmark is hosted.

    """
    from leaderboard.export.eval_results import FOLDER, as_yaml  # noqa: PLC0415 - imports pandas
    from leaderboard.export.eval_results import eval_results as results_of  # noqa: PLC0415 - with the above
    from leaderboard.protocol import load_protocol  # noqa: PLC0415 - with the above
    from leaderboard.store.open import open_store  # noqa: PLC0415 - with the above

    if not options.benchmark:
        msg = "which data set repository hosts the benchmark? name it with --benchmark or RESULTS_REPO"
        raise CommandError(msg)
    results = results_of(open_store(), load_protocol(), options.benchmark, options.site)
    for hub_model, entries in results.items():
        file = options.out / hub_model / FOLDER / f"{options.benchmark.replace('/', '--')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(as_yaml(entries), encoding="utf-8")
        sys.stdout.write(f"{file}\n")
    if not results:
        sys.stderr.write("no ranked model of the board names its repository on the Hub (hub_model on its card)\n")


def space_readme(options: Namespace) -> None:
    """Write the models into the front matter.

    Raises:
        CommandError: the README is not there, or has no front matter.

    """
    from leaderboard.export.space_readme import update  # noqa: PLC0415 - imports pandas
    from leaderboard.store.open import open_store  # noqa: PLC0415 - with the above

    if not options.readme.is_file():
        msg = f"{options.readme} does not exist; name the README of the Space with --readme"
        raise CommandError(msg)
    models = update(options.readme, open_store().runs())
    sys.stdout.write(f"{options.readme}: {len(models)} models\n")
