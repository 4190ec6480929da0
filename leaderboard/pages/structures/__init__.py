"""The structures of a run: their table, one of them in full, their downloads.

Imports of the pages only `parts`.
"""
