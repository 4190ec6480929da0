"""The formats that are read, stated once for every place where people read them."""

from __future__ import annotations

FORMATS = (
    "zip, tar or tar.gz of structure files",
    "CIF, one block or many",
    "POSCAR, one or many, or XDATCAR",
    "extended XYZ",
    "CSV, TSV or parquet with a column structure, cif, cif_string or LeMatStructs",
    "JSON or JSON lines of such rows, of pymatgen structures, ASE Atoms or OPTIMADE structures",
    "ASE database",
    "each also compressed by gzip, bzip2 or xz",
)
FORMATS_TEXT = "; ".join(FORMATS)
