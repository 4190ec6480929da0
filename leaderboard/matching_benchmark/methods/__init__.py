"""Ways to decide whether two crystals are the same, one file each: a new file here is a new row of the benchmark.

May import ``metrics`` and what the benchmark calls a method.
"""
