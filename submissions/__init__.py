"""The border: whatever was uploaded becomes records, each a crystal or a refusal; nothing past here is unparsed.

May import ``metrics``.
"""
