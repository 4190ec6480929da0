"""JSON files of a run, read as the types of :mod:`leaderboard.records` and written in one step."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from leaderboard.errors import RecordError
from leaderboard.records import AnyRun, RunRecord, StartedRun

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T", bound=BaseModel)

_ANY_RUN: TypeAdapter[StartedRun | RunRecord] = TypeAdapter(AnyRun)


def read_any_run(path: Path) -> StartedRun | RunRecord:
    """Read a ``run.json``, finished or not.

    Raises:
        RecordError: it is not one.

    """
    try:
        return _ANY_RUN.validate_json(path.read_bytes())
    except ValidationError as error:
        raise _as_record_error(path, error) from error


def read_model(kind: type[T], path: Path) -> T:
    """Read a JSON file as one of our types.

    Raises:
        RecordError: it does not follow the schema of the type.

    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise _as_record_error(path, error) from error


def write_model(content: BaseModel, path: Path) -> None:
    """Write in one step; NaN is not JSON and refused."""
    write_json(content.model_dump(mode="json"), path)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object."""
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write in one step; NaN is not JSON and refused."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_text(json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")
    partial.replace(path)


def _as_record_error(path: Path, error: ValidationError) -> RecordError:
    first, *others = error.errors()
    where = ".".join(map(str, first["loc"])) or "content"
    more = f" (and {len(others)} more)" if others else ""
    return RecordError(f"{path}: {where}: {first['msg']}{more}")
