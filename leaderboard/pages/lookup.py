"""Crystals of the reference sets, for drawing beside the structures that match them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from reference_data.errors import ReferenceSetError
from reference_data.reference import Reference, open_reference

if TYPE_CHECKING:
    from metrics.crystal import Crystal


class NoReferenceError(LookupError):
    """The matched crystal cannot be shown; the message says why."""


def reference_crystal(name: str, manifest_sha256: str, formula: str, identifier: str) -> Crystal:
    """The crystal of a reference set that a record matched.

    Args:
        name: name of the set.
        manifest_sha256: which state of the set the run was scored against.
        formula: reduced formula of the record; a match has the same.
        identifier: id of the matched crystal.

    Raises:
        NoReferenceError: this machine has not that set, in that state, with that crystal.

    """
    try:
        reference = _opened(name)
    except ReferenceSetError as error:
        msg = f"the reference set {name} is not built on this machine"
        raise NoReferenceError(msg) from error
    if reference.manifest_sha256 != manifest_sha256:
        msg = f"this machine has another state of the reference set {name} than the run was scored against"
        raise NoReferenceError(msg)
    for crystal in reference.rows_of_formulas([formula]):
        if crystal.id == identifier:
            return crystal.crystal
    msg = f"the reference set {name} has no crystal {identifier} of formula {formula}"
    raise NoReferenceError(msg)


@cache
def _opened(name: str) -> Reference:
    return open_reference(name)
