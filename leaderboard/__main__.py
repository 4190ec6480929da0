"""``crystal-leaderboard`` or ``python -m leaderboard``: check, score and fingerprint a submission, print the board."""

from __future__ import annotations

import argparse
import gc as garbage_collector
import os
import sqlite3
import sys
from importlib import import_module
from pathlib import Path

from leaderboard.baselines import command as baselines
from leaderboard.calibration import CALIBRATIONS, LEDGER
from leaderboard.command_line import gc
from leaderboard.command_line.option_types import not_negative, positive
from leaderboard.errors import CommandError, RecordError, UsageError
from leaderboard.export import command as export
from leaderboard.import_names import DISTRIBUTION
from leaderboard.moderation import command as moderation
from leaderboard.protocol import CURRENT, protocol_names
from leaderboard.published import command as published
from leaderboard.release import release
from leaderboard.run.verification import command as verification
from metrics.measure.running.choice import add_engine_options, parsed
from metrics.measure.running.engine import QUIET, THREADS, EngineError
from submissions.formats_text import FORMATS_TEXT

OBJECTS_BETWEEN_COLLECTIONS = 100_000

EPILOG = """\
Exit status: 0 done, whatever verdicts the structures got; 1 the file is refused or the run failed; 2 wrong usage.
stdout carries only the result; progress and warnings go to stderr. An interrupted `score` resumes when given again.

Examples:
  python -m leaderboard validate submissions/examples/example.zip
  python -m leaderboard score submissions/examples/example.zip --out out
  python -m leaderboard fingerprint my.zip --method canonical-bawl > fingerprints.csv
  python -m leaderboard table --format csv
  python -m leaderboard benchmark matching
"""


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(
        prog=_program(),
        description="Score generated crystals: validity, uniqueness, novelty, each with its 95% interval.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="print version and commit and stop")
    top.set_defaults(interrupted="the same command resumes")
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str, module: str = "leaderboard.commands") -> argparse.ArgumentParser:
        added = subparsers.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(run=(module, name))
        return added

    def takes_file(added: argparse.ArgumentParser) -> None:
        added.add_argument(
            "file",
            type=Path,
            metavar="FILE",
            help=f"one of: {FORMATS_TEXT}",
        )
        add_engine_options(added, positive)

    validate = command("validate", "read a submission and say which structures are refused, and why")
    takes_file(validate)
    validate.add_argument("--card", type=Path, metavar="TOML", help="the model's card, checked as well")
    validate.add_argument("--json", action="store_true", help="print JSON instead of text")

    score = command("score", "score a submission and print every score with its interval and counts")
    takes_file(score)
    score.add_argument("--card", type=Path, metavar="TOML", help="the model's card (default: named after the file)")
    score.add_argument(
        "--protocol",
        type=_protocol,
        default=CURRENT,
        metavar="NAME",
        help=f"version of the benchmark (default: {CURRENT})",
    )
    score.add_argument(
        "--reference",
        type=_reference,
        metavar="NAME|DIR",
        help="reference set for novelty (default: the protocol's first that is present); a set the protocol does not "
        "name marks the run as custom: shown, never ranked",
    )
    score.add_argument(
        "--training-set",
        type=_reference,
        action="append",
        default=[],
        metavar="NAME|DIR",
        help="built reference set that the model was trained on, once for each, beside those that the card names: the "
        "run says how much of it is memorized",
    )
    score.add_argument(
        "--potentials",
        type=_potentials,
        metavar="none|A,B",
        help="interatomic potentials for the stability scores (default: the protocol's); none: the structural scores",
    )
    score.add_argument(
        "--relax",
        action=argparse.BooleanOptionalAction,
        help="energies of the relaxed structures beside those as submitted (default: as the protocol says)",
    )
    score.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the run's files (default: runs/unpublished/...)"
    )
    score.add_argument("--publish", action="store_true", help="list the finished run on the board of this machine")
    score.add_argument("--json", action="store_true", help="print the content of scores.json instead of text")
    score.add_argument("--quiet", action="store_true", help="no progress on stderr")

    fingerprint = command(
        "fingerprint", "print the fingerprint of every structure as CSV: id, fingerprint, keys, reason"
    )
    takes_file(fingerprint)
    fingerprint.add_argument(
        "--method", required=True, metavar="M", help="bawl, short-bawl or canonical-bawl (what novelty uses)"
    )

    worker = command("worker", "add the energies that published runs wait for", "leaderboard.queue.energies.worker")
    worker.add_argument("--once", action="store_true", help="stop when nothing waits (default: look again for ever)")
    worker.add_argument("--relax", action="store_true", help="relax the structures too, after all single points")
    add_engine_options(worker, positive)

    verification.add_to(command("verify", "score a run again, in part, and compare bit for bit", verification.__name__))

    table = command("table", "print the board")
    table.add_argument("--format", choices=("md", "csv", "json"), default="md", help="default: md")

    moderation.add_to(subparsers)

    _add_power(
        command("power", "say how many structures or runs would tell two models apart", "leaderboard.board.power")
    )

    subparsers.add_parser(
        "reference", help="list, describe, compare, verify, build and fetch reference sets", add_help=False
    )
    _add_cache(subparsers)

    docs = command("docs", "write docs/metrics.md, the definition of every score", "leaderboard.board.score_docs")
    docs.add_argument("--check", action="store_true", help="write nothing, fail where the file is not up to date")

    _add_calibrate(
        command("calibrate", "fit a potential's distances from the hull to DFT's", "leaderboard.command_line.calibrate")
    )
    baselines.add_to(subparsers)
    published.add_to(subparsers)
    export.add_to(subparsers)
    gc.add_to(subparsers)
    _add_benchmark(subparsers)
    return top


