"""Several models side by side: their differences, the crystals they share, and two scores of all of them at once.

May import of the pages `parts`, `texts`, `structures` and `reference`.
"""
