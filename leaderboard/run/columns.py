"""Columns of the table of facts: those of a protocol's measurements, between what reading and what identifying fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from leaderboard.matching.stage import IDENTITY_COLUMNS, NEEDED_COLUMNS
from leaderboard.protocol import ProtocolError
from metrics.measure import registry as measures
from metrics.score import registry as scores
from metrics.scores.stability import CALIBRATED_COLUMNS, VIEW_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leaderboard.protocol import Protocol

READ_COLUMNS = {"id": pa.string(), "sha256": pa.string(), "refusal": pa.string(), "detail": pa.string()}
VALIDITY_PARTS = ("charge_valid", "distance_valid", "plausible")
"""Columns that :func:`metrics.scores.validity.is_valid` reads to fill ``valid``."""


def columns_schema(protocol: Protocol) -> pa.Schema:
    """Columns of every measurement that the protocol names, between what reading and what identifying fill."""
    fields = dict(READ_COLUMNS)
    # in the order of the registry, so that the order in a protocol's file moves nothing
    for name, measure in measures().items():
        if name in protocol.measures:
            fields |= measure.columns
    return pa.schema({**fields, "valid": pa.bool_(), **IDENTITY_COLUMNS, "unknown_reasons": pa.string()})


def check_complete(protocol: Protocol) -> None:
    """Refuse a protocol that names what the code does not have, or a score whose facts nothing of it measures.

    Raises:
        ProtocolError: says what is missing, and which measurement would fill it.

    """
    _check_known("measurement", protocol.measures, measures(), protocol)
    _check_known("score", protocol.scores, scores(), protocol)
    filled = {*columns_schema(protocol).names, *VIEW_COLUMNS, *CALIBRATED_COLUMNS}
    needs = {"the column 'valid'": VALIDITY_PARTS, "the stage identify": NEEDED_COLUMNS}
    needs |= {f"the score {name!r}": scores()[name].needs for name in protocol.scores}
    needs |= {
        f"the expected value of the score {name!r}": expected.needs
        for name in protocol.scores
        if (expected := scores()[name].expected)
    }
    for what, columns in needs.items():
        for column in columns:
            if column not in filled:
                fillers = [measure.name for measure in measures().values() if column in measure.columns]
                remedy = f"add [measures.{fillers[0]}]" if fillers else "no measurement of this code fills it"
                msg = f"protocol {protocol.name!r}: {what} needs {column!r}, which no measurement of it fills; {remedy}"
                raise ProtocolError(msg)


def _check_known(kind: str, names: Iterable[str], known: Iterable[str], protocol: Protocol) -> None:
    unknown = sorted(set(names) - set(known))
    if unknown:
        msg = f"protocol {protocol.name!r}: no {kind} {', '.join(map(repr, unknown))}; there are: {', '.join(known)}"
        raise ProtocolError(msg)
