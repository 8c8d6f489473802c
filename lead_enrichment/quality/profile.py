"""The profiles of a source's newest delivery, and what moved since the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.warehouse.reading import Row, rows
from lead_enrichment.wording import counted, listed, shorten

# What is told as moved: shares by points, sizes by their ratio, values by the share of rows that hold them.
MOVED_POINTS, MOVED_RATIO, MOVED_VALUES = 0.01, 0.1, 0.01
MOST_VALUES = 3
# From this share of its values on, a column is one of numbers.
NUMERIC_SHARE = 0.9
# The first numbers that no longer belong into each bin of a histogram; the last bin has no end.
BIN_ENDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

DELIVERIES = """
    SELECT d.file_id, f.file_name, d.file_date, d.received_at, d.rows_loaded
    FROM intermediate.int_delivery AS d JOIN facts.fact_file_load AS f ON f.file_id = d.file_id AND f.status = 'loaded'
    WHERE d.source_key = ? AND d.file_id IN (SELECT file_id FROM quality.column_profile)
    ORDER BY d.received_at DESC, f.file_name DESC LIMIT 2
"""


@dataclass(frozen=True)
class ColumnProfile:
    """A column of a delivery.

    Args:
        name: As the contract calls it.
        now: Its row of quality.column_profile.
        before: That of the delivery before; None where there was none.
        values: Its most frequent values with their rows, the most frequent first.
        moved: What moved since, in words.
    """

    name: str
    now: Row
    before: Row | None
    values: tuple[tuple[str, int], ...]
    moved: tuple[str, ...]

    @property
    def is_numeric(self) -> bool:
        """Whether nearly all its values are numbers."""
        filled = self.now["row_count"] - self.now["null_count"]
        return bool(filled and self.now["number_count"] >= NUMERIC_SHARE * filled)


@dataclass(frozen=True)
class DeliveryProfile:
    """The newest delivery of a source: the delivery, the one before, and the profiles of its columns."""

    delivery: Row
    before: Row | None
    columns: tuple[ColumnProfile, ...]


def profile_of(
    connection: duckdb.DuckDBPyConnection, source_key: str, columns: tuple[str, ...], column: str | None = None
) -> DeliveryProfile:
    """Return the profiles of a source's newest delivery.

    Args:
        connection: What is read: production or another environment.
        source_key: The source.
        columns: The columns of its contract, in their order.
        column: Only this one.

    Raises:
        UsageError: Nothing of the source has been profiled, or it has no such column.
    """
    deliveries = rows(connection, DELIVERIES, source_key)
    if not deliveries:
        raise UsageError(f"no delivery of {source_key} has been profiled", "", "Run: make refresh")
    if column is not None and column not in columns:
        raise UsageError(f"{source_key} has no column {column}", "", f"It has {listed(columns)}.")
    newest, before = deliveries[0], deliveries[1] if len(deliveries) > 1 else None
    wanted = (column,) if column else columns
    now = _by_column(connection, newest["file_id"])
    past = _by_column(connection, before["file_id"]) if before else {}
    values = _values(connection, newest["file_id"])
    past_values = _values(connection, before["file_id"]) if before else {}
    found = []
    for name in wanted:
        if name not in now:
            continue
        frequent = values.get(name, [])
        moved = moves(now[name], past[name], frequent, past_values.get(name, [])) if name in past else ()
        top = tuple((row["value"], row["row_count"]) for row in frequent)
        found.append(ColumnProfile(name, now[name], past.get(name), top, moved))
    return DeliveryProfile(newest, before, tuple(found))


def _by_column(connection: duckdb.DuckDBPyConnection, file_id: str) -> dict[str, Row]:
    query = "SELECT * FROM quality.column_profile WHERE file_id = ?"
    return {row["column_name"]: row for row in rows(connection, query, file_id)}


def _values(connection: duckdb.DuckDBPyConnection, file_id: str) -> dict[str, list[Row]]:
    query = "SELECT * FROM quality.column_value WHERE file_id = ? ORDER BY column_name, place"
    found: dict[str, list[Row]] = {}
    for row in rows(connection, query, file_id):
        found.setdefault(row["column_name"], []).append(row)
    return found


def moves(now: dict[str, Any], before: dict[str, Any], values: list[Any], values_before: list[Any]) -> tuple[str, ...]:
    """Return what moved in a column from one delivery to the next, in words.

    Args:
        now: Row of quality.column_profile.
        before: That of the delivery before.
        values: Rows of quality.column_value of the column.
        values_before: Those of the delivery before.
    """
    said = []
    missing, was_missing = (row["null_count"] / max(row["row_count"], 1) for row in (now, before))
    if abs(missing - was_missing) >= MOVED_POINTS:
        said.append(f"missing in {missing:.0%} of rows, before {was_missing:.0%}")
    median, was_median = now["quantile_50"], before["quantile_50"]
    if median is not None and was_median and abs(median / was_median - 1) >= MOVED_RATIO:
        said.append(f"median {median:,.4g}, before {was_median:,.4g}")
    length, was_length = now["length_mean"], before["length_mean"]
    if length and was_length and abs(length / was_length - 1) >= MOVED_RATIO:
        said.append(f"{length:,.1f} letters on average, before {was_length:,.1f}")
    # Only a column of which all values are kept tells which are new and which are gone.
    if values and values_before and values[0]["is_complete"] and values_before[0]["is_complete"]:
        share = {row["value"]: row["row_count"] / max(now["row_count"], 1) for row in values}
        was_share = {row["value"]: row["row_count"] / max(before["row_count"], 1) for row in values_before}
        said += _named("new", {value: part for value, part in share.items() if value not in was_share})
        said += _named("gone", {value: part for value, part in was_share.items() if value not in share})
    return tuple(said)


def _named(word: str, shares: dict[str, float]) -> list[str]:
    large = sorted((value for value, share in shares.items() if share >= MOVED_VALUES), key=lambda v: -shares[v])
    if not large:
        return []
    named = listed([shorten(value, 30) for value in large[:MOST_VALUES]])
    more = f" and {counted(len(large) - MOST_VALUES, 'more value')}" if len(large) > MOST_VALUES else ""
    return [f"{word}: {named}{more}"]
