"""Benchmark of identity: how well each way of telling two crystals apart, or the same, does what it is for."""
