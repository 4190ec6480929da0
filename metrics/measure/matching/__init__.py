"""Are two crystals the same? The verdict, the pairs it is asked about, and wider senses of the same.

May import every other room of ``measure`` but ``energy``.
"""
