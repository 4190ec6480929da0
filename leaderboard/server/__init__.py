"""The doors of the app: who is let in, how much each may send, what every answer carries, and how the server fares.

May import every other room of ``leaderboard``; only ``app.py`` imports this one. It knows HTTP and no crystal.
"""
