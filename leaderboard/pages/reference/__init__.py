"""A reference set as people explore it: its crystals, its counts, its hulls.

Imports of the pages only `parts`.
"""
