"""One submission through the five stages: read, measure, identify, relax, score.

May import ``protocol``, ``records``, ``store`` and ``matching`` of ``leaderboard``; never ``board`` or ``pages``.
"""
