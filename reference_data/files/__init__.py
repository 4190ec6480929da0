"""What a set is on disk: manifest, crystals, index, hulls.

Imports no other room of ``reference_data``.
"""
