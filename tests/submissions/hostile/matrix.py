"""Every fault of a structure in every format that can state it, in every kind of file that can carry the format.

The fault stands between two structures that are right, so that a file loses exactly one.
"""

from __future__ import annotations

import gzip
import io
import json
import math
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from submissions.refusal import Reason
from tests.submissions.hostile.file import Hostile
from tests.submissions.packing import table, tarred, zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Model:
    """A cubic salt, whatever is done to it. Lengths in angstrom, angles in degrees."""

    length: float = 5.6
    angles: tuple[float, float, float] = (90.0, 90.0, 90.0)
    symbols: tuple[str, ...] = ("Na", "Cl")
    points: tuple[tuple[float, float, float], ...] = ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5))
    occupancy: float = 1.0
    periodic: bool = True
    padding: int = 0

    @property
    def vectors(self) -> list[list[float]]:
        """Cell vectors as rows; flat where an angle is 0."""
        third = [0.0, 0.0, self.length] if self.angles[0] else [self.length, 0.0, 0.0]
        return [[self.length, 0.0, 0.0], [0.0, self.length, 0.0], third]

    @property
    def positions(self) -> list[list[float]]:
        """Cartesian coordinates."""
        return [[self.length * one for one in point] for point in self.points]


def cif_text(model: Model) -> str:
    names = ("_cell_length_a", "_cell_length_b", "_cell_length_c")
    lines = ["data_x", "#" * 1_000 + "\n" if model.padding else ""]
    lines += ["#" * 1_000] * (model.padding // 1_000)
    lines += [f"{name} {model.length}" for name in names]
    names = ("_cell_angle_alpha", "_cell_angle_beta", "_cell_angle_gamma")
    lines += [f"{name} {angle}" for name, angle in zip(names, model.angles, strict=True)]
    lines += ["loop_", "_atom_site_type_symbol", *(f"_atom_site_fract_{axis}" for axis in "xyz")]
    lines += ["_atom_site_occupancy"]
    for symbol, point in zip(model.symbols, model.points, strict=True):
        lines.append(f"{symbol} {point[0]} {point[1]} {point[2]} {model.occupancy}")
    return "\n".join(lines) + "\n"


def poscar_text(model: Model) -> str:
    lines = ["made", "1.0", *(" ".join(map(str, vector)) for vector in model.vectors)]
    lines += [" ".join(model.symbols), " ".join("1" for _ in model.symbols), "Direct"]
    lines += [" ".join(map(str, point)) + " " * model.padding for point in model.points]
    return "\n".join(lines) + "\n"


def extxyz_text(model: Model) -> str:
    lattice = " ".join(str(one) for vector in model.vectors for one in vector)
    pbc = "T T T" if model.periodic else "T T F"
    head = f'Lattice="{lattice}" Properties=species:S:1:pos:R:3:occupancy:R:1 pbc="{pbc}"' + " " * model.padding
    atoms = [
        f"{symbol} {x} {y} {z} {model.occupancy}"
        for symbol, (x, y, z) in zip(model.symbols, model.positions, strict=True)
    ]
    return "\n".join([str(len(atoms)), head, *atoms]) + "\n"


def pymatgen_dict(model: Model) -> dict[str, Any]:
    return {
        "@module": "pymatgen.core.structure",
        "@class": "Structure",
        "comment": " " * model.padding,
        "lattice": {"matrix": model.vectors, "pbc": [True, True, model.periodic]},
        "sites": [
            {"species": [{"element": symbol, "occu": model.occupancy}], "abc": list(point)}
            for symbol, point in zip(model.symbols, model.points, strict=True)
        ],
    }


def optimade_dict(model: Model) -> dict[str, Any]:
    return {
        "id": "x",
        "type": "structures",
        "attributes": {
            "comment": " " * model.padding,
            "lattice_vectors": model.vectors,
            "cartesian_site_positions": model.positions,
            "species_at_sites": list(model.symbols),
            "species": [
                {"name": symbol, "chemical_symbols": [symbol], "concentration": [model.occupancy]}
                for symbol in dict.fromkeys(model.symbols)
            ],
            "dimension_types": [1, 1, int(model.periodic)],
        },
    }


def ase_dict(model: Model) -> dict[str, Any]:
    return {
        "symbols": list(model.symbols),
        "positions": model.positions,
        "cell": model.vectors,
        "pbc": [True, True, model.periodic],
        "occupancies": [model.occupancy] * len(model.symbols),
        "comment": " " * model.padding,
    }


def as_json(to_dict: Callable[[Model], dict[str, Any]], model: Model) -> str:
    return json.dumps(to_dict(model))


FORMATS: dict[str, Callable[[Model], str]] = {
    "cif": cif_text,
    "poscar": poscar_text,
    "extxyz": extxyz_text,
    "pymatgen": partial(as_json, pymatgen_dict),
    "optimade": partial(as_json, optimade_dict),
    "ase": partial(as_json, ase_dict),
}
EXTENSIONS = {"cif": ".cif", "poscar": ".vasp", "extxyz": ".xyz", "pymatgen": ".json", "optimade": ".json"}
GOOD = Model()
N_MANY = 1_001
MANY = Model(
    symbols=("Na",) * N_MANY, points=tuple((place / N_MANY, 0.0, 0.0) for place in range(N_MANY)), length=4_000.0
)
EVERY = tuple(FORMATS)


@dataclass(frozen=True)
class Fault:
    """What is wrong with one structure, and what it is refused for in each format that can state it."""

    model: Model
    reason: Reason
    formats: tuple[str, ...] = EVERY
    damage: Callable[[bytes], bytes] = bytes
    carriers: tuple[str, ...] | None = None


def cut(text: bytes) -> bytes:
    """The text without its last third, so that its beginning shows what it was meant to be."""
    return text[: -len(text) // 3]


FAULTS = {
    "unknown element": Fault(replace(GOOD, symbols=("Qq", "Cl")), Reason.UNKNOWN_ELEMENT),
    "number for an element": Fault(replace(GOOD, symbols=("\u00b2", "Cl")), Reason.UNKNOWN_ELEMENT, EVERY[2:]),
    "nan coordinate": Fault(replace(GOOD, points=((math.nan, 0, 0), (0.5, 0.5, 0.5))), Reason.NOT_FINITE),
    "infinite coordinate": Fault(replace(GOOD, points=((math.inf, 0, 0), (0.5, 0.5, 0.5))), Reason.NOT_FINITE),
    "far coordinate": Fault(replace(GOOD, points=((1e9, 0, 0), (0.5, 0.5, 0.5))), Reason.OUT_OF_RANGE),
    "large cell": Fault(replace(GOOD, length=1e7), Reason.OUT_OF_RANGE),
    "flat cell": Fault(replace(GOOD, angles=(0.0, 90.0, 90.0)), Reason.ZERO_VOLUME),
    "tiny cell": Fault(replace(GOOD, length=1e-5), Reason.ZERO_VOLUME),
    "many sites": Fault(MANY, Reason.TOO_MANY_SITES),
    "half a site": Fault(
        replace(GOOD, occupancy=0.5), Reason.PARTIAL_OCCUPANCY, ("cif", "extxyz", "pymatgen", "optimade", "ase")
    ),
    "two sites in one": Fault(
        replace(GOOD, occupancy=2.0), Reason.PARTIAL_OCCUPANCY, ("cif", "extxyz", "pymatgen", "optimade", "ase")
    ),
    "a slab": Fault(replace(GOOD, periodic=False), Reason.NOT_PERIODIC, ("extxyz", "pymatgen", "optimade", "ase")),
    "cut off": Fault(GOOD, Reason.MALFORMED, damage=cut),
    "latin-1": Fault(
        GOOD,
        Reason.WRONG_ENCODING,
        damage=lambda text: text.replace(b"Na", b"N\xe9", 1),
        carriers=("alone", "zip", "tar.gz", "csv", "parquet"),
    ),
    "over 5 MB": Fault(replace(GOOD, padding=5_100_000), Reason.RECORD_TOO_LARGE, carriers=("zip", "csv", "jsonl")),
}


def files() -> Iterator[Hostile]:
    """One file for each fault, format and carrier."""
    for fault_name, fault in FAULTS.items():
        for format_name in fault.formats:
            for carrier_name in fault.carriers or CARRIERS:
                make = partial(_made, CARRIERS[carrier_name], format_name, fault)
                name = f"{fault_name}, {format_name}, {carrier_name}"
                yield Hostile(name, make, None, 0 if carrier_name == "alone" else 2, Counter([fault.reason]))


def _made(carrier: Callable[[str, list[bytes]], bytes], format_name: str, fault: Fault) -> bytes:
    write = FORMATS[format_name]
    bad = fault.damage(write(fault.model).encode())
    good = write(GOOD).encode()
    return carrier(format_name, [good, bad, good])


def _alone(_format: str, texts: list[bytes]) -> bytes:
    return texts[1]


def _members(format_name: str, texts: list[bytes]) -> dict[str, str | bytes]:
    extension = EXTENSIONS.get(format_name, ".json")
    return {f"{number}{extension}": text for number, text in enumerate(texts)}


def _zip(format_name: str, texts: list[bytes]) -> bytes:
    return zipped(_members(format_name, texts))


def _tar_gz(format_name: str, texts: list[bytes]) -> bytes:
    return gzip.compress(tarred(_members(format_name, texts)), mtime=0)


def _csv(_format: str, texts: list[bytes]) -> bytes:
    cells = [text.decode("utf-8", "surrogateescape") for text in texts]
    return table(["id", "structure"], enumerate(cells)).encode("utf-8", "surrogateescape")


def _jsonl(_format: str, texts: list[bytes]) -> bytes:
    lines = [json.dumps({"id": number, "structure": text.decode()}) for number, text in enumerate(texts)]
    return "\n".join(lines).encode()


def _parquet(_format: str, texts: list[bytes]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": ["a", "b", "c"], "cif": pa.array(texts, pa.binary())}), buffer)
    return buffer.getvalue()


CARRIERS: dict[str, Callable[[str, list[bytes]], bytes]] = {
    "alone": _alone,
    "zip": _zip,
    "tar.gz": _tar_gz,
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
}
