"""What the browser shows, drawn from the store.

May import every other room of ``leaderboard``; what they load must not need torch or pymatgen.
"""
