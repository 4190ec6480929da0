"""From structures with DFT labels to what DFT would say of others: expected stable counts with honest intervals.

May import ``records`` and ``store`` of ``leaderboard``; what scores a run imports it.
"""

from __future__ import annotations

from pathlib import Path

CALIBRATIONS = Path(__file__).parent / "calibrations"
"""Those that scoring uses, one file each."""
LEDGER = Path(__file__).parent / "ledger.jsonl"
"""Predictions compared with labels that came later, a line each."""
