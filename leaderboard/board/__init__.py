"""The board: its table, ranks, comparisons of models, and the definition of each score.

May import everything of ``leaderboard`` but ``pages`` and ``queue``.
"""
