"""Versions a set must have been built with; kept apart from the code they name, which imports pymatgen.

Opening a set compares its manifest with these. Building one first compares these with the fingerprints and the
prototype in the code, so one that changes cannot leave them behind: raise the number here and build the sets again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FINGERPRINT_VERSIONS: Mapping[str, int] = {"bawl": 1, "canonical-bawl": 1, "prototype": 1}
