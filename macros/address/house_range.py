"""The numbers that a house number stands for."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# No block is longer: 79-15 is a number of Queens and no range.
LONGEST_RANGE = 100


@macro()
def house_range(evaluator: MacroEvaluator, house_number: exp.Expression) -> list[str]:
    """Return house_low and house_high, the first and the last number of a house number; NULL where there is none.

    4753-59 is 4753 to 4759, 358-370 is 358 to 370, 55B is 55 alone. What cannot be a range is one number with a hyphen
    in it: 79-15 is 7915.
    """
    text = house_number.sql(dialect="duckdb")
    low = f"NULLIF(REGEXP_EXTRACT({text}, '^([0-9]{{1,9}})', 1), '')"
    behind = f"NULLIF(REGEXP_EXTRACT({text}, '^[0-9]{{1,9}}-([0-9]{{1,9}})', 1), '')"
    # The last number leaves out the digits that it shares with the first.
    high = f"SUBSTRING({low}, 1, GREATEST(LENGTH({low}) - LENGTH({behind}), 0)) || {behind}"
    span = f"CAST({high} AS BIGINT) - CAST({low} AS BIGINT)"
    joined = f"CAST({low} || {behind} AS BIGINT)"
    return [
        f"CASE WHEN {behind} IS NULL OR {span} BETWEEN 1 AND {LONGEST_RANGE} THEN CAST({low} AS BIGINT) "
        f"ELSE {joined} END AS house_low",
        f"CASE WHEN {behind} IS NULL THEN CAST({low} AS BIGINT) "
        f"WHEN {span} BETWEEN 1 AND {LONGEST_RANGE} THEN CAST({high} AS BIGINT) ELSE {joined} END AS house_high",
    ]
