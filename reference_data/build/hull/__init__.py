"""From entries to the convex hulls of a set, one for each energy convention, and what is checked of them.

May import ``metrics``, and of this folder what lies beside it.
"""
