"""Energies that were computed elsewhere, brought into the cache of this machine as if they had been computed here.

The file is gzipped JSON lines, each ``{"key": ..., "record": ...}``: a record is an
:class:`metrics.measure.energy.relax_record.EnergyRecord`, its key what the cache keeps it under.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from metrics.crystal import Crystal
from metrics.measure.energy.relax_record import STATUSES, EnergyRecord
from metrics.measure.energy.relaxation import record_key
from metrics.measure.potentials import find
from metrics.measure.running.cache import Result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics.measure.running.cache import Cache

_SHA256 = re.compile("[0-9a-f]{64}")
_CLOSED = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
# the record itself is made by the million and not checked each time
_RECORD = TypeAdapter(checked_dataclass(EnergyRecord, config=_CLOSED, frozen=True))
WITH_ENERGY = STATUSES[:3]


class EnergyFileError(ValueError):
    """A file that holds no energies to import, or one that is not what it should be; says where and why."""


class Imported(NamedTuple):
    """Numbers of records that the cache did not have, and that it had already."""

    n_new: int
    n_known: int


class _Line(BaseModel):
    model_config = _CLOSED

    key: str
    record: dict[str, Any]


def import_energies(path: Path, cache: Cache) -> Imported:
    """Put the records of a file into a cache; one that is there already stays as it is.

    Raises:
        EnergyFileError: the file is not one of energies, or one of its records is not valid; then nothing was put.
        OSError: the file cannot be read.

    """
    n_new = n_known = 0
    # all are checked before the first is put
    for record in list(read_energies(path)):
        key = record_key(record)
        if cache.get([record.sha256], key):
            n_known += 1
        else:
            cache.put(record.sha256, key, Result(asdict(record), None))
            n_new += 1
    cache.commit()
    return Imported(n_new, n_known)


def read_energies(path: Path) -> Iterator[EnergyRecord]:
    """Records of a file, each checked.

    Raises:
        EnergyFileError: names the line and what is wrong with it.
        OSError: the file cannot be read.

    """
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, text in enumerate(lines, start=1):
                yield _checked(text, f"{path}, line {number}")
    except (gzip.BadGzipFile, zlib.error, EOFError, UnicodeDecodeError) as error:
        msg = f"{path} is not a file of energies (gzipped JSON lines): {error}"
        raise EnergyFileError(msg) from error
    if not number:
        msg = f"{path} is empty; a file of energies has one record a line"
        raise EnergyFileError(msg)


def _checked(text: str, where: str) -> EnergyRecord:
    try:
        line = _Line.model_validate_json(text)
        _RECORD.validate_json(json.dumps(line.record))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        msg = f"{where}: {place}: {first['msg']}"
        raise EnergyFileError(msg) from error
    record = EnergyRecord(**line.record)
    if wrong := _wrong(record) or _wrong_key(line.key, record):
        msg = f"{where}: {wrong}"
        raise EnergyFileError(msg)
    return record


def _wrong(record: EnergyRecord) -> str | None:
    """Why a record cannot be what a potential answered, or None."""
    if not _SHA256.fullmatch(record.sha256):
        return f"sha256 {record.sha256!r} is not 64 hexadecimal digits"
    if record.status not in STATUSES:
        return f"status {record.status!r} is none of {', '.join(STATUSES)}"
    if record.status == "time_limit":
        return "status 'time_limit' is not kept: more time may give an energy"
    energies = (record.energy, record.energy_per_atom, record.energy_convention)
    if any((part is not None) != (record.status in WITH_ENERGY) for part in energies):
        return f"status {record.status!r} and energy {record.energy} eV, {record.energy_per_atom} eV/atom contradict"
    if record.cell is not None:
        try:
            Crystal.from_arrays(**json.loads(record.cell))
        except (ValueError, TypeError) as error:
            return f"cell is not a crystal: {error}"
    return None


def _wrong_key(key: str, record: EnergyRecord) -> str | None:
    """Why a record is not one of a potential of this code under its key, or None."""
    try:
        potential = find(record.potential)
    except ValueError as error:
        return str(error)
    if record.checkpoint_sha256 != potential.checkpoint_sha256:
        return (
            f"{record.potential} with checkpoint {record.checkpoint_sha256[:12]}; "
            f"this code has {potential.checkpoint_sha256[:12]}"
        )
    if key != record_key(record):
        return f"the key is {key!r}, that of its record {record_key(record)!r}"
    return None
