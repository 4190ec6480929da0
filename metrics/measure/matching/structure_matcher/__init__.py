"""pymatgen's StructureMatcher, bounded and fast: it decides what distance and keys leave open.

Imports nothing else of ``matching``.
"""
