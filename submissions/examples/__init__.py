"""The bundled example submission and the script that makes it.

May import ``metrics`` and the rest of ``submissions``.
"""
