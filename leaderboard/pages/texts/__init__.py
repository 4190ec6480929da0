"""Pages to read: what is measured, how, and who decides.

Imports of the pages only `parts`.
"""
