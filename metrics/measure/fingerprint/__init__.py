"""Fingerprint strings: equal texts for equal crystals, from arrays alone.

May import ``running`` and ``potentials``, no other room of ``measure``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.fingerprint_versions import FINGERPRINT_VERSIONS
from metrics.measure.fingerprint.bawl import bawl, short_bawl
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.fingerprint.method import Fingerprint, Method

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["METHODS", "Fingerprint", "Method"]

METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method("bawl", FINGERPRINT_VERSIONS["bawl"], bawl),
        Method("short-bawl", FINGERPRINT_VERSIONS["bawl"], short_bawl),
        Method("canonical-bawl", FINGERPRINT_VERSIONS["canonical-bawl"], canonical_bawl),
    )
}
"""By name."""
