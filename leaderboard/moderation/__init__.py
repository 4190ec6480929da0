"""What owners may do with their submissions and maintainers with all, each thing an action in the log.

Imports the store and what it stands on, and the rooms before this one. Knows nothing of pages.
"""
