"""Several models side by side.

May import of the pages `parts`, `texts`, `structures` and `reference`.
"""
