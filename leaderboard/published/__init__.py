"""Outputs of models that their authors or others published, and values that are reported elsewhere.

A recipe in ``recipes`` says where the outputs are and how they were selected; nothing of them ships with this code.
May import ``store`` and what lies below it, not ``board`` or ``pages``.
"""
