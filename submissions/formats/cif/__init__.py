"""CIF: one record per data block; the crystal that was meant, or the reason why it is not certain.

May import the rest of ``submissions`` but ``read``, and no other format.
"""

from submissions.formats.cif.blocks import split
from submissions.formats.cif.reading import parse

__all__ = ["parse", "split"]
