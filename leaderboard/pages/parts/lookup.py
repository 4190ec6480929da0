"""The reference sets of this machine as the pages read them: opened once, their catalogues kept."""

from __future__ import annotations

from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from reference_data.errors import ReferenceSetError
from reference_data.files.crystals import CRYSTALS_FILE
from reference_data.queries.catalogue import Catalogue, read_catalogue
from reference_data.reference import Reference, open_reference, set_names

if TYPE_CHECKING:
    from pathlib import Path

    from metrics.crystal import Crystal

# catalogues of the sets looked at last; that of 5.3 million crystals takes about 90 megabytes and two seconds
KEPT_CATALOGUES = 2
_reading = Lock()


class NoReferenceError(LookupError):
    """The matching crystal cannot be shown; the message says why."""


def reference_crystal(name: str, manifest_sha256: str, formula: str, identifier: str) -> Crystal:
    """The crystal of a reference set that a structure matched.

    Args:
        name: name of the set.
        manifest_sha256: which state of the set the run was scored against.
        formula: reduced formula of the structure; a match has the same.
        identifier: id of the matched crystal.

    Raises:
        NoReferenceError: this machine does not have that set, in that state, with that crystal.

    """
    try:
        reference = opened(name)
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
def opened(name: str) -> Reference:
    """The set of this name.

    Raises:
        ReferenceSetError: see :func:`reference_data.reference.open_reference`.

    """
    return open_reference(name)


def built_sets() -> list[str]:
    """Names of the defined sets that can be opened on this machine."""
    return [name for name in set_names() if _opens(name)]


def catalogue(reference: Reference) -> Catalogue:
    """Formulas and chemical systems of a set, read when first asked for."""
    with _reading:  # visitors who come at the same moment wait for one reading instead of doing two
        return _catalogue(reference.folder / CRYSTALS_FILE, reference.manifest_sha256)


@lru_cache(maxsize=KEPT_CATALOGUES)
def _catalogue(path: Path, _manifest_sha256: str) -> Catalogue:
    return read_catalogue(path)


def _opens(name: str) -> bool:
    try:
        opened(name)
    except ReferenceSetError:
        return False
    return True
