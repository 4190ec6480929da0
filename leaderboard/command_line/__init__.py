"""Commands that need several rooms at once, and the types of options; ``leaderboard.__main__`` reads the line.

May import everything but ``pages``.
"""
