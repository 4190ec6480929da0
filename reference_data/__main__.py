"""Command line of the reference sets: list, describe, compare, verify, build and fetch them."""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.installed import INSTALLED
from metrics.measure.running.choice import add_engine_options, parsed
from metrics.measure.running.engine import EngineError, ProcessSettings
from reference_data.errors import ReferenceSetError
from reference_data.fetch import fetch
from reference_data.files.manifest import MANIFEST_FILE
from reference_data.published import published_by
from reference_data.queries.describe import describe, description_lines
from reference_data.queries.difference import difference
from reference_data.reference import SETS, open_reference, set_names

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Reference sets: the known crystals against which novelty is judged. A set is defined by a TOML file (its sources,
licences, what it is not good for) and built into a folder: crystals.parquet, a look-up index, statistics, manifest."""

EXIT_CODES = "Exit codes: 0 done, 1 refused, failed or different, 2 wrong usage."


def main(arguments: Sequence[str] | None = None, *, prog: str = "python -m reference_data") -> int:
    """Run one command; the exit code.

    Args:
        arguments: of the command line; None takes the process's own.
        prog: how the caller calls these commands.

    """
    options = parsed(_parser(prog), arguments)
    try:
        result: int = options.run(options)
    except (EngineError, ReferenceSetError, OSError) as error:
        _complain(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _complain("interrupted; the same command resumes")
        return 130
    return result


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description=DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="the defined sets, and whether they are built", epilog=EXIT_CODES)
    listing.set_defaults(run=_list)

    verify = commands.add_parser(
        "verify",
        help="check a built set against its manifest and against the code",
        description="Recompute the hash of every file, measure a sample of the crystals again, look them up. Each "
        "difference is a line; without one the set is as it was built and fits this code.",
        epilog=EXIT_CODES,
    )
    verify.add_argument("set", nargs="?", metavar="NAME|DIR", help="a set (default: every built one)")
    verify.set_defaults(run=_verify)

    describe = commands.add_parser(
        "describe",
        help="what is in a built set, from where, under which terms, and what it is not for",
        epilog=EXIT_CODES,
    )
    describe.add_argument("set", metavar="NAME|DIR", help="a built set")
    describe.add_argument("--json", action="store_true", help="the same as JSON")
    describe.set_defaults(run=_describe)

    diff = commands.add_parser(
        "diff",
        help="compare two built sets",
        description="Crystals that only one of two sets has, by fingerprint keys or by the verdict, and what differs "
        "between their manifests.",
        epilog=EXIT_CODES,
    )
    diff.add_argument("a", metavar="A", help="a built set, by name or folder")
    diff.add_argument("b", metavar="B", help="another one")
    diff.add_argument(
        "--by",
        choices=["keys", "verdict"],
        default="keys",
        help="what makes two crystals one: a key in common (fast), or the verdict (default: %(default)s)",
    )
    add_engine_options(diff, _positive)
    diff.set_defaults(run=_diff)

    build = commands.add_parser(
        "build",
        help="build a set from its definition",
        description="Read the sources, measure every structure, merge those that are one crystal, write the set. The "
        "same sources give the same bytes. An interrupted build resumes when given again.",
        epilog=f"{EXIT_CODES} Example: {prog} build reference_data/sets/starter.toml",
    )
    build.add_argument("definition", type=Path, metavar="SET.toml", help="definition of the set")
    build.add_argument(
        "--out", type=Path, metavar="DIR", help="folder to write (default: by the name of SET.toml, beside it)"
    )
    add_engine_options(build, _positive)
    build.add_argument(
        "--shard",
        type=_shard,
        metavar="I/N",
        help="make only the I-th of N shares of the work, for as many machines; a build without --shard that finds all "
        "of them in its folder of parts joins them",
    )
    build.set_defaults(run=_build)

    _add_fetch(commands, prog)

    evaluate = commands.add_parser(
        "evaluate-potential",
        help="measure how far a potential agrees with the energies of a set",
        description="Compute a fixed sample of the set's compounds with a potential, compare their distances from the "
        "set's hull with those by the set's own energies, keep the figures in potential_accuracy.json beside the set. "
        "An interrupted evaluation resumes when given again.",
        epilog=EXIT_CODES,
    )
    evaluate.add_argument("set", metavar="NAME|DIR", help="a built set with a hull")
    evaluate.add_argument("--potential", required=True, metavar="ID", help="an interatomic potential, such as chgnet")
    evaluate.add_argument(
        "--n", type=_positive, default=500, metavar="N", help="compounds to compute (default: %(default)s)"
    )
    add_engine_options(evaluate, _positive)
    evaluate.set_defaults(run=_evaluate_potential)
    return parser


def _add_fetch(commands: argparse._SubParsersAction[argparse.ArgumentParser], prog: str) -> None:
    fetch = commands.add_parser(
        "fetch",
        help="download a set that was built elsewhere",
        description="Download a built set from a dataset on the Hub, every file checked against the set's manifest. "
        "Nothing that the repository holds is run. An interrupted download resumes when given again. HF_ENDPOINT names "
        "another Hub.",
        epilog=f"{EXIT_CODES} Example: {prog} fetch lemat-bulk --repository OWNER/NAME",
    )
    fetch.add_argument("set", type=_name, metavar="NAME", help="name of the set")
    fetch.add_argument(
        "--repository", metavar="OWNER/NAME", help="dataset on the Hub (default: as the set's definition says)"
    )
    fetch.add_argument("--revision", metavar="REV", help="its branch, tag or commit (default: main)")
    fetch.add_argument("--folder", metavar="PATH", help="of the set in the repository (default: its top)")
    fetch.add_argument(
        "--manifest-sha256", metavar="HEX", help="what the manifest must hash to; it holds the hashes of all files"
    )
    fetch.add_argument(
        "--out", type=Path, metavar="DIR", help="folder to write (default: where a set of this name is looked for)"
    )
    fetch.set_defaults(run=_fetch)


def _list(_options: argparse.Namespace) -> int:
    rows = [("name", "crystals", "elements", "built", "ranking", "licence", "title")]
    for name in set_names():
        about = tomllib.loads((SETS / f"{name}.toml").read_text(encoding="utf-8"))
        sizes = ("-", "-", "no")
        if (SETS / name / MANIFEST_FILE).is_file():
            try:
                reference = open_reference(name)
                sizes = (str(reference.n_crystals), str(len(reference.statistics["elements"])), "yes")
            except ReferenceSetError as error:
                _complain(f"{name}: {error}")
                sizes = ("-", "-", "unusable")
        rows.append((name, *sizes, "indicative" if about["indicative"] else "yes", about["licence"], about["title"]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        _say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _verify(options: argparse.Namespace) -> int:
    from reference_data.build.verify import differences  # noqa: PLC0415 - measuring imports pymatgen, listing must not

    built = [name for name in set_names() if (SETS / name / MANIFEST_FILE).is_file()]
    any_wrong = False
    for name in [options.set] if options.set else built:
        wrong = differences(name)
        any_wrong |= bool(wrong)
        for line in wrong:
            _say(f"{name}: {line}")
        if not wrong:
            reference = open_reference(name)
            _say(f"{name}: in order, {reference.n_crystals} crystals, manifest sha256 {reference.manifest_sha256}")
    return 1 if any_wrong else 0


def _describe(options: argparse.Namespace) -> int:
    facts = describe(options.set)
    if options.json:
        _say(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        for line in description_lines(facts):
            _say(line)
    return 0


def _diff(options: argparse.Namespace) -> int:
    if options.by == "verdict":
        with options.where.start(ProcessSettings()) as engine:
            sets = difference(options.a, options.b, engine)
    else:
        sets = difference(options.a, options.b)
    for sign, ids in (("-", sets.only_in_a), ("+", sets.only_in_b)):
        for identifier in ids:
            _say(f"{sign} {identifier}")
    for line in sets.undecided:
        _say(f"? {line}")
    for name, (in_a, in_b) in sets.changed.items():
        _say(f"~ {name}: {in_a} -> {in_b}")
    _complain(f"{len(sets.only_in_a)} crystals only in {options.a} (-), {len(sets.only_in_b)} only in {options.b} (+)")
    return 1 if sets.only_in_a or sets.only_in_b or sets.undecided or sets.changed else 0


def _build(options: argparse.Namespace) -> int:
    from reference_data.build.build_set import build_set, build_shard  # noqa: PLC0415 - building imports pymatgen, listing must not

    out = options.out or _default_out(options.definition)
    if options.shard:
        n_parts, folder = build_shard(
            options.definition, out, options.shard, start_engine=options.where.start, report=_complain
        )
        _say(f"{n_parts} parts in {folder}: copy them to that folder where the set is built, then build it there")
        return 0
    manifest = build_set(options.definition, out, start_engine=options.where.start, report=_complain)
    _say(f"{manifest.name}: {manifest.n_crystals} crystals in {out}")
    return 0


def _fetch(options: argparse.Namespace) -> int:
    definition = SETS / f"{options.set}.toml"
    place = published_by(
        definition,
        {
            "repository": options.repository,
            "revision": options.revision,
            "folder": options.folder,
            "manifest_sha256": options.manifest_sha256,
        },
    )
    out = options.out or (_default_out(definition) if definition.is_file() else Path(options.set))
    reference = fetch(options.set, place, out, report=_complain)
    _say(f"{reference.name}: {reference.n_crystals} crystals in {out}, manifest sha256 {reference.manifest_sha256}")
    return 0


def _default_out(definition: Path) -> Path:
    """Beside the definition; nothing is written among installed packages, so one that lies there is built here."""
    is_packaged = INSTALLED and definition.resolve().parent == SETS.resolve()
    return (Path(definition.name) if is_packaged else definition).with_suffix("")


def _evaluate_potential(options: argparse.Namespace) -> int:
    from reference_data.potential_accuracy.evaluate import evaluate_potential  # noqa: PLC0415 - imports pymatgen, listing must not

    accuracy = evaluate_potential(
        open_reference(options.set),
        options.potential,
        n_sample=options.n,
        start_engine=options.where.start,
        report=_complain,
    )
    _say(json.dumps(asdict(accuracy), indent=1))
    return 0


def _name(text: str) -> str:
    if re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,63}", text):
        return text
    message = f"must be a name of lower-case letters, digits, dots, hyphens and underscores, got {text!r}"
    raise argparse.ArgumentTypeError(message)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        message = f"must be at least 1, got {number}"
        raise argparse.ArgumentTypeError(message)
    return number


def _shard(text: str) -> tuple[int, int]:
    number, separator, count = text.partition("/")
    if separator and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return int(number), int(count)
    message = f"must be i/n with i from 1 to n, such as 2/8, got {text}"
    raise argparse.ArgumentTypeError(message)


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command line's result


def _complain(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - the command line's progress and complaints


if __name__ == "__main__":
    sys.exit(main())
