"""What hostile files are made of: a good structure as text in several formats, and short names of reasons."""

from __future__ import annotations

import gzip
import json

from submissions.refusal import Reason
from tests.submissions.hostile.matrix import GOOD, cif_text, extxyz_text, poscar_text, pymatgen_dict

CIF = cif_text(GOOD)
DICT = json.dumps(pymatgen_dict(GOOD))
POSCAR = poscar_text(GOOD)
XYZ = extxyz_text(GOOD)
MB = 1_000_000
E, M, D, U, T = Reason.EMPTY, Reason.MALFORMED, Reason.DAMAGED, Reason.UNREADABLE_FORMAT, Reason.RECORD_TOO_LARGE


def gz(content: bytes) -> bytes:
    """Packed by gzip, fast."""
    return gzip.compress(content, 1, mtime=0)
