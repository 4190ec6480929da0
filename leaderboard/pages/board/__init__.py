"""The board: its table, its controls, what stands under it.

May import of the pages `parts`, `texts`, `structures` and `reference`.
"""
