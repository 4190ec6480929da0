"""The formats that are read, stated once for every place where people read them."""

from __future__ import annotations

FORMATS = (
    "zip, tar or tar.gz of structure files",
    "CIF, one block or many",
    "POSCAR",
    "extended XYZ",
    "CSV, TSV or parquet with a column structure, cif, cif_string or LeMatStructs",
    "JSON or JSON lines of such rows, of pymatgen structures or of OPTIMADE structures",
    "ASE database",
)
FORMATS_TEXT = "; ".join(FORMATS)
