"""The scores: each a pure function of a table of facts, registered by its decorator.

May import the rest of ``metrics`` but ``measure``; no score imports pymatgen.
"""
