"""Generators that need no training, and controls that must score badly: what the numbers of a model are read against.

`generators` holds baselines, `controls` what must fail; one file each, found by itself (:mod:`.baseline`). Their
submissions are seeded: the same name, number and seed give the same file.
May import every other room of ``leaderboard`` but ``pages``, which shows what :mod:`.bundled` knows.
"""
