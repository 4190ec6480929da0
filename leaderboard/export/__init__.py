"""What leaves the board as files: a run, the whole board, what the Hub shows of it.

May import everything of ``leaderboard`` but ``pages`` and ``queue``.
"""
