"""Facts of a crystal that follow from where its atoms are: cell, neighbours, symmetry, shape.

May import ``fingerprint`` and ``running``.
"""
