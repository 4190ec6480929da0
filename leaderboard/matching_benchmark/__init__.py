"""Benchmark of identity: how well each way of telling two crystals apart, or the same, does what it is for.

May import every other room of ``leaderboard`` but ``pages``.
"""
