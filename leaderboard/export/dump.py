"""The whole board as files that outlive the site: runs, scores and cards, as CSV, parquet and JSON lines.

The same store and the same release of this code give the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import pyarrow as pa

from leaderboard.board.table import board, status_of
from leaderboard.board.written import csv_for_people
from leaderboard.errors import CommandError
from leaderboard.licence import DATA_LICENCE, TERMS
from leaderboard.release import release
from leaderboard.store.json_files import write_json
from metrics.table import frame, write_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from leaderboard.protocol import Protocol
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run

FORMAT_VERSION = 1
"""Of the dump; raise it when a column changes its meaning or goes."""


class Column(NamedTuple):
    """Of a table of the dump."""

    kind: pa.DataType
    says: str


RUNS: Mapping[str, Column] = {
    "run": Column(pa.string(), "id: <submission>/<run key>, 12 digits of each, @<owner> behind it where one signed in"),
    "model": Column(pa.string(), "name of the model; its card is in cards.jsonl"),
    "version": Column(pa.string(), "version of the model"),
    "hub_model": Column(pa.string(), "its repository on the Hugging Face Hub"),
    "owner": Column(pa.string(), "who submitted it; empty where nobody signed in"),
    "status": Column(
        pa.string(),
        "approved, unverified (waits for the maintainers' review) or superseded; only approved ones rank",
    ),
    "verified": Column(pa.bool_(), "whether the maintainers have scored it again and found the same"),
    "on_board": Column(pa.bool_(), "whether it is the row of its submission on the board, or a fuller run is"),
    "rank": Column(pa.int64(), "among the models against this reference set; empty where it takes none"),
    "rank_low": Column(pa.int64(), "best rank that other samples of the same models would give, at 95%"),
    "rank_high": Column(pa.int64(), "worst rank, likewise"),
    "tied_low": Column(pa.int64(), "best rank that it cannot be told apart from"),
    "tied_high": Column(pa.int64(), "worst rank that it cannot be told apart from"),
    "selection_shift": Column(
        pa.float64(), "what choosing the best of several attempts gained, taken off before ranking; empty where nothing"
    ),
    "not_ranked": Column(pa.string(), "why it takes no rank"),
    "ranked_by": Column(pa.string(), "score that ranks the board of its reference set, <name>@<variant>"),
    "n_runs": Column(pa.int64(), "comparable runs of this model and version, this one included"),
    "bundled": Column(pa.string(), "baseline or control of this benchmark; empty for anything else"),
    "published": Column(pa.string(), "whose published outputs the structures are, where the benchmark submitted them"),
    "n_submitted": Column(pa.int64(), "structures submitted: the denominator of every share"),
    "reference": Column(pa.string(), "name of the reference set"),
    "reference_hash": Column(pa.string(), "sha256 of its manifest"),
    "reference_indicative": Column(pa.bool_(), "whether the set is too small for more than an indication"),
    "protocol": Column(pa.string(), "version of the benchmark"),
    "protocol_hash": Column(pa.string(), "sha256 of its content"),
    "protocol_status": Column(pa.string(), "draft or final, when the run was made"),
    "custom": Column(pa.bool_(), "whether it departs from the protocol: shown, never ranked"),
    "potentials": Column(pa.string(), "ids of the interatomic potentials, separated by blanks"),
    "relaxed": Column(pa.bool_(), "whether structures were relaxed too"),
    "checkpoints": Column(pa.string(), "JSON: sha256 of the parameters of each potential"),
    "calibrations": Column(pa.string(), "JSON: sha256 of the calibration of each energy view, by its variant"),
    "submission_sha256": Column(pa.string(), "sha256 of the submitted file"),
    "run_key": Column(pa.string(), "sha256 of all that decides the numbers"),
    "file_name": Column(pa.string(), "of the submitted file"),
    "created": Column(pa.string(), "when the run was finished, ISO 8601"),
    "release": Column(pa.string(), "JSON: version and commit of the code that made it"),
    "versions": Column(pa.string(), "JSON: versions of packages, Python and the kind of processor"),
}
SCORES: Mapping[str, Column] = {
    "run": Column(pa.string(), "as in runs"),
    "name": Column(pa.string(), "of the score; docs/metrics.md of the code defines it"),
    "version": Column(pa.int64(), "of its definition"),
    "variant": Column(pa.string(), "energy view, <potential>/<unrelaxed or relaxed>...; empty without energies"),
    "value": Column(pa.float64(), "in unit; empty where it is not defined"),
    "low": Column(pa.float64(), "lower end of the 95% interval; empty where so few structures do not tell"),
    "high": Column(pa.float64(), "upper end, likewise"),
    "n_counted": Column(pa.int64(), "structures whose facts were known"),
    "n_unknown": Column(pa.int64(), "structures whose facts were not; they count against a share"),
    "unit": Column(pa.string(), "of value, low and high; a share lies in [0, 1]"),
    "better": Column(pa.string(), "its direction: higher, lower or neither"),
}
_OF_BOARD = (
    "rank",
    "rank_low",
    "rank_high",
    "tied_low",
    "tied_high",
    "selection_shift",
    "not_ranked",
    "ranked_by",
    "n_runs",
    "bundled",
    "published",
)
_OF_RECORD = (
    "n_submitted",
    "reference",
    "reference_hash",
    "reference_indicative",
    "protocol",
    "protocol_hash",
    "protocol_status",
    "custom",
    "relaxed",
    "submission_sha256",
    "run_key",
    "file_name",
)
_AS_JSON = ("checkpoints", "calibrations", "release", "versions")

README = """\
# Dump of the crystal generation leaderboard

