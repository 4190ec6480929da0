"""A record of a file becomes a row or a refusal: its structure by the readers of submissions, its energies in eV."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from reference_data.sources.base import SourceRefusal, SourceRow
from submissions.checked import crystal, from_cartesian
from submissions.formats.table import from_cell
from submissions.limits import Limits
from submissions.read import parse
from submissions.refusal import RecordRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from metrics.crystal import Crystal

LIMITS = Limits()


class RowRefusedError(Exception):
    """A record that gives no row, with a short word to count by."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep both."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def row_or_refusal(
    identifier: object,
    record: Mapping[str, Any],
    source: str,
    make: Callable[[str, Mapping[str, Any]], SourceRow],
) -> SourceRow | SourceRefusal:
    """What `make` makes of an id and a record, or the reason why it makes nothing.

    Args:
        identifier: as the source gives it, text or a number.
        record: what else the source gives.
        source: name of the source.
        make: raises RowRefusedError or RecordRefusedError.

    """
    if identifier is None or identifier == "":
        return SourceRefusal("", source, "empty_cell", "the record has no id")
    name = str(identifier)
    try:
        return make(name, record)
    except RowRefusedError as refused:
        return SourceRefusal(name, source, refused.reason, refused.detail)
    except RecordRefusedError as refused:
        return SourceRefusal(name, source, str(refused.reason), str(refused.detail))


def crystal_of(structure: object) -> Crystal:
    """Crystal of a structure as text (CIF, POSCAR, JSON) or as a pymatgen dict.

    Raises:
        RowRefusedError: there is none.
        RecordRefusedError: it is no ordered crystal.

    """
    if structure is None or structure == "":
        reason, detail = "empty_cell", "the record has no structure"
        raise RowRefusedError(reason, detail)
    text = structure if isinstance(structure, str) else json.dumps(structure)
    return parse(from_cell("", text.encode(), LIMITS), LIMITS)


def crystal_of_arrays(lattice: object, coords: object, numbers: Sequence[int], *, cartesian: bool) -> Crystal:
    """Crystal of plain numbers.

    Args:
        lattice: (3, 3), rows are the cell vectors in angstrom.
        coords: (n, 3) fractional coordinates, or Cartesian ones in angstrom.
        numbers: n atomic numbers.
        cartesian: which of both the coordinates are.

    Raises:
        RecordRefusedError: it is no crystal.

    """
    return (from_cartesian if cartesian else crystal)(lattice, coords, numbers, LIMITS)


def number(record: Mapping[str, Any], column: str | None) -> float | None:
    """Number in a field; None where there is no such field, nothing in it, or no number known (NaN).

    Raises:
        RowRefusedError: what is there is no number.

    """
    value = None if column is None else record.get(column)
    if value is None or value == "":
        return None
    try:
        parsed = float(value)
    except (TypeError, ValueError) as error:
        reason, detail = "malformed_energy", f"{column} is {value!r:.40}, a number in eV is needed"
        raise RowRefusedError(reason, detail) from error
    if math.isinf(parsed):
        reason, detail = "malformed_energy", f"{column} is {parsed}, every energy must be finite"
        raise RowRefusedError(reason, detail)
    return None if math.isnan(parsed) else parsed
