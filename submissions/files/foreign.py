"""Formats that are not read: each is told from its content, named, and refused with the lines that convert it."""

from __future__ import annotations

import re

from submissions.refusal import Reason, RecordRefusedError

_ATOMS = "ase.io.write('structures.extxyz', frames)"
_DUMP = "json.dump([s.as_dict() for s in structures], open('structures.json', 'w'))"
_ARRAYS = (
    "build each crystal from its arrays with pymatgen's Structure(lattice, species, coords) and write them: "
    f"import json; {_DUMP}"
)
_NPZ = f"a NumPy archive (.npz); arrays = numpy.load('FILE'), {_ARRAYS}"
_NPY = f"a NumPy array (.npy); array = numpy.load('FILE'), {_ARRAYS}"
_TORCH = f"a PyTorch file; import json, torch; structures = torch.load('FILE'); {_DUMP}"
_PICKLE = (
    "a Python pickle, which is never loaded; import json, pickle; structures = pickle.load(open('FILE', 'rb')); "
    f"{_DUMP}"
)
_TRAJ = f"an ASE trajectory (.traj); import ase.io; frames = ase.io.read('FILE', ':'); {_ATOMS}"
_ATP = (
    "an Atompack database (.atp); import ase.io, atompack; "
    f"frames = atompack.to_ase_batch(atompack.Database.open('FILE')); {_ATOMS}"
)
_LMDB = f"an LMDB database; read the structures with the program that wrote them; import json; {_DUMP}"
_HDF5 = f"an HDF5 file; read its arrays with h5py, {_ARRAYS}"
_NETCDF = f"a netCDF file; import ase.io; frames = ase.io.read('FILE', ':'); {_ATOMS}"
_ARROW = "an Arrow or Feather file; import pandas; pandas.read_feather('FILE').to_parquet('structures.parquet')"
_OFFICE = (
    "an Office document; save the table as CSV, or: import pandas; pandas.read_excel('FILE').to_csv('structures.csv')"
)
_ZSTD = "zstandard, which Python's standard library does not unpack; unpack it (zstd -d FILE) and pack it with gzip"

_BEGINNINGS = (
    (b"\x93NUMPY", _NPY),
    (b"- of UlmASE-Trajectory", _TRAJ),
    (b"AFFormatASE-Trajectory", _TRAJ),
    (b"PyTrajectory", _TRAJ),
    (b"- of Ulm", "an Ulm file of ASE or GPAW; import ase.io; ase.io.write('structures.cif', ase.io.read('FILE'))"),
    (b"ATPK", _ATP),
    (b"\x89HDF\r\n\x1a\n", _HDF5),
    (b"CDF\x01", _NETCDF),
    (b"CDF\x02", _NETCDF),
    (b"CDF\x05", _NETCDF),
    (b"ARROW1", _ARROW),
    (b"FEA1", _ARROW),
    (b"\x28\xb5\x2f\xfd", _ZSTD),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OFFICE),
    (b"%PDF", "a PDF; write the structures as CIF or JSON"),
    (b"\x89PNG", "a picture (PNG); write the structures as CIF or JSON"),
    (b"\xff\xd8\xff", "a picture (JPEG); write the structures as CIF or JSON"),
    (b"GIF8", "a picture (GIF); write the structures as CIF or JSON"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; pack the files as zip or tar.gz"),
    (b"Rar!\x1a\x07", "a rar archive; pack the files as zip or tar.gz"),
)
_LMDB_MAGIC = (slice(16, 20), b"\xde\xc0\xef\xbe")
_ARCHIVES = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
_PICKLE_START = re.compile(
    rb"\x80[\x01-\x05]|c[\w.]{1,200}\n[\w.]{1,200}\n|\((?:[dl]?p\d|[dl]|c[\w.]{1,200}\n|i[\w.]{1,200}\n)|"
    rb"[\]}](?:q|\x94|\.)"
)


def refuse_foreign(head: bytes) -> None:
    """Refuse content of a binary format that is known and not read.

    Args:
        head: the first bytes.

    Raises:
        RecordRefusedError: it is one; the detail says which and how to convert it.

    """
    for magic, what in _BEGINNINGS:
        if head.startswith(magic):
            raise RecordRefusedError(Reason.UNREADABLE_FORMAT, f"this is {what}")
    place, magic = _LMDB_MAGIC
    if head[place] == magic:
        raise RecordRefusedError(Reason.UNREADABLE_FORMAT, f"this is {_LMDB}")


def refuse_foreign_zip(names: list[str]) -> None:
    """Refuse a zip that is no archive of files but one file of another program.

    Args:
        names: of its members, as many as are known.

    Raises:
        RecordRefusedError: it is one.

    """
    if any(name.endswith("/data.pkl") or name == "data.pkl" for name in names):
        raise RecordRefusedError(Reason.PICKLE, f"this is {_TORCH}")
    if names and all(name.endswith(".npy") for name in names):
        raise RecordRefusedError(Reason.UNREADABLE_FORMAT, f"this is {_NPZ}")
    if "[Content_Types].xml" in names:
        raise RecordRefusedError(Reason.UNREADABLE_FORMAT, f"this is {_OFFICE}")


def refuse_pickle(head: bytes) -> None:
    """Refuse what is no text of any format read and begins as pickles do.

    Raises:
        RecordRefusedError: it does.

    """
    if _PICKLE_START.match(head):
        raise RecordRefusedError(Reason.PICKLE, f"this is {_PICKLE}")


def is_foreign_archive(head: bytes) -> bool:
    """Whether the content is an archive of a kind that is not opened."""
    return head.startswith(_ARCHIVES)
