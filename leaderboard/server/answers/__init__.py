"""Answers: their headers, compressed, kept where they are the same for everybody, and refusals.

Imports of ``leaderboard.server`` the routes alone.
"""
