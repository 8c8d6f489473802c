"""Counts such as capacities."""

from __future__ import annotations

from sqlmesh import macro


@macro()
def parse_integer(evaluator, raw):  # type: ignore[no-untyped-def]
    """Give the whole number in a text, thousands separators and a zero fraction allowed; NULL where it is none."""
    text = f"REGEXP_REPLACE(REPLACE(TRIM({raw.sql(dialect='duckdb')}), ',', ''), '\\.0+$', '', 'g')"
    return f"CASE WHEN REGEXP_MATCHES({text}, '^[0-9]{{1,6}}$') THEN TRY_CAST({text} AS INT) END"
