"""Facts of records as they are found one by one, and why others are not, before they become columns of a table."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from metrics.table import frame

if TYPE_CHECKING:
    from collections.abc import Mapping


class Findings:
    """Facts by row number and column; what is never noted is null.

    Attributes:
        facts: column -> value, by row number.
        reasons: why facts are unknown, by row number.

    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.facts: dict[int, dict[str, object]] = defaultdict(dict)
        self.reasons: dict[int, list[str]] = defaultdict(list)

    def note(self, row: int, column: str, value: object, reason: str | None = None) -> None:
        """Note a fact; the reason is kept where the value is None, and not needed where None says nothing is wrong."""
        self.facts[row][column] = value
        if value is None and reason is not None:
            self.reasons[row].append(f"{column}: {reason}")

    def added_to(self, columns: pd.DataFrame, kinds: Mapping[str, pa.DataType]) -> pd.DataFrame:
        """Copy of the table with these columns filled, and the reasons added to those that it has.

        Args:
            columns: table of facts with ``unknown_reasons``.
            kinds: type of each column that may have been noted.

        """
        facts = frame([self.facts.get(row, {}) for row in range(len(columns))], pa.schema(kinds))
        texts = [
            {"unknown_reasons": "; ".join(([] if pd.isna(text) else [text]) + self.reasons.get(row, [])) or None}
            for row, text in enumerate(columns["unknown_reasons"])
        ]
        added = facts.join(frame(texts, pa.schema({"unknown_reasons": pa.string()})))
        return columns.assign(**{str(name): column for name, column in added.items()})
