"""CIF texts for the tests, built item by item."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from submissions.elements import SYMBOLS
from submissions.formats import cif
from submissions.limits import Limits
from submissions.refusal import RecordRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from metrics.crystal import Crystal
    from submissions.refusal import Reason

LIMITS = Limits()
IDENTITY = ("'x,y,z'",)
_KEYS = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")


def cell(parameters: str = "6 7 8 90 90 90") -> str:
    return "".join(f"_cell_{key} {value}\n" for key, value in zip(_KEYS, parameters.split(), strict=True))


def operations(texts: Iterable[str] = IDENTITY) -> str:
    return "\n".join(["loop_", "_space_group_symop_operation_xyz", *texts]) + "\n"


def sites(rows: Sequence[str], columns: str = "label type_symbol fract_x fract_y fract_z") -> str:
    return "\n".join(["loop_", *(f"_atom_site_{column}" for column in columns.split()), *rows]) + "\n"


def written(rows: Sequence[str], *items: str, parameters: str = "6 7 8 90 90 90", columns: str | None = None) -> str:
    """A block of a cell, items such as '_chemical_formula_sum NaCl', and sites."""
    listed = sites(rows) if columns is None else sites(rows, columns)
    return "data_made\n" + cell(parameters) + "".join(f"{item}\n" for item in items) + listed


def read(text: str, limits: Limits = LIMITS) -> Crystal:
    return cif.parse(text.encode(), limits)


def content(text: str) -> dict[str, int] | Reason:
    """Element -> atoms in the cell, or the reason of the refusal."""
    try:
        crystal = read(text)
    except RecordRefusedError as refused:
        return refused.reason
    return dict(Counter(SYMBOLS[number - 1] for number in crystal.atomic_numbers.tolist()))


def refusal(text: str) -> RecordRefusedError:
    """Reason and detail with which a text is refused."""
    with pytest.raises(RecordRefusedError) as refused:
        read(text)
    assert refused.value.detail.isprintable()
    return refused.value
