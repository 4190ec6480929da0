"""Reference sets that a server needs and does not have yet: downloaded before it answers anybody."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from reference_data.fetch import fetch
from reference_data.files.manifest import MANIFEST_FILE
from reference_data.published import published_by
from reference_data.reference import SETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


def fetch_missing(
    names: Iterable[str], report: Callable[[str], None], *, sets: Path = SETS, endpoint: str | None = None
) -> None:
    """Download the sets whose definitions say where they are published and which are not here.

    Args:
        names: of the sets that a protocol scores against.
        report: takes lines of progress.
        sets: folder of definitions and built sets.
        endpoint: address of the Hub; default is the client's.

    Raises:
        ReferenceSetError: a set did not come. Without it submissions would be scored against another one unseen.

    """
    for name in names:
        definition = sets / f"{name}.toml"
        is_here = (sets / name / MANIFEST_FILE).is_file()
        if not is_here and "published" in tomllib.loads(definition.read_text(encoding="utf-8")):
            fetch(name, published_by(definition, {}), sets / name, report=report, endpoint=endpoint)
