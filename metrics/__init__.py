"""What is measured on a crystal and what is scored on a submission.

Imports no other folder; inside, ``statistics`` <- ``score`` <- ``scores``, and ``measure`` is imported by none of them.
"""
