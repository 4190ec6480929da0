"""The harmonised reference sets: built from raw sources, verified, opened, looked up.

May import ``metrics`` and ``submissions``.
"""
