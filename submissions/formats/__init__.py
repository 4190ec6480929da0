"""One file per format: `split` cuts a stream into records, `parse` turns the bytes of one record into a crystal.

May import the rest of ``submissions`` but ``read``, which calls them.
"""
