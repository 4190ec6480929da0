"""Where measuring runs and what is kept of it: worker processes, cache by content, progress.

Imports nothing else of this project but the registry of measurements.
"""
