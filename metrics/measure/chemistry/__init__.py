"""Facts of a crystal that follow from what its atoms are: composition, charges, supply risk.

May import ``structure``, ``fingerprint`` and ``running``.
"""
