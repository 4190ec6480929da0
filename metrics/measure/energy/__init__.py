"""Energies: relaxation by a potential, corrections, the convex hull and distances from it.

May import every other room of ``measure`` but ``matching``.
"""
