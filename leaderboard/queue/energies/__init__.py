"""The worker that adds energies to published runs, and what lets several share a store.

May import ``run`` and what it stands on; of ``queue`` nothing else; never ``pages``.
"""
