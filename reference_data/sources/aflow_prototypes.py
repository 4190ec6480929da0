"""The prototype library that pymatgen ships: one measured compound for each of 288 structure types."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pymatgen.core.structure import Structure

from metrics.measure.composition import reduced_formula_of
from metrics.measure.convert import from_structure
from reference_data.sources.base import Source, SourceRefusal, SourceRow, file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class AflowPrototypes(Source):
    """The AFLOW Library of Crystallographic Prototypes, part 1, as shipped inside pymatgen.

    Each row is one compound with the cell and coordinates of its cited crystallographic work, most of them measured.
    Ids are ``aflow-<AFLOW label>-<reduced formula>``: the label alone is shared by isopointal compounds.
    """

    kind: Literal["aflow_prototypes"]

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:  # noqa: ARG002 - shipped with a package
        """Every prototype, in the file's order."""
        for entry in json.loads(gzip.decompress(_library().read_bytes())):
            label = f"aflow-{entry['tags']['aflow']}"
            try:
                crystal = from_structure(Structure.from_dict(entry["snl"]))
            except ValueError as error:
                yield SourceRefusal(label, self.name, "disordered", str(error))
                continue
            yield SourceRow(f"{label}-{reduced_formula_of(crystal)}", self.name, crystal)

    def inputs(self, folder: Path) -> Mapping[str, str]:  # noqa: ARG002 - shipped with a package
        """The library file by its sha256."""
        library = _library()
        return {library.name: file_sha256(library)}


def _library() -> Path:
    return Path(str(files("pymatgen.analysis.prototypes") / "aflow_prototypes.json.gz"))
