"""Benchmark of stability: shares and distances by potentials, raw and calibrated, beside published ones by DFT.

May import every other room of ``leaderboard`` but ``pages``.
"""
