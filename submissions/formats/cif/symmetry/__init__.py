"""The symmetry of a CIF: what it claims, the operations of that, and the atoms they make.

May import `document` and the errors and bounds of ``submissions``, and takes cells and sites as arguments.
"""
