"""Structures held in memory become the records that a file of them would give, whatever each of them is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from leaderboard.errors import RunError
from submissions.formats.json_rows import of_field
from submissions.limits import Limits
from submissions.read import Record, with_unique_id
from submissions.refusal import Reason, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ase import Atoms
    from pymatgen.core.structure import IStructure

_LIMITS = Limits()
_OCCUPANCIES = ("spacegroup_kinds", "occupancies", "occ")


def records_of(structures: Iterable[object] | Mapping[Any, object], ids: Iterable[object] | None) -> list[Record]:
    """One record per structure; what is no crystal is a record refused with its reason.

    Args:
        structures: pymatgen Structures, ASE Atoms, their dicts, or a mapping from ids to them.
        ids: one per structure; default is its position from 0. Repeated ids get ``#2``, ``#3``.

    Raises:
        TypeError: one structure was given, not several.
        ValueError: there is not one id per structure, or ids are given twice.
        RunError: the iterable raised; says after how many structures and what.

    """
    _refuse_single(structures)
    if isinstance(structures, Mapping):
        if ids is not None:
            msg = "ids are given beside a mapping, whose keys are the ids; give one of both"
            raise ValueError(msg)
        ids, structures = list(structures), structures.values()
    given = list(_counted(structures))
    names = list(range(len(given))) if ids is None else list(ids)
    if len(names) != len(given):
        msg = f"{len(names)} ids for {len(given)} structures; give one for each, or none"
        raise ValueError(msg)
    used: dict[str, int] = {}
    return [
        with_unique_id(_record(str(name), structure), used, _LIMITS)
        for name, structure in zip(names, given, strict=True)
    ]


def _refuse_single(structures: object) -> None:
    from ase import Atoms  # noqa: PLC0415 - heavy
    from pymatgen.core.structure import SiteCollection  # noqa: PLC0415 - heavy

    is_dict = isinstance(structures, Mapping) and any(key in structures for key in ("lattice", "@class", "positions"))
    if is_dict or isinstance(structures, Atoms | SiteCollection | str | bytes):
        msg = f"one {type(structures).__name__} is given, an iterable of structures is needed; put it into a list"
        raise TypeError(msg)


def _counted(structures: Iterable[object]) -> Iterator[object]:
    """The structures; where their iterable raises, how many it gave before."""
    count = 0
    try:
        for structure in structures:
            yield structure
            count += 1
    except Exception as error:
        msg = (
            f"the iterable of structures raised {type(error).__name__}: {one_line(error)}, after {count} structures; "
            "nothing was scored"
        )
        raise RunError(msg) from error


def _record(name: str, structure: object) -> Record:
    from ase import Atoms  # noqa: PLC0415 - heavy
    from pymatgen.core.structure import IMolecule, IStructure  # noqa: PLC0415 - heavy

    if structure is None:
        return Record(
            name, "json", b"", Reason.EMPTY, "None stands where a structure should, as of a failed generation"
        )
    if isinstance(structure, IMolecule):
        return Record(name, "json", b"", Reason.NOT_PERIODIC, "this is a molecule, without a cell; submit crystals")
    value: dict[str, Any] | None
    try:
        if isinstance(structure, IStructure):
            value = _of_pymatgen(structure)
        elif isinstance(structure, Atoms):
            value = _of_ase(structure)
        elif isinstance(structure, Mapping):
            value = dict(structure)
        else:
            value = structure.as_dict() if hasattr(structure, "as_dict") else None
        text = None if value is None else json.dumps(value, default=_plain)
    except Exception as error:  # noqa: BLE001 - whatever an object of the caller's raises is one record's reason
        detail = f"this {type(structure).__name__} raised {type(error).__name__}: {one_line(error)}; check it"
        return Record(name, "json", b"", Reason.MALFORMED, detail)
    if text is None:
        detail = (
            f"this is a {type(structure).__name__}, a pymatgen Structure or ASE Atoms is needed; "
            "read files and texts first, as with Structure.from_str"
        )
        return Record(name, "json", b"", Reason.UNREADABLE_FORMAT, detail)
    return of_field(json.loads(text), name, _LIMITS)


def _of_pymatgen(structure: IStructure) -> dict[str, Any]:
    """As Structure.as_dict(), which some of its kinds write in another form; without what is not read."""
    lattice = structure.lattice
    sites = [
        {
            "species": [{"element": kind.symbol, "occu": amount} for kind, amount in site.species.items()],
            "abc": site.frac_coords.tolist(),
        }
        for site in structure
    ]
    return {
        "@module": "pymatgen.core.structure",
        "@class": "Structure",
        "lattice": {"matrix": lattice.matrix.tolist(), "pbc": [bool(one) for one in lattice.pbc]},
        "sites": sites,
    }


def _of_ase(atoms: Atoms) -> dict[str, Any]:
    """Numbers, cell and what ASE says of occupancies."""
    return {
        "numbers": atoms.numbers.tolist(),
        "positions": atoms.positions.tolist(),
        "cell": atoms.cell.array.tolist(),
        "pbc": atoms.pbc.tolist(),
        "info": {"occupancy": atoms.info.get("occupancy")},
        **{name: atoms.arrays[name].tolist() for name in _OCCUPANCIES if name in atoms.arrays},
    }


def _plain(value: object) -> object:
    """Numbers of NumPy as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    msg = f"a {type(value).__name__} is no number, text, list or dict"
    raise TypeError(msg)
