"""Bonds and their valences: what the rules of charge balance are made of.

May import of ``chemistry`` oxidation states and sums of charges, no measurement.
"""
