"""Histograms, divergences, resampling, intervals, ranks: no chemistry in here.

Imports nothing else of ``metrics``.
"""
