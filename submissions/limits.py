"""Bounds on what is read from a submission; every refusal that comes from one names it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of the border. Sizes are counted while reading, never taken from a header.

    Attributes:
        upload_bytes: size of the file as submitted.
        unpacked_bytes: all bytes read after unpacking, over the whole file.
        members: members of an archive, and records of a file.
        parts: lines of the whole file, and strings, brackets and commas of one JSON text; bounds the time of cutting.
        record_bytes: one structure as text.
        sites: atoms in the cell as given, after symmetry.
        id_characters: length of a record's id.
        table_columns: columns of a table.
        cif_line_characters: one line of a CIF; CIF 1.1 allows 2,048.
        cif_values: words in one CIF; 1,000 sites with 20 values each, ten times over.
        symmetry_operations: of one CIF; 192 is the order of the largest space groups, Fm-3m and its like, modulo
            lattice translations of the conventional cell (International Tables for Crystallography A,
            doi:10.1107/97809553602060000114).
        cell_length: longest cell vector, in angstrom.
        cell_thickness: smallest distance between opposite faces of the cell, in angstrom; the bound that pymatgen's
            CIF reader has, applied to every format so that the verdict does not depend on it.
        fractional_coordinate: largest magnitude; beyond it 1e-8 of a cell is no longer resolved in float64.
        split_seconds: CPU time that cutting one file into records may take, and more for each record as the next says:
            a file of 100,000 members takes 0.15 ms for each, one of a gigabyte 10 s.
        split_seconds_a_record: CPU time.
        split_memory_bytes: address space of the process that cuts.
        parse_memory_bytes: address space that parsing one record may take on top of its process.
        parse_seconds: CPU time of parsing all records of a file, and as much again for each as the next says. Past it
            the rest is refused, as a file of slow records would keep a server for days.
        parse_seconds_a_record: some fifty times what a record takes on average.

    """

    upload_bytes: int = 200_000_000
    unpacked_bytes: int = 1_000_000_000
    members: int = 100_000
    parts: int = 50_000_000
    record_bytes: int = 5_000_000
    sites: int = 1_000
    id_characters: int = 1_000
    table_columns: int = 1_000
    cif_line_characters: int = 2_048
    cif_values: int = 200_000
    symmetry_operations: int = 192
    cell_length: float = 10_000.0
    cell_thickness: float = 0.01
    fractional_coordinate: float = 1_000_000.0
    split_seconds: float = 20.0
    split_seconds_a_record: float = 5e-4
    split_memory_bytes: int = 2 * 2**30
    parse_memory_bytes: int = 2 * 2**30
    parse_seconds: float = 20.0
    parse_seconds_a_record: float = 0.1
