"""What all pages are made of: markup, figures, the viewer, the store as pages read it.

Imports no other room of the pages.
"""
