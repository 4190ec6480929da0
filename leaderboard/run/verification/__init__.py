"""A finished run scored again, in part: what its files say against what this code makes of its structures.

May import what ``run`` may.
"""

from __future__ import annotations

from typing import Final

SAMPLE: Final = 100
"""How many records are measured again where nobody says."""
