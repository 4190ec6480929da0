"""Benchmark of structure matching: how well each way of deciding whether two crystals are the same does it.

May import every other room of ``leaderboard`` but ``pages``.
"""
