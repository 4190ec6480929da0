"""``python -m leaderboard verify RUN``: score a run again, in part, print what was compared."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.command_line.option_types import not_negative, positive
from leaderboard.errors import CommandError, RunError
from leaderboard.run.verification import SAMPLE
from metrics.measure.running.choice import add_engine_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from leaderboard.store.run import Run


def add_to(parser: ArgumentParser) -> None:
    """Options of the command; what measures is not imported for them."""
    parser.set_defaults(interrupted="nothing was changed")
    parser.add_argument("name", metavar="RUN", help="folder of a run, or <submission>/<run key> in the store")
    parser.add_argument("--file", type=Path, metavar="FILE", help="the submitted file, read again and compared")
    parser.add_argument("--reference", type=Path, metavar="DIR", help="folder of the reference set (default: by name)")
    parser.add_argument(
        "--sample",
        type=not_negative,
        default=SAMPLE,
        metavar="N",
        help=f"records that are measured again (default: {SAMPLE})",
    )
    parser.add_argument("--seed", type=not_negative, metavar="S", help="of the sample (default: drawn, and printed)")
    add_engine_options(parser, positive)
    parser.add_argument("--json", action="store_true", help="print JSON instead of text, with all differences")


def verify(options: Namespace) -> None:
    """Verify and print.

    Raises:
        CommandError: there is no such run, it differs, or it cannot be compared.

    """
    # what measures takes seconds to import
    from leaderboard.processes import start_engine  # noqa: PLC0415 - see above
    from leaderboard.run.verification.verify import verify as verified  # noqa: PLC0415 - see above
    from metrics.measure.running.progress import ToTerminal  # noqa: PLC0415 - see above

    run = find_run(options.name)
    for path in (options.file, options.reference):
        if path is not None and not path.exists():
            msg = f"{path} does not exist"
            raise CommandError(msg)
    try:
        with start_engine(options.where) as engine:
            verification = verified(
                run,
                engine,
                ToTerminal(),
                sample=options.sample,
                seed=options.seed,
                reference=options.reference,
                file=options.file,
            )
    except RunError as error:
        raise CommandError(str(error)) from error
    as_json = json.dumps(verification.as_json(), indent=2, ensure_ascii=False) + "\n"
    sys.stdout.write(as_json if options.json else verification.as_text())
    if not verification.is_equal:
        raise CommandError(verification.summary)


def find_run(name: str) -> Run:
    """The run in a folder, or of this name in the store: as it is listed, else published or not.

    Raises:
        CommandError: there is none.

    """
    from leaderboard.store.local import Store  # noqa: PLC0415 - imports pandas
    from leaderboard.store.run import Run, place  # noqa: PLC0415 - imports pandas

    store = Store()
    if (Path(name) / "run.json").is_file():
        return Run(Path(name))
    listed = store.runs()
    exact = [run for run in listed if run.id == name]
    for run in exact or [run for run in listed if place(run.record.submission_sha256, run.record.run_key) == name]:
        return run
    # an owner stands behind the folder's name
    folders = [parent / name.partition("@")[0] for parent in (store.root, store.root / "unpublished")]
    for folder in folders:
        if (folder / "run.json").is_file():
            return Run(folder)
    msg = f"no run {name!r}: no run.json in {', '.join(map(str, [name, *folders]))}"
    raise CommandError(msg)
