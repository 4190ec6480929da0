"""Versions of the fingerprint strings, in a module that loads nothing.

The code that makes the strings takes its version from here, and a reference set opens only if it was built with the
same ones: raise a number when a string could change, and build the sets again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FINGERPRINT_VERSIONS: Mapping[str, int] = {"bawl": 1, "canonical-bawl": 1, "family": 1, "prototype": 1}
"""By name; short-bawl is a part of bawl."""
