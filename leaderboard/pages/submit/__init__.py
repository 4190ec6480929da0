"""The page that takes a submission, from the form to its publication.

May import every other room of the pages.
"""