def _add_cache(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    cache = subparsers.add_parser("cache", help="what this machine knows without computing it")
    actions = cache.add_subparsers(dest="action", required=True, metavar="ACTION")
    imported = actions.add_parser(
        "import",
        help="energies that were computed elsewhere",
        description="Bring energies that were computed elsewhere into the cache of this machine; what it knows already "
        "stays as it is.",
    )
    imported.set_defaults(run=("leaderboard.commands", "cache_import"))
    imported.add_argument("file", type=Path, metavar="FILE", help="gzipped JSON lines, as in submissions/examples")


def _add_power(power: argparse.ArgumentParser) -> None:
    power.add_argument("first", metavar="A", help="a model of the board, by name, or one of its runs")
    power.add_argument("second", metavar="B", help="another one")
    power.add_argument(
        "--score",
        metavar="S",
        help="column of the board, such as novel or stable@chgnet/unrelaxed (default: what ranks)",
    )
    power.add_argument("--reference", metavar="NAME", help="board of which set (default: the only one with both)")


def _add_calibrate(calibrate: argparse.ArgumentParser) -> None:
    calibrate.add_argument(
        "--fit",
        action="append",
        metavar="RUN=CSV",
        help="folder of a run of one method, and the DFT distances of its structures from the same hull (columns id "
        "and e_above_hull_dft, eV/atom); once for each method (default: show the calibrations there are)",
    )
    calibrate.add_argument(
        "--reference", type=_reference, metavar="NAME|DIR", help="the set that the runs were scored against"
    )
    calibrate.add_argument("--source", default="not stated", metavar="TEXT", help="citation of the labels")
    calibrate.add_argument(
        "--check",
        nargs=2,
        type=Path,
        metavar=("CSV", "RUN"),
        help="DFT distances that came later, and the folder of the run that predicted them: compare, print and append "
        "to the ledger",
    )
    calibrate.add_argument(
        "--ledger", type=Path, default=LEDGER, metavar="FILE", help="of checks (default: the one that the board shows)"
    )
    calibrate.add_argument(
        "--calibrations",
        type=Path,
        default=CALIBRATIONS,
        metavar="DIR",
        help="folder that they are read from and written to (default: those that scoring uses)",
    )


def _add_benchmark(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    benchmark = subparsers.add_parser("benchmark", help="measure the methods themselves, on known crystals")
    subjects = benchmark.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    matching = subjects.add_parser(
        "matching",
        help="how well each method of structure matching tells crystals apart",
        description="How well each method of structure matching tells crystals apart: other choices of cell or "
        "setting, perturbations, pairs of one formula, named cases, CPU time.",
    )
    matching.set_defaults(run=("leaderboard.matching_benchmark.command", "matching"), interrupted="nothing was written")
    matching.add_argument(
        "--data",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="parquet or CSV tables with a column of CIFs and one of ids, or any file that can be submitted "
        "(default: the sources of the starter set)",
    )
    matching.add_argument(
        "--n", type=positive, default=300, metavar="N", help="crystals that are changed in every way (default: 300)"
    )
    matching.add_argument(
        "--seed", type=not_negative, default=0, metavar="S", help="of all that is random (default: 0)"
    )
    matching.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the result (default: runs/benchmark/matching)"
    )
    add_engine_options(matching, positive)
    _add_stability(subjects)


def _add_stability(subjects: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    stability = subjects.add_parser(
        "stability",
        help="how well potentials, raw and calibrated, give the stable shares that DFT finds",
        description="Score submissions whose structures have published distances from the hull by DFT, and print the "
        "shares and medians by DFT, by each potential and by its calibration, as a table in Markdown.",
    )
    stability.set_defaults(
        run=("leaderboard.stability_benchmark.command", "stability"),
        interrupted="the same command resumes: energies so far are kept",
    )
    stability.add_argument(
        "labelled", nargs="+", metavar="FILE=CSV", help="structures of one method, and DFT distances by their ids"
    )
    stability.add_argument(
        "--reference", type=_reference, required=True, metavar="NAME|DIR", help="set on the hull of the labels"
    )
    stability.add_argument(
        "--potentials", type=_potentials, metavar="A,B", help="interatomic potentials (default: the protocol's)"
    )
    stability.add_argument(
        "--relax", action=argparse.BooleanOptionalAction, default=False, help="relaxed structures too; takes hours"
    )
    stability.add_argument(
        "--first", type=positive, metavar="N", help="only the first N structures of each file (default: all)"
    )
    add_engine_options(stability, positive)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["reference"]:
        # a command line of its own, which knows nothing of the leaderboard
        return int(import_module("reference_data.__main__").main(arguments[1:], prog=f"{_program()} reference"))
    # one thread, set before numpy is imported: the workers fill the cores, and numbers stay the same anywhere
    os.environ.update({**THREADS, **QUIET})
    # what importing makes stays: looking for garbage in it, over and over, takes a tenth of the time of a small run
    garbage_collector.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    options = parsed(parser(), arguments)
    try:
        # imported only now: what measures takes seconds to import, and neither help nor the table needs it
        module, name = options.run
        getattr(import_module(module), name)(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _fail(f"interrupted; {options.interrupted}", status=130)
    except (CommandError, EngineError, RecordError) as error:
        return _fail(f"error: {error}", status=2 if isinstance(error, UsageError) else 1)
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, BrokenPipeError):  # whoever reads the output has enough of it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _fail(f"error: {_trouble(error)}")
    return 0


def _fail(message: str, status: int = 1) -> int:
    sys.stderr.write(f"{message}\n")
    return status


def _trouble(error: OSError | sqlite3.Error) -> str:
    """What a disk, a folder or a port refused, as one line."""
    remedy = "choose other folders with --out and LEADERBOARD_RUNS, or make room there"
    if isinstance(error, sqlite3.Error):
        return f"the database of measurements in {os.environ.get('LEADERBOARD_RUNS', 'runs')}: {error}; {remedy}"
    is_no_folder = isinstance(error, FileExistsError | NotADirectoryError)
    what = "a file stands where a folder is needed" if is_no_folder else error.strerror or str(error)
    return f"{error.filename or 'writing'}: {what}; {remedy}"


class _Version(argparse.Action):
    """Asks git only when it is asked itself."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and stop."""
        sys.stdout.write(" ".join(filter(None, (DISTRIBUTION, *release()))) + "\n")
        parser.exit()


def _program() -> str:
    """How it was started, for its help."""
    return DISTRIBUTION if Path(sys.argv[0]).name == DISTRIBUTION else "python -m leaderboard"


def _protocol(name: str) -> str:
    if name not in protocol_names():
        msg = f"no protocol {name!r}; available: {', '.join(protocol_names())}"
        raise argparse.ArgumentTypeError(msg)
    return name


def _reference(name: str) -> str:
    reference = import_module("reference_data.reference")
    try:
        reference.set_folder(name)
    except reference.ReferenceSetError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return name


def _potentials(text: str) -> tuple[str, ...]:
    """Ids; none of them is the structural tier."""
    names = () if text == "none" else tuple(text.split(","))
    potentials = import_module("metrics.measure.potentials")
    try:
        for name in names:
            potentials.find(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return names


if __name__ == "__main__":
    sys.exit(main())
