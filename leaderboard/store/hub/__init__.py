"""The store in a dataset repository of the Hub.

Imports the rest of ``store``; loaded only where RESULTS_REPO names a repository.
"""
