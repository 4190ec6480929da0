"""What is measured on a crystal and what is scored on a submission.

Imports no other folder; inside, ``statistics`` <- ``score`` <- ``scores``, and ``measure`` is imported by none of them.
"""

from metrics.installed import keep_compiled_code

# numba reads it when it is imported, which only modules of this package do
keep_compiled_code()
