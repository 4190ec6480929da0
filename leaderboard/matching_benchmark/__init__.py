"""Benchmark of structure matching: how well each way of deciding whether two crystals are the same does it."""
