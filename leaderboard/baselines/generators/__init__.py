"""Generators without training, one file each: what a trained model should do better than.

May import what ``leaderboard.baselines`` may, and no control.
"""
