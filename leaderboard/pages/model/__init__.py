"""The page of a model: its scores, card, energies and figures.

May import every other room of the pages but `submit`.
"""
