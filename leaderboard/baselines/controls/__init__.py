"""Controls, one file each: submissions that must score badly, and the score that says so.

May import what ``leaderboard.baselines`` may, and no generator.
"""
