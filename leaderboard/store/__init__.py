"""Append-only store of runs.

May import ``protocol`` and ``records`` of ``leaderboard``.
"""
