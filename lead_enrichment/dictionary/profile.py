"""What a model holds now: rows, and of each column the missing and the distinct values, from the published copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from lead_enrichment.dictionary.entries import ModelEntry
from lead_enrichment.warehouse.reading import Row, one_row, rows

# Of a longer table so many rows are looked at, spread over the table.
SAMPLE_ROWS = 100_000
EXAMPLE_ROWS = 5
# Newest delivery of a source, as it was profiled when it came.
DELIVERED = """
    SELECT column_name, row_count, null_count, distinct_count, least, greatest
    FROM quality.column_profile
    WHERE source_key = ?
    QUALIFY received_at = MAX(received_at) OVER ()
"""


@dataclass(frozen=True)
class ColumnFacts:
    """What a column holds.

    Args:
        filled: Share of the rows with a value; None where there is no row.
        distinct: Distinct values, about where there are many.
        least: The first value, as text.
        greatest: The last one.
    """

    filled: float | None
    distinct: int
    least: str | None
    greatest: str | None


@dataclass(frozen=True)
class ModelFacts:
    """What a model holds.

    Args:
        rows: Its rows.
        is_sample: Whether the columns were looked at in some of the rows.
        columns: What each column holds; a column that the copy lacks is missing.
    """

    rows: int
    is_sample: bool
    columns: dict[str, ColumnFacts]


@dataclass(frozen=True)
class ExampleAnswer:
    """The rows that an example query gives: the headings, and the first rows."""

    headings: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def model_facts(connection: duckdb.DuckDBPyConnection, model: ModelEntry) -> ModelFacts | None:
    """Return what a model holds.

    Args:
        connection: The published copy.
        model: The model. Of a bronze table, the newest delivery is told, as it was profiled when it came.

    Returns:
        None where the copy does not hold the model, as after an update of the project.
    """
    if model.layer == "bronze" and (delivered := _delivered_facts(connection, model)):
        return delivered
    table = f'"{model.layer}"."{model.short_name}"'
    try:
        present = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
        (count,) = one_row(connection, f"SELECT COUNT(*) FROM {table}")
    except (duckdb.CatalogException, duckdb.IOException, duckdb.PermissionException):
        return None
    wanted = [column.name for column in model.columns if column.name in present]
    is_sample = count > SAMPLE_ROWS
    share = f" USING SAMPLE {100 * SAMPLE_ROWS / count:.4f}% (system, 1)" if is_sample else ""
    return ModelFacts(count, is_sample, _column_facts(connection, f"FROM {table}{share}", wanted, present))


def _column_facts(
    connection: duckdb.DuckDBPyConnection, source: str, wanted: Sequence[str], types: dict[str, str]
) -> dict[str, ColumnFacts]:
    asked = ["COUNT(*)"]
    for name in wanted:
        text = f'"{name}"::TEXT' if types[name].endswith("[]") else f'"{name}"'
        asked += [
            f'COUNT("{name}")', f"APPROX_COUNT_DISTINCT({text})", f"SUBSTRING(MIN({text})::TEXT, 1, 80)",
            f"SUBSTRING(MAX({text})::TEXT, 1, 80)",
        ]  # fmt: skip
    looked_at, *found = one_row(connection, f"SELECT {', '.join(asked)} {source}")
    return {
        name: ColumnFacts(
            found[4 * place] / looked_at if looked_at else None,
            min(found[4 * place + 1], found[4 * place]),
            *found[4 * place + 2 : 4 * place + 4],
        )
        for place, name in enumerate(wanted)
    }


def _delivered_facts(connection: duckdb.DuckDBPyConnection, model: ModelEntry) -> ModelFacts | None:
    try:
        found = rows(connection, DELIVERED, model.short_name)
    except duckdb.CatalogException:
        return None
    if not found:
        return None
    return ModelFacts(found[0]["row_count"], False, {row["column_name"]: _of_delivery(row) for row in found})


def _of_delivery(row: Row) -> ColumnFacts:
    filled = 1 - row["null_count"] / row["row_count"] if row["row_count"] else None
    return ColumnFacts(filled, row["distinct_count"], row["least"], row["greatest"])


def row_counts(connection: duckdb.DuckDBPyConnection, models: Sequence[ModelEntry]) -> dict[str, int]:
    """Return the rows of each model that the published copy holds."""
    found = {}
    for model in models:
        try:
            (found[model.name],) = one_row(connection, f'SELECT COUNT(*) FROM "{model.layer}"."{model.short_name}"')
        except (duckdb.CatalogException, duckdb.IOException, duckdb.PermissionException):
            # Not built yet, or delivered rows that lie elsewhere.
            continue
    return found


def example_answer(connection: duckdb.DuckDBPyConnection, model: ModelEntry) -> ExampleAnswer | None:
    """Return what a model's example query gives, or where it has none its first rows by its key.

    Returns:
        None where the copy does not hold the model.
    """
    table = f'"{model.layer}"."{model.short_name}"'
    query = model.example or f"SELECT * FROM {table}"
    try:
        answer = connection.execute(f"SELECT * FROM ({query}) LIMIT {EXAMPLE_ROWS}")
    except (duckdb.CatalogException, duckdb.BinderException, duckdb.IOException, duckdb.PermissionException):
        # Not built yet, or delivered rows, which lie in files beside the copy.
        return None
    headings = tuple(item[0] for item in answer.description or ())
    return ExampleAnswer(headings, tuple(answer.fetchall()))
