"""From raw sources to the files of a set: read, measure, merge, make hulls, check.

May import every other room of ``reference_data`` but ``queries`` and ``potential_accuracy``.
"""
