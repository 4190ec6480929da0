"""Submissions on their way: the queue of uploads, and the worker that adds energies.

May import ``run`` and what it stands on; never ``pages``.
"""
