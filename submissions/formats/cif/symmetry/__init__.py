"""The symmetry of a CIF: what it claims, the operations of that, and the atoms they make."""
