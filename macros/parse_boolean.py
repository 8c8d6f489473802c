"""Flags in the spellings that the sources use."""

from __future__ import annotations

from sqlmesh import macro


@macro()
def parse_boolean(evaluator, raw):  # type: ignore[no-untyped-def]
    """Give TRUE for TRUE, Y, YES or 1, FALSE for their opposites, otherwise NULL."""
    text = f"UPPER(TRIM({raw.sql(dialect='duckdb')}))"
    return (
        f"CASE WHEN {text} IN ('TRUE', 'Y', 'YES', '1') THEN TRUE WHEN {text} IN ('FALSE', 'N', 'NO', '0') THEN FALSE END"
    )