Format {format_version}. {n_runs:,} runs, the newest of {newest_run}; protocol {protocol} ({protocol_hash}).

- `runs.csv`, `runs.parquet`: every run that the board shows, oldest first.
- `scores.csv`, `scores.parquet`: every score of each with its 95% interval and counts.
- `cards.jsonl`: the card of each run's model, one JSON object a line: run, card.
- `manifest.json`: format, protocol, reference sets, release of the code, sha256 of every file.
- `CITATION.cff`: how to cite it.

CSV and parquet hold the same. In CSV every cell is quoted, an empty one is unknown, and text that a spreadsheet would
run as a formula has an apostrophe before it. What was rejected, hidden or withdrawn is not in it.

## Columns of runs

{runs}

## Columns of scores

{scores}

{terms}
"""
CITATION = """\
cff-version: 1.2.0
title: "Dump of the LeMaterial crystal generation leaderboard"
message: "If you use these results, please cite them as below, and the models and the reference set that they name."
type: dataset
authors:
  - name: "LeMaterial"
license: {licence}
version: "{version}"
date-released: "{day}"
"""


def write_dump(store: Store, protocol: Protocol, folder: Path) -> dict[str, Any]:
    """Write the dump into a folder; the content of its manifest.

    Raises:
        CommandError: the board shows no run.

    """
    runs = store.runs()
    if not runs:
        msg = f"{store.root} has no published run to write"
        raise CommandError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "runs": (_run_rows(runs, store, protocol), RUNS),
        "scores": ([_score_row(run, entry.model_dump()) for run in runs for entry in run.scores.scores], SCORES),
    }
    for name, (rows, columns) in tables.items():
        schema = pa.schema({column: described.kind for column, described in columns.items()})
        table = frame(rows, schema)
        write_parquet(table, schema, folder / f"{name}.parquet")
        (folder / f"{name}.csv").write_text(quoted_csv(table), encoding="utf-8", newline="")
    cards = [json.dumps({"run": run.id, "card": run.card.model_dump(mode="json")}, ensure_ascii=False) for run in runs]
    (folder / "cards.jsonl").write_text("".join(f"{card}\n" for card in cards), encoding="utf-8")
    manifest = _manifest(runs, protocol)
    (folder / "README.md").write_text(
        README.format(runs=_described(RUNS), scores=_described(SCORES), terms=TERMS, **manifest), encoding="utf-8"
    )
    citation = CITATION.format(licence=DATA_LICENCE, version=release().version, day=manifest["newest_run"][:10])
    (folder / "CITATION.cff").write_text(citation, encoding="utf-8")
    names = [
        "CITATION.cff",
        "README.md",
        "cards.jsonl",
        *(f"{name}.{end}" for name in tables for end in ("csv", "parquet")),
    ]
    manifest["files"] = {name: _sha256(folder / name) for name in sorted(names)}
    write_json(manifest, folder / "manifest.json")
    return manifest


def quoted_csv(table: pd.DataFrame) -> str:
    """CSV with every cell quoted, in which a spreadsheet finds no formula."""
    written = io.StringIO(newline="")
    rows = csv.reader(io.StringIO(csv_for_people(table), newline=""))
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


def _run_rows(runs: Sequence[Run], store: Store, protocol: Protocol) -> list[dict[str, Any]]:
    on_board = board(store, protocol).runs.set_index("run")[list(_OF_BOARD)]
    ranked = {str(run): facts for run, facts in on_board.to_dict("index").items()}
    return [_run_row(run, ranked.get(run.id)) for run in runs]


def _run_row(run: Run, on_board: Mapping[Any, Any] | None) -> dict[str, Any]:
    record = run.record
    as_json = record.model_dump(mode="json")
    return {
        "run": run.id,
        "model": run.model,
        "version": run.card.version,
        "hub_model": run.card.hub_model,
        "owner": run.owner,
        "status": status_of(run),
        "verified": run.is_verified,
        "on_board": on_board is not None,
        **{name: None if pd.isna(value) else value for name, value in (on_board or {}).items()},
        **{name: as_json[name] for name in _OF_RECORD},
        "potentials": " ".join(record.potentials),
        **{name: json.dumps(as_json[name], sort_keys=True) for name in _AS_JSON},
        "created": as_json["created"],
    }


def _score_row(run: Run, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"run": run.id, **entry}


def _manifest(runs: Sequence[Run], protocol: Protocol) -> dict[str, Any]:
    records = [run.record for run in runs]
    references: dict[str, list[str]] = {}
    for record in records:
        hashes = references.setdefault(record.reference, [])
        if record.reference_hash not in hashes:
            hashes.append(record.reference_hash)
    code = release()
    return {
        "format_version": FORMAT_VERSION,
        "newest_run": max(record.created for record in records).astimezone(UTC).isoformat(timespec="seconds"),
        "n_runs": len(runs),
        "n_scores": sum(len(run.scores.scores) for run in runs),
        "protocol": protocol.name,
        "protocol_hash": protocol.hash,
        "references": {name: sorted(hashes) for name, hashes in sorted(references.items())},
        "release": code._asdict(),
        "licence": DATA_LICENCE,
    }


def _described(columns: Mapping[str, Column]) -> str:
    return "\n".join(f"- `{name}` ({column.kind}): {column.says}" for name, column in columns.items())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
