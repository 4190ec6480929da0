"""What it costs to build a reference set of so many synthetic rows, stage by stage.

Run as ``python -m tests.reference_data.scale ROWS --folder FOLDER``. Unless ``--real`` is given nothing is measured or
compared: made-up facts stand in (:mod:`tests.reference_data.scale.stand_in`), a millisecond a row. Run with ``--shard
1/2`` and ``--shard 2/2``, then without it, or with ``--engine dask --scheduler ADDRESS``, into another folder: the sets
must have the same manifest, which holds the hashes of all files.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.measure.running.choice import add_engine_options, parsed
from reference_data.build.build_set import build_set, build_shard
from reference_data.build.verify import differences
from reference_data.reference import open_reference
from tests.reference_data.scale.meter import Meter
from tests.reference_data.scale.stand_in import StandInEngine
from tests.reference_data.scale.synthetic import write_source

if TYPE_CHECKING:
    from metrics.measure.running.choice import EngineChoice
    from metrics.measure.running.engine import ProcessSettings

DEFINITION = """\
name = "scale"
title = "Synthetic rows"
licence = "CC0-1.0"
indicative = true
not_for = "Anything but measuring what a build costs."
{conversion}
[[sources]]
kind = "lemat_bulk"
name = "synthetic"
path = "source/*.parquet"
energy_convention = "{convention}"
{described}
[[sources.databases]]
name = "alexandria"
id_prefix = "agm"
{described}
[[sources.databases]]
name = "oqmd"
id_prefix = "oqmd-"
{described}
[[sources.databases]]
name = "materials-project"
id_prefix = "mp-"
{described}"""
DESCRIBED = """\
title = "Synthetic rows in the schema of LeMat-Bulk"
licence = "CC0-1.0"
citation = "Nobody, Nowhere (2026)"
doi = ["10.1000/synthetic"]
url = "https://example.org"
"""


def main() -> int:
    """Write the source, build, verify; one line for each stage."""
    options = _options()
    folder: Path = options.folder
    meter = Meter(folder)
    if not (folder / "source").is_dir():
        write_source(folder / "source", options.rows)
        meter.line(f"source of {options.rows} rows written")
    (folder / "scale.toml").write_text(definition(convert=options.convert), encoding="utf-8")
    start = options.where.start if options.real else partial(_start_stand_in, options.where)
    with meter:
        if options.shard:
            number, _, count = options.shard.partition("/")
            shard = int(number), int(count)
            build_shard(folder / "scale.toml", folder / "scale", shard, start_engine=start, report=meter.line)
            meter.line(f"parts of shard {options.shard}")
            return 0
        manifest = build_set(folder / "scale.toml", folder / "scale", start_engine=start, report=meter.line)
        meter.line("set complete")
        reference = open_reference(folder / "scale")
        print(f"{manifest.n_crystals} crystals, manifest sha256 {reference.manifest_sha256}")
        if options.real:
            print("\n".join(differences(folder / "scale")) or "verified")
            meter.line("verified")
    return 0


def _start_stand_in(where: EngineChoice, processes: ProcessSettings) -> StandInEngine:
    """On the cluster, or in this process: beside others on this machine one is as fast."""
    return StandInEngine(where.start(processes) if where.scheduler else None)


def definition(*, convert: bool = False) -> str:
    """Definition of a set of the files in ``source``; energies are converted to pbe_mp2020 or said to be that."""
    convention, conversion = (
        ("pbe_uncorrected", 'convert_energies_to = "pbe_mp2020"\n') if convert else ("pbe_mp2020", "")
    )
    return DEFINITION.format(convention=convention, conversion=conversion, described=DESCRIBED)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.reference_data.scale", description=__doc__)
    parser.add_argument("rows", type=int, metavar="ROWS", help="rows of the source")
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR", help="folder to work in")
    parser.add_argument("--shard", metavar="I/N", help="make only these parts")
    parser.add_argument("--real", action="store_true", help="measure and compare the rows, tens of milliseconds each")
    parser.add_argument("--convert", action="store_true", help="energies are converted to pbe_mp2020, row by row")
    add_engine_options(parser, int)
    options = parsed(parser, None)
    if options.jobs and not options.real:
        parser.error("--jobs goes with --real: made-up facts are handed out by one process, or to a cluster")
    return options


if __name__ == "__main__":
    sys.exit(main())
