"""Tables with a checked schema: nullable columns only, written whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# object is banned: it hides a wrong type until the day it is summed
NULLABLE: Mapping[pa.DataType, pd.api.extensions.ExtensionDtype] = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(),
}


class SchemaError(ValueError):
    """A table does not have the columns or the types that its stage promises."""


def dtype(kind: pa.DataType) -> pd.api.extensions.ExtensionDtype:
    """Nullable pandas dtype that stands for an Arrow type."""
    return NULLABLE.get(kind, pd.ArrowDtype(kind))


def frame(rows: Iterable[Mapping[str, object]], schema: pa.Schema) -> pd.DataFrame:
    """Table of the schema's columns; what a row does not name is null, what the schema does not name is refused.

    Raises:
        SchemaError: a row names an unknown column or holds a value of another type.

    """
    rows = list(rows)
    unknown = sorted({name for row in rows for name in row} - set(schema.names))
    if unknown:
        msg = f"columns {unknown} are not declared; declared are {schema.names}"
        raise SchemaError(msg)
    try:
        table = pa.Table.from_pylist(rows, schema=schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        msg = f"a value does not fit its declared column: {error}"
        raise SchemaError(msg) from error
    return _to_pandas(table)


def check(table: pd.DataFrame, schema: pa.Schema) -> pd.DataFrame:
    """Return the table unchanged if it has exactly the columns and dtypes of the schema.

    Raises:
        SchemaError: names what is missing, not declared or of another type.

    """
    expected = {field.name: dtype(field.type) for field in schema}
    wrong = [
        f"{name}: expected {expected.get(name, 'no such column')}, found {table.dtypes.get(name, 'nothing')}"
        for name in sorted(set(expected) | set(table.columns))
        if name not in expected or name not in table.columns or table.dtypes[name] != expected[name]
    ]
    if wrong:
        raise SchemaError("; ".join(wrong))
    return table


def write_parquet(table: pd.DataFrame, schema: pa.Schema, path: Path) -> None:
    """Check, then write in one step: a killed process leaves the old file or the new one, never half of one."""
    arrow = pa.Table.from_pandas(check(table, schema), schema=schema, preserve_index=False)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    # no pandas metadata: the same table gives the same bytes
    pq.write_table(arrow.replace_schema_metadata(None), partial, compression="zstd")
    partial.replace(path)


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a table written by :func:`write_parquet` with its nullable dtypes."""
    return _to_pandas(pq.read_table(path))


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    converted: pd.DataFrame = table.to_pandas(types_mapper=dtype)
    return converted
