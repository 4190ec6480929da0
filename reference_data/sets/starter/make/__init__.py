"""The factory of the tables that the starter set is built from: ``python -m reference_data.sets.starter.make``.

``relaxed.parquet`` says what became of every relaxation, ``known_compounds.parquet`` is a source of the set, and
``energies.csv.gz`` holds the entries of its hulls. Building the set reads the last two and needs no potential.

May import ``metrics`` and ``reference_data.sources``; nothing else imports it.
"""
