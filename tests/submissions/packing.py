"""Files for the tests of reading, made as a submitter's tools make them."""

from __future__ import annotations

import csv
import io
import tarfile
import warnings
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from submissions.read import parse, split
from submissions.refusal import RecordRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from metrics.crystal import Crystal
    from submissions.limits import Limits
    from submissions.refusal import Reason


@cache
def crystals() -> dict[str, Structure]:
    """Name -> structure: rock salt, wurtzite, and a cell without any symmetry."""
    triclinic = Lattice.from_parameters(3.1, 4.2, 5.3, 81, 97, 104)
    return {
        "NaCl": Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        "ZnS": Structure.from_spacegroup(
            "P6_3mc", Lattice.hexagonal(3.82, 6.26), ["Zn", "S"], [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.375]]
        ),
        "LiFeO": Structure(triclinic, ["Li", "Fe", "O"], [[0.1, 0.2, 0.3], [0.61, 0.52, 0.77], [0.33, 0.91, 0.05]]),
    }


def cif(name: str = "NaCl") -> str:
    """CIF in P1, as pymatgen writes it."""
    return str(crystals()[name].to(fmt="cif"))


def cif_of_sites(rows: Iterable[str], cell: str = "5 5 5 90 90 90", extra: str = "") -> str:
    """Smallest CIF that is one: `rows` are `symbol label x y z occupancy`."""
    keys = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = ["data_made", *(f"_cell_{key} {value}" for key, value in zip(keys, cell.split(), strict=True))]
    lines += [extra, "loop_", "_atom_site_type_symbol", "_atom_site_label"]
    lines += [f"_atom_site_fract_{axis}" for axis in "xyz"] + ["_atom_site_occupancy", *rows]
    return "\n".join(lines) + "\n"


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A zip file, deflated."""
    buffer = io.BytesIO()
    # A name given twice is part of what is tested.
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore", UserWarning)
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members: Mapping[str, str | bytes | tarfile.TarInfo], compression: str = "") -> bytes:
    """A tar file; a TarInfo as content becomes a member without content, such as a link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
            else:
                data = content.encode() if isinstance(content, str) else content
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def optimade(structure: Structure, name: str) -> dict[str, Any]:
    """An entry of type structures whose sites are named otherwise than their elements."""
    return {
        "id": name,
        "type": "structures",
        "attributes": {
            "lattice_vectors": structure.lattice.matrix.tolist(),
            "cartesian_site_positions": structure.cart_coords.tolist(),
            "species_at_sites": [f"{site.specie}-site" for site in structure],
            "species": [
                {"name": f"{symbol}-site", "chemical_symbols": [symbol], "concentration": [1.0]}
                for symbol in sorted({str(site.specie) for site in structure})
            ],
            "dimension_types": [1, 1, 1],
        },
    }


def table(header: Iterable[str], rows: Iterable[Iterable[object]], delimiter: str = ",") -> str:
    """CSV text as Python writes it."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def read_all(
    folder: Path, content: bytes | str, limits: Limits | None = None, name: str = "upload.bin"
) -> dict[str, Crystal | tuple[Reason, str]]:
    """Id -> crystal, or reason and detail, of every record of a file with this content.

    Every refusal met is checked to be one line that says something.
    """
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    results: dict[str, Crystal | tuple[Reason, str]] = {}
    for record in split(path, limits):
        assert record.id not in results
        try:
            results[record.id] = parse(record, limits)
        except RecordRefusedError as refused:
            results[record.id] = (refused.reason, refused.detail)
    details = [result[1] for result in results.values() if isinstance(result, tuple)]
    assert all(detail.isprintable() and len(detail) > 10 for detail in details)
    return results


def reason(result: Crystal | tuple[Reason, str]) -> Reason | None:
    """Reason of a refused record, None of a crystal."""
    return result[0] if isinstance(result, tuple) else None


def assert_is(result: Crystal | tuple[Reason, str], structure: Structure, *, tolerance: float) -> None:
    """The result is this structure: same elements in the same order, distances between sites and to images alike.

    Cells may be rotated against each other, so what is compared is metric tensor and fractional coordinates.
    """
    assert not isinstance(result, tuple), result
    assert result.atomic_numbers.tolist() == list(structure.atomic_numbers)
    matrix = structure.lattice.matrix
    np.testing.assert_allclose(result.lattice @ result.lattice.T, matrix @ matrix.T, atol=100 * tolerance)
    difference = result.frac_coords - structure.frac_coords
    np.testing.assert_allclose(difference - np.rint(difference), 0, atol=tolerance)


def one(results: Mapping[str, Crystal | tuple[Reason, str]]) -> Crystal | tuple[Reason, str]:
    """The only result."""
    if len(results) != 1:
        pytest.fail(f"expected 1 record, got {list(results)}")
    return next(iter(results.values()))
