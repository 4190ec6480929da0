"""Submissions on their way: the durable queue of uploads, who scores them, and the step to the board.

May import ``run`` and what it stands on; never ``pages``.
"""
