"""What a person asks a set: catalogue, query, description, difference.

May import ``files`` and the open set.
"""
