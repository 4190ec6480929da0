"""The stage identify: pairs of crystals become classes, unique, novel, and wider senses of known.

May import ``protocol``, ``records`` and ``store`` of ``leaderboard``.
"""
