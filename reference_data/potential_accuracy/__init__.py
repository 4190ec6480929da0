"""How far the distances from the hull by a potential agree with those by a set's own energies.

May import ``files`` and the open set.
"""
