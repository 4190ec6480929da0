"""What a submitted file is before it is read: packed, compressed, of another program, or no structure at all.

May import ``submissions``' own limits, streams and refusals; no format.
"""
