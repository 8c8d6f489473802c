"""Why a phone identifies nobody."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.plain_text import with_plain_signs

# Numbers that people type to get past a form: one digit repeated, runs, and 555-01xx, which the numbering plan keeps
# for fiction.
PLACEHOLDER = (
    r"^(?:[0-9]{3}55501[0-9]{2}|0123456789|1234567[0-9]{3}|9876543210|[0-9]{3}1234567"
    r"|[0-9]{3}(?:0{7}|1{7}|2{7}|3{7}|4{7}|5{7}|6{7}|7{7}|8{7}|9{7}))$"
)


@macro()
def phone_reason(
    evaluator: MacroEvaluator, raw: exp.Expression, e164: exp.Expression, parsed_reason: exp.Expression
) -> str:
    """Return why a delivered phone identifies nobody; NULL where it is blank or good.

    A number of country code 1 is judged by its ten national digits, so that an extension hides no placeholder; an
    invalid number by the last ten digits delivered. Single numbers stand in seeds/placeholder_phone.csv.

    Args:
        raw: The phone as delivered.
        e164: The phone in E.164, NULL where it is not valid.
        parsed_reason: The reason of staging.stg_phone for a phone that is not in the plain shape.
    """
    text, number = raw.sql(dialect="duckdb"), e164.sql(dialect="duckdb")
    digits = (
        f"CASE WHEN {number} IS NULL THEN RIGHT(REGEXP_REPLACE({text}, '[^0-9]', '', 'g'), 10) "
        f"WHEN {number} LIKE '+1%' THEN SUBSTRING({number}, 3) END"
    )
    return (
        f"CASE WHEN {text} IS NULL OR {with_plain_signs(text)} = '' THEN NULL "
        f"WHEN REGEXP_MATCHES({digits}, '{PLACEHOLDER}') "
        f"OR CONCAT('tel:', {number}) IN (SELECT phone_uri FROM seeds.placeholder_phone) THEN 'placeholder' "
        f"WHEN {number} IS NULL THEN COALESCE({parsed_reason.sql(dialect='duckdb')}, 'not a valid number') END"
    )
