"""A finished run scored again, in part: what its files say against what this code makes of its structures.

May import what ``run`` may.
"""
